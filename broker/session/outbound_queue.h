// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "broker/session/queued_message.h"
#include "shared/base/ring_buffer.h"

namespace sluice::session {

/// `mqtt.mqueue.*`: how the queue of a session behaves.
struct QueueSettings {
  std::size_t max_length = 1000;
  bool store_qos0 = true;
  bool by_priority = false;
  /// mqtt.session.overflow = refuse: what is in the queue was promised to its publisher, so that only QoS 0 gives way.
  /// Set by SessionContext::apply().
  bool keeps_promises = false;
  std::map<std::string, std::int32_t, std::less<>> priorities;  ///< topic → priority; others have 0
  double low_watermark = 0.2;
  double high_watermark = 0.6;
};

/// Messages that wait for their session: the client is away, or its inflight window is full.
/// First in, first out; with `mqtt.mqueue.type = priority` the higher priority first.
/// Owner and thread: its session.
class OutboundQueue {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }

  /// Messages of QoS 1 and 2.
  [[nodiscard]] std::size_t above_qos0() const { return size_ - qos0_; }

  /// Returns what had to give way: the oldest QoS 0 message, else the oldest of the lowest priority; or the new
  /// message itself if everything here has a higher priority. Where promises are kept only QoS 0 gives way, or else
  /// the new message if it was promised no place. `then` is done to the message once its place in the order is known.
  std::optional<QueuedMessage> push(QueuedMessage queued, const QueueSettings& settings,
                                    void (*then)(QueuedMessage&) = nullptr);
  /// As push(), whatever the limit is: nothing gives way.
  void append(QueuedMessage queued, const QueueSettings& settings, void (*then)(QueuedMessage&) = nullptr);
  /// Puts back what pop() returned.
  void put_back(QueuedMessage queued, const QueueSettings& settings);
  /// The one that leaves next. Requires: not empty.
  [[nodiscard]] const QueuedMessage& next() const;
  /// Requires: not empty.
  QueuedMessage pop();

  /// Visits all, next to leave first, while f(QueuedMessage&) returns true.
  template <class F>
  void visit(F&& f) {
    for (Lane& lane : lanes_) {
      for (std::size_t i = 0; i < lane.messages.size(); ++i) {
        if (!f(lane.messages[i])) return;
      }
    }
  }

 private:
  struct Lane {
    std::int32_t priority = 0;
    RingBuffer<QueuedMessage> messages;
  };

  Lane& lane_of(std::int32_t priority);
  void append_to(std::int32_t priority, QueuedMessage queued, void (*then)(QueuedMessage&));
  QueuedMessage take_victim();

  std::vector<Lane> lanes_;  ///< highest priority first; nearly always none or one
  std::size_t size_ = 0;
  std::size_t qos0_ = 0;
};

}  // namespace sluice::session
