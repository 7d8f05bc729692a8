// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_flow.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "broker/session/session_probe.h"

namespace sluice::session {
namespace {

/// Of what the store has, memory need not keep the body. A shared subscription's may go to another member at any time.
void cool(QueuedMessage& queued) {
  if (queued.stored && !queued.group) queued.message.reset();
}

bool is_cold(const QueuedMessage& queued) { return !queued.message; }

}  // namespace

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
    case DropReason::StorageFull:
      return "storage_full";
    case DropReason::Unreadable:
      return "unreadable";
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
  if (awaiting_restore_) return;
  window_.for_each([](PacketId, InflightWindow::Entry& entry) { cool(entry.queued); });
  queue_.visit([](QueuedMessage& queued) {
    cool(queued);
    return true;
  });
}

void OutboundFlow::resume(TimePoint now, UnixMillis wall_now) { pump(now, wall_now); }

void OutboundFlow::announced(TimePoint now, UnixMillis wall_now) {
  unannounced_ = false;
  pump(now, wall_now);
}

void OutboundFlow::deliver(QueuedMessage&& queued, TimePoint now, UnixMillis wall_now) {
  if (queued.message->expired(wall_now)) {
    give_up(queued, DropReason::Expired);
    return;
  }
  if (stopped() || !queue_.empty() || !window_.has_room(maximum_, queued.place)) {
    enqueue(std::move(queued));
    return;
  }
  send(std::move(queued), now);
}

void OutboundFlow::enqueue(QueuedMessage&& queued) {
  ++enqueued_;
  const bool cold = !awaiting_restore_ && (sink_ == nullptr || queue_.size() >= kWarm);
  push(std::move(queued), cold);
  check_watermarks();
}

void OutboundFlow::push(QueuedMessage&& queued, bool cold) {
  const bool may_begin = !overflowing_ && queue_.size() >= settings_.queue.max_length;
  const MessagePtr came = may_begin ? queued.message : MessagePtr();
  const std::optional<QueuedMessage> victim = queue_.push(std::move(queued), settings_.queue, cold ? &cool : nullptr);
  if (!victim) return;
  give_up(*victim, DropReason::QueueFull);
  begin_overflow(came ? came->topic() : std::string_view());
}

void OutboundFlow::give_up(const QueuedMessage& queued, DropReason why) {
  events_.on_dropped(queued, why);
  events_.on_settled(queued);
}

void OutboundFlow::complete(InflightWindow::Entry& entry) {
  events_.on_settled(entry.queued);
  window_.complete(entry);
}

bool OutboundFlow::send(QueuedMessage&& queued, TimePoint now) {
  if (queued.qos == Qos::AtMostOnce) {
    const DeliveryResult result = sink_->deliver(queued.delivery(0, false));
    if (result == DeliveryResult::Busy) {
      busy_ = true;
      queue_.put_back(std::move(queued), settings_.queue);
      return false;
    }
    if (result == DeliveryResult::Dropped) {
      give_up(queued, DropReason::TooLarge);
    } else {
      events_.on_sent(queued);
    }
    return true;
  }
  const Place place = queued.place == 0 ? window_.next() : queued.place;
  const PacketId id = window_.push(std::move(queued), now);
  InflightWindow::Entry& entry = *window_.at_place(place);
  const QueuedMessage& entered = entry.queued;
  switch (sink_->deliver(entered.delivery(id, false))) {
    case DeliveryResult::Accepted:
      events_.on_sent(entered);
      return true;
    case DeliveryResult::Dropped:
      // As if it had been sent and acknowledged [MQTT-3.1.2-25].
      events_.on_dropped(entered, DropReason::TooLarge);
      complete(entry);
      return true;
    case DeliveryResult::Busy:
      break;
  }
  busy_ = true;
  queue_.put_back(window_.undo_push(id), settings_.queue);
  return false;
}

void OutboundFlow::pump(TimePoint now, UnixMillis wall_now) {
  if (stopped()) {
    if (unannounced_) prefetch();
    return;
  }
  while (resend_one(now)) {
  }
  while (!busy_ && !queue_.empty() && window_.has_room(maximum_, queue_.next().place)) {
    if (is_cold(queue_.next())) {
      request_page();
      break;
    }
    QueuedMessage next = queue_.pop();
    if (next.message->expired(wall_now)) {
      give_up(next, DropReason::Expired);
      continue;
    }
    if (!send(std::move(next), now)) break;
  }
  check_watermarks();
}

bool OutboundFlow::resend_one(TimePoint now) {
  if (busy_) return false;
  PacketId id = 0;
  InflightWindow::Entry* const entry = window_.next_resend(maximum_, id);
  if (entry == nullptr) return false;
  if (entry->stage != InflightWindow::Stage::AwaitPubComp && is_cold(entry->queued)) {
    request_page();
    return false;
  }
  redeliver(id, *entry, now);
  return true;
}

void OutboundFlow::redeliver(PacketId id, InflightWindow::Entry& entry, TimePoint now) {
  if (entry.stage == InflightWindow::Stage::AwaitPubComp) {
    if (entry.resend) window_.resent(entry, now);
    probe().retransmitted.add();
    release(id, entry);
    return;
  }
  const DeliveryResult result = sink_->deliver(entry.queued.delivery(id, true));
  if (result == DeliveryResult::Busy) {
    busy_ = true;
    return;
  }
  if (entry.resend) window_.resent(entry, now);
  probe().retransmitted.add();
  if (result == DeliveryResult::Accepted) return;
  events_.on_dropped(entry.queued, DropReason::TooLarge);
  complete(entry);
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
        events_.on_acked(entry->queued);
        events_.on_received(entry->queued);
        entry->queued.message.reset();
        entry->queued.shared_record = 0;
        entry->stage = Stage::AwaitPubComp;
      }
      entry->sent_at = now;
      release(packet_id, *entry);
      return Reason::Success;
    case Ack::PubComp:
      if (entry->stage != Stage::AwaitPubComp) return Reason::PacketIdentifierNotFound;
      break;
  }
  if (entry->stage != Stage::AwaitPubComp) events_.on_acked(entry->queued);
  complete(*entry);
  pump(now, wall_now);
  return Reason::Success;
}

void OutboundFlow::release(PacketId id, InflightWindow::Entry& entry) {
  // A client may send its PUBREC as often as it likes.
  if (!entry.releasing) entry.releasing = events_.release_to_client(id);
}

bool OutboundFlow::take_release(PacketId id) {
  InflightWindow::Entry* const entry = window_.find(id);
  return entry != nullptr && entry->stage == InflightWindow::Stage::AwaitPubComp &&
         std::exchange(entry->releasing, false);
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
    redeliver(id, entry, now);
  }
}

void OutboundFlow::prefetch() {
  if (sink_ == nullptr || awaiting_restore_) return;
  PacketId id = 0;
  const InflightWindow::Entry* const first = window_.next_resend(maximum_, id);
  const bool wanted = first != nullptr ? first->stage != InflightWindow::Stage::AwaitPubComp && is_cold(first->queued)
                                       : !queue_.empty() && is_cold(queue_.next());
  if (wanted) request_page();
}

void OutboundFlow::request_page() {
  if (loading_) return;
  std::vector<Place> places;
  window_.for_each([&](PacketId, InflightWindow::Entry& entry) {
    const bool wanted = entry.resend && entry.stage != InflightWindow::Stage::AwaitPubComp && is_cold(entry.queued);
    if (wanted && places.size() < kPage) places.push_back(entry.queued.place);
  });
  queue_.visit([&](const QueuedMessage& queued) {
    if (is_cold(queued) && places.size() < kPage) places.push_back(queued.place);
    return places.size() < kPage;
  });
  loading_ = true;
  events_.load(std::move(places));
}

void OutboundFlow::on_loaded(std::span<LoadedMessage> loaded, TimePoint now, UnixMillis wall_now) {
  loading_ = false;
  if (sink_ == nullptr) return;
  take(loaded);
  pump(now, wall_now);
}

void OutboundFlow::take(std::span<LoadedMessage> loaded) {
  std::ranges::sort(loaded, {}, &LoadedMessage::place);
  std::size_t left = loaded.size();
  const auto find = [&](const QueuedMessage& queued) -> LoadedMessage* {
    if (!is_cold(queued)) return nullptr;
    const auto at = std::ranges::lower_bound(loaded, queued.place, {}, &LoadedMessage::place);
    if (at == loaded.end() || at->place != queued.place) return nullptr;
    --left;
    return &*at;
  };
  std::vector<PacketId> unreadable;
  // The store has it still: it must not be erased.
  const auto put = [](QueuedMessage& queued, LoadedMessage& found) {
    queued.message = std::move(found.message);
    if (found.damaged) queued.stored = false;
  };
  window_.for_each([&](PacketId id, InflightWindow::Entry& entry) {
    if (entry.stage == InflightWindow::Stage::AwaitPubComp) return;
    LoadedMessage* const found = find(entry.queued);
    if (found == nullptr) return;
    put(entry.queued, *found);
    if (is_cold(entry.queued)) unreadable.push_back(id);
  });
  for (const PacketId id : unreadable) {
    InflightWindow::Entry& entry = *window_.find(id);
    events_.on_dropped(entry.queued, DropReason::Unreadable);
    complete(entry);
  }
  queue_.visit([&](QueuedMessage& queued) {
    if (LoadedMessage* const found = find(queued)) put(queued, *found);
    return left > 0;
  });
  while (!queue_.empty() && is_cold(queue_.next()) &&
         std::ranges::binary_search(loaded, queue_.next().place, {}, &LoadedMessage::place)) {
    give_up(queue_.pop(), DropReason::Unreadable);
  }
}

void OutboundFlow::restore(std::vector<QueuedMessage> queue, std::vector<QueuedMessage> released, std::size_t window) {
  awaiting_restore_ = false;
  for (QueuedMessage& queued : released) window_.push_sent(std::move(queued), InflightWindow::Stage::AwaitPubComp);
  std::vector<QueuedMessage> newer;
  while (!queue_.empty()) newer.push_back(queue_.pop());
  bool sent = true;
  for (QueuedMessage& queued : queue) {
    sent = sent && queued.resent && window_.size() < window && window_.reaches(queued.place, window);
    if (sent) {
      cool(queued);
      const InflightWindow::Stage stage = InflightWindow::first_stage(queued.qos);
      window_.push_sent(std::move(queued), stage);
    } else {
      queue_.append(std::move(queued), settings_.queue, &cool);
    }
  }
  for (QueuedMessage& queued : newer) push(std::move(queued), true);
  check_watermarks();
}

void OutboundFlow::for_each_shared(const std::function<void(QueuedMessage&)>& f) {
  window_.for_each([&](PacketId, InflightWindow::Entry& entry) {
    // A QoS 2 message that was sent belongs to this client, delivered or not [MQTT-4.8.2-5].
    if (entry.queued.group && entry.queued.qos == Qos::AtLeastOnce) f(entry.queued);
  });
  queue_.visit([&](QueuedMessage& queued) {
    if (queued.group) f(queued);
    return true;
  });
}

void OutboundFlow::for_each(const std::function<void(const QueuedMessage&)>& f) {
  window_.for_each([&](PacketId, const InflightWindow::Entry& entry) { f(entry.queued); });
  queue_.visit([&](const QueuedMessage& queued) {
    f(queued);
    return true;
  });
}

void OutboundFlow::check_watermarks() {
  const auto length = static_cast<double>(queue_.size());
  const auto maximum = static_cast<double>(settings_.queue.max_length);
  const bool low = length <= maximum * settings_.queue.low_watermark;
  if (above_high_ ? low : length > maximum * settings_.queue.high_watermark) set_above_high(!above_high_);
  if (overflowing_ && low && length < maximum) end_overflow();
}

void OutboundFlow::on_new_limits() {
  const auto high = static_cast<double>(settings_.queue.max_length) * settings_.queue.high_watermark;
  if (overflowing_ && queue_.size() < settings_.queue.max_length) end_overflow();
  if (above_high_ && static_cast<double>(queue_.size()) <= high) set_above_high(false);
  check_watermarks();
}

void OutboundFlow::end_alarms() {
  if (overflowing_) end_overflow();
  if (above_high_) set_above_high(false);
}

void OutboundFlow::set_above_high(bool above) {
  above_high_ = above;
  events_.on_watermark(above);
}

void OutboundFlow::begin_overflow(std::string_view topic) {
  if (overflowing_) return;
  overflowing_ = true;
  events_.on_overflow(topic);
  check_watermarks();
}

void OutboundFlow::end_overflow() {
  overflowing_ = false;
  events_.on_overflow_over();
}

}  // namespace sluice::session
