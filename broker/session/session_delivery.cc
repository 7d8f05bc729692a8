// SPDX-License-Identifier: Apache-2.0
// The part of ClientSession through which messages reach the client.
#include <algorithm>
#include <string>
#include <utility>

#include "broker/session/client_session.h"
#include "broker/session/session_probe.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

std::string_view advice(DropReason why) {
  switch (why) {
    case DropReason::SlowReader:
      return "it reads too slowly; mqtt.client.outbound_buffer bounds what waits for it";
    case DropReason::TooLarge:
      return "it takes no larger packets than it said in CONNECT";
    case DropReason::Offline:
      return "it is away; mqtt.mqueue.store_qos0 = on would keep it";
    case DropReason::StorageFull:
      return "it is away and the store is full; storage.max_bytes bounds it";
    case DropReason::Unreadable:
      return "the store could not be read; sluice --check-storage says more";
    case DropReason::QueueFull:
    case DropReason::Expired:
      break;
  }
  return "its time was over";
}

/// Empty for a message that only the store has.
std::string_view topic_of(const QueuedMessage& queued) {
  return queued.message ? queued.message->topic() : std::string_view();
}

}  // namespace

OutboundFlow& ClientSession::flow() {
  if (!flow_) {
    flow_ = std::unique_ptr<OutboundFlow>(new OutboundFlow(*this, context_.settings));
    if (sink_ != nullptr) {
      flow_->attach(*sink_, std::min<std::size_t>(receive_maximum_, context_.settings.max_inflight));
      if (slow_) flow_->set_busy();
    }
    if (awaits_queue()) flow_->await_restore();
    if (durable_ && durable_->announcing > 0) flow_->await_announcement();
  }
  return *flow_;
}

void ClientSession::deliver(QueuedMessage&& queued) {
  if (queued.qos == Qos::AtMostOnce && sink_ != nullptr) {
    deliver_qos0(queued);
    return;
  }
  if (durable_ && queued.qos != Qos::AtMostOnce && queued.place == 0) store_here(queued);
  if (queued.place == 0) {
    deliver_in_turn(std::move(queued));
    return;
  }
  if (queued.place != durable_->next_arrival) {
    const Place place = queued.place;
    durable_->early.emplace(place, std::move(queued));
    return;
  }
  ++durable_->next_arrival;
  deliver_in_turn(std::move(queued));
  while (!durable_->early.empty() && durable_->early.begin()->first == durable_->next_arrival) {
    QueuedMessage next = std::move(durable_->early.begin()->second);
    durable_->early.erase(durable_->early.begin());
    ++durable_->next_arrival;
    deliver_in_turn(std::move(next));
  }
}

void ClientSession::deliver_in_turn(QueuedMessage&& queued) {
  const bool promised = queued.reserved;
  take_in(std::move(queued));
  tell_room(promised);
}

void ClientSession::tell_room(bool arrived) {
  if (context_.core.overflow != Overflow::Refuse) return;
  context_.core.table.note_queue(ref_, flow_ ? flow_->queued_above_qos0() : 0, arrived);
}

void ClientSession::take_in(QueuedMessage&& queued) {
  if (mountpoint_) queued.message = unmounted(queued.message);
  if (sink_ == nullptr &&
      (expiry_seconds_ == 0 || (queued.qos == Qos::AtMostOnce && !context_.settings.queue.store_qos0))) {
    on_dropped(queued, DropReason::Offline);
    on_settled(queued);
    return;
  }
  if (sink_ == nullptr && durable_ && queued.qos != Qos::AtMostOnce && !queued.stored &&
      context_.records->storage().drops_messages()) {
    on_dropped(queued, DropReason::StorageFull);
    return;
  }
  flow().deliver(std::move(queued), context_.now(), context_.wall_now());
  if (!armed()) arm_timer();
}

void ClientSession::deliver_qos0(QueuedMessage& queued) {
  if (mountpoint_) queued.message = unmounted(queued.message);
  if (slow_ || (flow_ && flow_->busy())) {
    on_dropped(queued, DropReason::SlowReader);
    return;
  }
  if (queued.message->expires_at() != 0 && queued.message->expired(context_.wall_now())) {
    on_dropped(queued, DropReason::Expired);
    return;
  }
  switch (sink_->deliver(queued.delivery(0, false))) {
    case DeliveryResult::Accepted:
      on_sent(queued);
      return;
    case DeliveryResult::Dropped:
      on_dropped(queued, DropReason::TooLarge);
      return;
    case DeliveryResult::Busy:
      break;
  }
  slow_ = true;
  if (flow_) flow_->set_busy();
  on_dropped(queued, DropReason::SlowReader);
}

bool ClientSession::ready_for_more() const {
  if (slow_) return false;
  return !flow_ || (!flow_->busy() && flow_->queued() * 2 < context_.settings.queue.max_length);
}

MessagePtr ClientSession::unmounted(const MessagePtr& message) const {
  if (!message->topic().starts_with(*mountpoint_)) return message;
  MessageParts parts = message->parts();
  parts.topic.remove_prefix(mountpoint_->size());
  return Message::create(parts);
}

void ClientSession::on_sent(const QueuedMessage& queued) {
  ++delivered_;
  probe().sent.add();
  probe().sent_by_qos[static_cast<std::size_t>(queued.qos)].add();
  if (!context_.core.hooks.message_delivered.empty())
    context_.core.hooks.message_delivered.run(info(), *queued.message);
}

void ClientSession::on_acked(const QueuedMessage& queued) {
  if (!context_.core.hooks.message_acked.empty() && queued.message) {
    context_.core.hooks.message_acked.run(info(), *queued.message);
  }
}

void ClientSession::on_dropped(const QueuedMessage& queued, DropReason why) {
  ++dropped_;
  probe().dropped.add();
  switch (why) {
    case DropReason::QueueFull:
      probe().dropped_queue_full.add();
      break;
    case DropReason::Expired:
      probe().dropped_expired.add();
      break;
    case DropReason::SlowReader:
      probe().dropped_slow.add();
      break;
    case DropReason::TooLarge:
      probe().dropped_too_large.add();
      break;
    case DropReason::Offline:
      probe().dropped_offline.add();
      break;
    case DropReason::StorageFull:
      probe().dropped_storage_full.add();
      break;
    case DropReason::Unreadable:
      storage::probe().unreadable.add();
      break;
  }
  static log::RateLimit limit(10);
  // A full queue is logged once, by on_overflow().
  if (why != DropReason::Expired && why != DropReason::QueueFull) {
    if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
      log::get("session").warn("message dropped: client_id={} topic={} reason={}: {} ({} like this not shown)",
                               log::loggable(client_id_), log::loggable(topic_of(queued)), drop_reason_name(why),
                               advice(why), hushed);
    }
  }
  if (!context_.core.hooks.message_dropped.empty() && queued.message) {
    context_.core.hooks.message_dropped.run(client_id_, *queued.message, drop_reason_name(why));
  }
}

void ClientSession::on_watermark(bool high) {
  const std::string id = "queue_high_watermark/" + client_id_;
  if (!high) {
    context_.core.hooks.alarm_cleared.run(id);
    return;
  }
  const std::string title = "message queue of " + client_id_ + " is above its high watermark";
  const std::string summary =
      std::to_string(queued()) + " of " + std::to_string(context_.settings.queue.max_length) + " messages wait";
  context_.core.hooks.alarm_raised.run(hooks::Alarm{id, "warning", title, summary});
}

void ClientSession::on_overflow(std::string_view topic) {
  const bool refuses = context_.core.overflow == Overflow::Refuse;
  const std::size_t maximum = context_.settings.queue.max_length;
  probe().queues_overflowed.add();
  static log::RateLimit limit(10);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").error(
        "queue full: client_id={} topic={} queued={} of {}: {} until it has room; it {}; let it take more, or raise "
        "mqtt.mqueue.max_length ({} like this not shown)",
        log::loggable(client_id_), log::loggable(topic), queued(), maximum,
        refuses ? "messages are refused, also for others who would get them" : "its oldest messages are dropped",
        sink_ != nullptr ? "acknowledges or reads too slowly" : "is away", hushed);
  }
  const std::string id = "queue_full/" + client_id_;
  const std::string title = "message queue of " + client_id_ + " is full";
  const std::string summary = std::to_string(queued()) + " of " + std::to_string(maximum) + " messages wait; " +
                              (refuses ? "messages for it are refused" : "its oldest messages are dropped");
  context_.core.hooks.alarm_raised.run(hooks::Alarm{id, "error", title, summary});
}

void ClientSession::on_overflow_over() {
  context_.core.table.end_refusing(ref_);
  context_.core.hooks.alarm_cleared.run("queue_full/" + client_id_);
}

}  // namespace sluice::session
