// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "broker/mqtt/codec/packet.h"

namespace sluice::mqtt {

/// Acknowledgements that may not leave before what they acknowledge is safe, in the order in which they have to
/// leave [MQTT-4.6.0-2] [MQTT-4.6.0-3]. Deliveries and PINGRESP pass by.
/// Owner: a machine, while something waits. Bounded by what push() refuses.
class AckGate {
 public:
  struct Waiting {
    CommitTicket ticket = 0;
    PacketType type = PacketType::Puback;
    PacketId id = 0;
    Reason reason = Reason::Success;
    std::vector<Reason> reasons{};  ///< of SUBACK and UNSUBACK
  };
  /// As many as there are packet ids: who has more on the way uses one twice.
  static constexpr std::size_t kMost = 65'535;

  [[nodiscard]] bool empty() const { return waiting_.empty(); }
  /// False: too many wait.
  [[nodiscard]] bool push(Waiting ack) {
    if (waiting_.size() >= kMost) return false;
    waiting_.push_back(std::move(ack));
    return true;
  }
  /// Everything up to `ticket` is safe: calls send(const Waiting&) for what may leave now.
  template <class F>
  void open(CommitTicket ticket, F&& send) {
    while (!waiting_.empty() && waiting_.front().ticket <= ticket) {
      const Waiting ack = std::move(waiting_.front());
      waiting_.pop_front();
      send(ack);
    }
  }

 private:
  std::deque<Waiting> waiting_;
};

}  // namespace sluice::mqtt
