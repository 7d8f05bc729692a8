// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>
#include <vector>

#include "shared/base/shard.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/stream/exchange_queue.h"
#include "shared/coap/stream/stream_output.h"
#include "shared/coap/stream/stream_settings.h"

namespace sluice::coap {

/// What a connection needs while it is not idle.
struct StreamTraffic {
  struct Probe {
    Token token;
    Reminder reminder;
    TimePoint deadline{};
  };

  StreamOutput output;
  ExchangeQueue exchanges;
  std::vector<Probe> probes;  ///< Pings that somebody wants to know of
  bool room_wanted = false;   ///< somebody was told that too much waits

  [[nodiscard]] bool idle() const { return output.empty() && exchanges.empty() && probes.empty() && !room_wanted; }
};

/// What the connections of one carrier share. Owner: the carrier. Thread: its shard.
class StreamHome {
 public:
  StreamHome(Shard& own, const StreamSettings& wanted, CarrierEvents& above)
      : shard(own), settings(wanted), events(above) {}
  StreamHome(const StreamHome&) = delete;
  StreamHome& operator=(const StreamHome&) = delete;

  /// The connection has ended, and is destroyed within the call.
  virtual void ended(PeerId peer) = 0;
  /// Calls the connection's go_on() in the next turn, if there is one then.
  virtual void continue_later(PeerId peer) = 0;

  std::unique_ptr<StreamTraffic> take_traffic() {
    if (free_.empty()) return std::make_unique<StreamTraffic>();
    std::unique_ptr<StreamTraffic> traffic = std::move(free_.back());
    free_.pop_back();
    return traffic;
  }
  /// Requires: it is idle.
  void give_back(std::unique_ptr<StreamTraffic> traffic) {
    if (free_.size() >= kKept || traffic->output.capacity() > kLargestKept) return;
    traffic->output.clear();
    free_.push_back(std::move(traffic));
  }

  Shard& shard;
  const StreamSettings settings;
  CarrierEvents& events;
  std::size_t unfinished = 0;  ///< bytes of messages whose end has not come

 protected:
  ~StreamHome() = default;

 private:
  static constexpr std::size_t kKept = 256;
  static constexpr std::size_t kLargestKept = 128 * 1024;
  std::vector<std::unique_ptr<StreamTraffic>> free_;
};

}  // namespace sluice::coap
