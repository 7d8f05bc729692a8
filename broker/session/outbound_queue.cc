// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_queue.h"

#include <algorithm>
#include <utility>

namespace sluice::session {
namespace {

std::int32_t priority_of(const QueuedMessage& queued, const QueueSettings& settings) {
  if (!settings.by_priority || !queued.message) return 0;
  const auto found = settings.priorities.find(queued.message->topic());
  return found == settings.priorities.end() ? 0 : found->second;
}

}  // namespace

OutboundQueue::Lane& OutboundQueue::lane_of(std::int32_t priority) {
  auto at = std::find_if(lanes_.begin(), lanes_.end(), [&](const Lane& lane) { return lane.priority <= priority; });
  if (at == lanes_.end() || at->priority != priority) {
    at = lanes_.emplace(at);
    at->priority = priority;
  }
  return *at;
}

std::optional<QueuedMessage> OutboundQueue::push(QueuedMessage queued, const QueueSettings& settings,
                                                 void (*then)(QueuedMessage&)) {
  const std::int32_t priority = priority_of(queued, settings);
  std::optional<QueuedMessage> victim;
  if (size_ >= settings.max_length && settings.keeps_promises) {
    if (qos0_ > 0) {
      victim = take_victim();
    } else if (!queued.reserved) {
      return queued;
    }
  } else if (size_ >= settings.max_length) {
    const bool nothing_below = std::none_of(lanes_.begin(), lanes_.end(), [&](const Lane& lane) {
      return lane.priority <= priority && !lane.messages.empty();
    });
    if (size_ == 0 || (nothing_below && qos0_ == 0)) return queued;
    victim = take_victim();
  }
  append_to(priority, std::move(queued), then);
  return victim;
}

void OutboundQueue::append(QueuedMessage queued, const QueueSettings& settings, void (*then)(QueuedMessage&)) {
  const std::int32_t priority = priority_of(queued, settings);
  append_to(priority, std::move(queued), then);
}

void OutboundQueue::append_to(std::int32_t priority, QueuedMessage queued, void (*then)(QueuedMessage&)) {
  if (queued.qos == Qos::AtMostOnce) ++qos0_;
  if (then != nullptr) then(queued);
  lane_of(priority).messages.push_back(std::move(queued));
  ++size_;
}

void OutboundQueue::put_back(QueuedMessage queued, const QueueSettings& settings) {
  if (queued.qos == Qos::AtMostOnce) ++qos0_;
  lane_of(priority_of(queued, settings)).messages.push_front(std::move(queued));
  ++size_;
}

const QueuedMessage& OutboundQueue::next() const {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return !l.messages.empty(); });
  return lane->messages[0];
}

QueuedMessage OutboundQueue::pop() {
  const auto lane = std::find_if(lanes_.begin(), lanes_.end(), [](const Lane& l) { return !l.messages.empty(); });
  QueuedMessage queued = lane->messages.pop_front();
  if (queued.qos == Qos::AtMostOnce) --qos0_;
  --size_;
  return queued;
}

QueuedMessage OutboundQueue::take_victim() {
  --size_;
  if (qos0_ > 0) {
    for (auto lane = lanes_.rbegin(); lane != lanes_.rend(); ++lane) {
      for (std::size_t i = 0; i < lane->messages.size(); ++i) {
        if (lane->messages[i].qos != Qos::AtMostOnce) continue;
        QueuedMessage victim = std::move(lane->messages[i]);
        lane->messages.erase(i);
        --qos0_;
        return victim;
      }
    }
  }
  const auto lowest = std::find_if(lanes_.rbegin(), lanes_.rend(), [](const Lane& l) { return !l.messages.empty(); });
  return lowest->messages.pop_front();
}

}  // namespace sluice::session
