// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_records.h"

#include <utility>

namespace sluice::session {

using storage::Table;

void SessionRecords::put_session(storage::SessionId session, const storage::SessionRecord& record) {
  storage::encode(record, value_);
  journal_.changes().put(Table::Sessions, storage::session_key(session), value_);
}

void SessionRecords::announce_session(storage::SessionId session, const storage::SessionRecord& record,
                                      std::function<void()> done) {
  put_session(session, record);
  storage::CommitLog& log = storage_.log();
  const auto tell = [this, &log, done = std::move(done)] {
    log.after_writes([this, done](bool) { shard_.post(done); });
  };
  if (!journal_.held()) {
    journal_.when_submitted(tell);
    return;
  }
  storage::WriteBatch ahead;
  ahead.put(Table::Sessions, storage::session_key(session), value_);
  log.submit(std::move(ahead), nullptr, 0);
  tell();
}

void SessionRecords::erase_session(storage::SessionId session) {
  journal_.changes().erase(Table::Sessions, storage::session_key(session));
  journal_.changes().erase(Table::Sessions, storage::places_key(session));
  erase_will(session);
}

void SessionRecords::put_will(storage::SessionId session, const WillRequest& will, UnixMillis due_at) {
  storage::encode(storage::WillRecord{.topic = will.topic,
                                      .payload = will.payload,
                                      .properties = will.properties,
                                      .qos = will.qos,
                                      .retain = will.retain,
                                      .delay_seconds = will.delay_seconds,
                                      .expiry_seconds = will.expiry_seconds,
                                      .due_at = due_at},
                  value_);
  journal_.changes().put(Table::Wills, storage::session_key(session), value_);
}

void SessionRecords::erase_will(storage::SessionId session) {
  journal_.changes().erase(Table::Wills, storage::session_key(session));
}

void SessionRecords::put_note(storage::SessionId session, std::string_view note) {
  journal_.changes().put(Table::Gateways, storage::note_key(session), note);
}

void SessionRecords::erase_note(storage::SessionId session) {
  journal_.changes().erase(Table::Gateways, storage::note_key(session));
}

void SessionRecords::put_subscription(storage::SessionId session, const OwnSubscription& subscription) {
  storage::encode(storage::SubscriptionRecord{subscription.options, subscription.subscription_id}, value_);
  journal_.changes().put(Table::Subscriptions, storage::subscription_key(session, subscription.filter), value_);
}

void SessionRecords::erase_subscription(storage::SessionId session, std::string_view filter) {
  journal_.changes().erase(Table::Subscriptions, storage::subscription_key(session, filter));
}

void SessionRecords::put_inbound(storage::SessionId session, PacketId id, UnixMillis now) {
  storage::encode_number(static_cast<std::uint64_t>(now), value_);
  journal_.changes().put(Table::InboundQos2, storage::inbound_key(session, id), value_);
}

void SessionRecords::erase_inbound(storage::SessionId session, PacketId id) {
  journal_.changes().erase(Table::InboundQos2, storage::inbound_key(session, id));
}

void SessionRecords::put_queued(storage::SessionId session, const QueuedMessage& queued, std::string_view group) {
  storage::QueueRecord record{.stage = storage::QueueRecord::Stage::Queued,
                              .qos = queued.qos,
                              .retain = queued.retain,
                              .subscription_ids = {},
                              .group = group,
                              .message_id = queued.shared_record,
                              .message = {}};
  record.subscription_ids.assign(queued.ids().begin(), queued.ids().end());
  if (queued.shared_record == 0) record.message = storage::stored(*queued.message);
  storage::encode(record, value_);
  journal_.changes().put(Table::Queues, storage::queue_key(session, queued.place), value_);
}

storage::MessageId SessionRecords::put_shared(const Message& message, std::size_t sessions) {
  const storage::MessageId id = storage_.new_message_id();
  storage_.shared_records().add(id, sessions);
  storage::encode(storage::stored(message), value_);
  journal_.changes().put(Table::Messages, storage::message_key(id), value_);
  return id;
}

void SessionRecords::put_released(storage::SessionId session, const QueuedMessage& queued) {
  storage::encode(storage::QueueRecord{.stage = storage::QueueRecord::Stage::Released,
                                       .qos = queued.qos,
                                       .retain = false,
                                       .subscription_ids = {},
                                       .group = {},
                                       .message_id = 0,
                                       .message = {}},
                  value_);
  journal_.changes().put(Table::Queues, storage::queue_key(session, queued.place), value_);
  if (queued.shared_record != 0) release_shared(queued.shared_record);
}

void SessionRecords::erase_queued(storage::SessionId session, const QueuedMessage& queued) {
  const std::string key = storage::queue_key(session, queued.place);
  // A record of QoS 2 is put a second time when its PUBREC comes.
  if (queued.qos == Qos::AtLeastOnce) {
    journal_.changes().erase_once(Table::Queues, key);
  } else {
    journal_.changes().erase(Table::Queues, key);
  }
  if (queued.shared_record != 0) release_shared(queued.shared_record);
}

void SessionRecords::release_shared(storage::MessageId id) {
  released_.push_back(id);
  if (released_.size() == 1) journal_.when_submitted([this] { tell_released(); });
}

void SessionRecords::tell_released() {
  for (const storage::MessageId id : released_) {
    if (storage_.shared_records().release(id)) {
      journal_.changes().erase_once(Table::Messages, storage::message_key(id));
    }
  }
  released_.clear();
}

void SessionRecords::note_place(storage::SessionId session, Place place) {
  if (place % kPlaceBlock != 0) return;
  storage::encode_number(place + 2 * kPlaceBlock, value_);
  journal_.changes().put(Table::Sessions, storage::places_key(session), value_);
}

}  // namespace sluice::session
