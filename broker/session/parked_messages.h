// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <utility>

#include "broker/api/message.h"

namespace sluice::session {

/// What clients publish while the sessions of an earlier server are still being restored: routed at once it would miss
/// those that are not there yet. Bounded: a message that has no room is refused.
/// Owner: the shard's context. Thread: the shard.
class ParkedMessages {
 public:
  static constexpr std::size_t kMostBytes = 32UL * 1024 * 1024;

  void begin() { active_ = true; }
  [[nodiscard]] bool active() const { return active_; }
  /// False: there is no room.
  bool add(MessagePtr message) {
    if (bytes_ + message->footprint() > kMostBytes) return false;
    bytes_ += message->footprint();
    messages_.push_back(std::move(message));
    return true;
  }
  /// The next one, in the order of their coming; null at the end, from where on nothing is parked any more.
  MessagePtr take() {
    if (messages_.empty()) {
      active_ = false;
      return nullptr;
    }
    MessagePtr message = std::move(messages_.front());
    messages_.pop_front();
    bytes_ -= message->footprint();
    return message;
  }

 private:
  std::deque<MessagePtr> messages_;
  std::size_t bytes_ = 0;
  bool active_ = false;
};

}  // namespace sluice::session
