// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_flow.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "broker/session/session_probe.h"

namespace sluice::session {

std::string_view drop_reason_name(DropReason reason) {
  switch (reason) {
    case DropReason::QueueFull:
      return "queue_full";
    case DropReason::Expired:
      return "expired";
    case DropReason::SlowReader:
      return "slow_reader";
    case DropReason::TooLarge:
      return "too_large";
    case DropReason::Offline:
      return "offline";
  }
  return "unknown";
}

void OutboundFlow::attach(DeliverySink& sink, std::size_t maximum) {
  sink_ = &sink;
  maximum_ = std::max<std::size_t>(1, maximum);
  busy_ = false;
  window_.mark_all_for_resend();
}

void OutboundFlow::detach() {
  sink_ = nullptr;
  busy_ = false;
}

void OutboundFlow::resume(TimePoint now, UnixMillis wall_now) { pump(now, wall_now); }

void OutboundFlow::deliver(QueuedMessage queued, TimePoint now, UnixMillis wall_now) {
  if (queued.message->expired(wall_now)) {
    events_.on_dropped(*queued.message, DropReason::Expired);
    return;
  }
  if (sink_ == nullptr || busy_ || !queue_.empty() || !window_.has_room(maximum_)) {
    enqueue(std::move(queued));
    return;
  }
  send(std::move(queued), now);
}

void OutboundFlow::enqueue(QueuedMessage queued) {
  ++enqueued_;
  if (auto victim = queue_.push(std::move(queued), settings_.queue)) {
    events_.on_dropped(*victim->message, DropReason::QueueFull);
  }
  check_watermarks();
}

bool OutboundFlow::send(QueuedMessage queued, TimePoint now) {
  if (queued.qos == Qos::AtMostOnce) {
    const DeliveryResult result = sink_->deliver(queued.delivery(0, false));
    if (result == DeliveryResult::Busy) {
      busy_ = true;
      queue_.put_back(std::move(queued), settings_.queue);
      return false;
    }
    if (result == DeliveryResult::Dropped) {
      events_.on_dropped(*queued.message, DropReason::TooLarge);
    } else {
      events_.on_sent(queued);
    }
    return true;
  }
  const PacketId id = window_.push(std::move(queued), now);
  const QueuedMessage& entered = window_.find(id)->queued;
  switch (sink_->deliver(entered.delivery(id, false))) {
    case DeliveryResult::Accepted:
      events_.on_sent(entered);
      return true;
    case DeliveryResult::Dropped:
      // As if it had been sent and acknowledged [MQTT-3.1.2-25].
      events_.on_dropped(*entered.message, DropReason::TooLarge);
      window_.complete(id);
      return true;
    case DeliveryResult::Busy:
      break;
  }
  busy_ = true;
  queue_.put_back(window_.undo_push(), settings_.queue);
  return false;
}

void OutboundFlow::pump(TimePoint now, UnixMillis wall_now) {
  if (sink_ == nullptr || busy_) return;
  while (resend_one(now)) {
  }
  while (!busy_ && !queue_.empty() && window_.has_room(maximum_)) {
    QueuedMessage next = queue_.pop();
    if (next.message->expired(wall_now)) {
      events_.on_dropped(*next.message, DropReason::Expired);
      continue;
    }
    if (!send(std::move(next), now)) break;
  }
  check_watermarks();
}

bool OutboundFlow::resend_one(TimePoint now) {
  if (busy_) return false;
  PacketId id = 0;
  InflightWindow::Entry* const entry = window_.next_resend(maximum_, id, now);
  if (entry == nullptr) return false;
  redeliver(id, *entry);
  return true;
}

void OutboundFlow::redeliver(PacketId id, InflightWindow::Entry& entry) {
  probe().retransmitted.add();
  if (entry.stage == InflightWindow::Stage::AwaitPubComp) {
    sink_->deliver_release(id);
    return;
  }
  switch (sink_->deliver(entry.queued.delivery(id, true))) {
    case DeliveryResult::Accepted:
      return;
    case DeliveryResult::Dropped:
      events_.on_dropped(*entry.queued.message, DropReason::TooLarge);
      window_.complete(id);
      return;
    case DeliveryResult::Busy:
      busy_ = true;
      window_.postpone(id);
      return;
  }
}

Reason OutboundFlow::acknowledge(Ack ack, PacketId packet_id, Reason reason, TimePoint now, UnixMillis wall_now) {
  using Stage = InflightWindow::Stage;
  InflightWindow::Entry* const entry = window_.find(packet_id);
  if (entry == nullptr) return Reason::PacketIdentifierNotFound;
  switch (ack) {
    case Ack::PubAck:
      if (entry->stage != Stage::AwaitPubAck) return Reason::PacketIdentifierNotFound;
      break;
    case Ack::PubRec:
      if (entry->stage == Stage::AwaitPubAck) return Reason::PacketIdentifierNotFound;
      if (is_error(reason)) break;  // the client will not have it: over [MQTT-4.3.3-4]
      if (entry->stage == Stage::AwaitPubRec) {
        events_.on_acked(*entry->queued.message);
        entry->queued = {};
        entry->stage = Stage::AwaitPubComp;
      }
      entry->sent_at = now;
      sink_->deliver_release(packet_id);
      return Reason::Success;
    case Ack::PubComp:
      if (entry->stage != Stage::AwaitPubComp) return Reason::PacketIdentifierNotFound;
      break;
  }
  if (entry->queued.message) events_.on_acked(*entry->queued.message);
  window_.complete(packet_id);
  pump(now, wall_now);
  return Reason::Success;
}

void OutboundFlow::writable(TimePoint now, UnixMillis wall_now) {
  busy_ = false;
  pump(now, wall_now);
}

void OutboundFlow::retry(TimePoint before, TimePoint now) {
  if (sink_ == nullptr || busy_) return;
  std::vector<PacketId> late;
  window_.for_each([&](PacketId id, InflightWindow::Entry& entry) {
    if (!entry.resend && entry.sent_at <= before) late.push_back(id);
  });
  for (const PacketId id : late) {
    if (busy_) return;
    InflightWindow::Entry& entry = *window_.find(id);
    entry.sent_at = now;
    redeliver(id, entry);
  }
}

void OutboundFlow::for_each_shared(const std::function<void(QueuedMessage&)>& f) {
  window_.for_each([&](PacketId, InflightWindow::Entry& entry) {
    // A QoS 2 message that was sent belongs to this client, delivered or not [MQTT-4.8.2-5].
    if (entry.queued.group && entry.queued.qos == Qos::AtLeastOnce) f(entry.queued);
  });
  while (!queue_.empty()) {
    QueuedMessage queued = queue_.pop();
    if (queued.group) f(queued);
  }
  if (above_high_) {
    above_high_ = false;
    events_.on_watermark(false);
  }
}

void OutboundFlow::check_watermarks() {
  const auto length = static_cast<double>(queue_.size());
  const auto maximum = static_cast<double>(settings_.queue.max_length);
  if (!above_high_ && length > maximum * settings_.queue.high_watermark) {
    above_high_ = true;
    events_.on_watermark(true);
  } else if (above_high_ && length <= maximum * settings_.queue.low_watermark) {
    above_high_ = false;
    events_.on_watermark(false);
  }
}

}  // namespace sluice::session
