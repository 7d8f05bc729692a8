// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_reading.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "broker/session/session_records.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"

namespace sluice::session {
namespace {

using storage::StoreStatus;
using storage::Table;

std::uint64_t number_or_zero(std::string_view value) {
  const auto number = storage::decode_number(value);
  return number ? *number : 0;
}

}  // namespace

void SessionReading::note_unreadable(std::string_view what, storage::SessionId session, const ErrorCode& error) const {
  storage::probe().unreadable.add();
  health_.begin(storage::StoreTrouble::Damaged, fmt::format("{} (session {:x}): {}", what, session, error.message()));
  static log::RateLimit limit(10);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").error("{} cannot be read and is passed over: session={:x} reason={} ({} like this not shown)",
                              what, session, error.message(), hushed);
  }
}

/// The session's own record and where its places begin.
StoreStatus SessionReading::read_own(storage::SessionId id, Place first_place,
                                     std::optional<RestoredSession>& session) const {
  std::optional<std::string> value;
  if (StoreStatus status = store_.get(Table::Sessions, storage::session_key(id), value); !status.ok() || !value) {
    return status;
  }
  auto record = storage::decode_session(*value);
  if (!record) {
    note_unreadable("a session", id, record.error());
    return {};
  }
  session.emplace();
  session->id = id;
  session->record = std::move(*record);
  session->next_place = std::max(first_place, session->record.sent_below);
  StoreStatus status = store_.get(Table::Sessions, storage::places_key(id), value);
  if (status.ok() && value) {
    session->next_place = std::max(session->next_place, number_or_zero(*value));
  }
  return status;
}

StoreStatus SessionReading::read_will(RestoredSession& session) const {
  std::optional<std::string> value;
  StoreStatus status = store_.get(Table::Wills, storage::session_key(session.id), value);
  if (!status.ok() || !value) return status;
  auto record = storage::decode_will(*value);
  if (!record) {
    note_unreadable("a will", session.id, record.error());
    return {};
  }
  session.will_due_at = record->due_at;
  session.will = WillRequest{.topic = std::move(record->topic),
                             .payload = std::move(record->payload),
                             .properties = std::move(record->properties),
                             .qos = record->qos,
                             .retain = record->retain,
                             .delay_seconds = record->delay_seconds,
                             .expiry_seconds = record->expiry_seconds};
  return {};
}

StoreStatus SessionReading::read_subscriptions(RestoredSession& session) const {
  return store_.scan(
      Table::Subscriptions, storage::session_key(session.id), {}, [&](std::string_view key, std::string_view value) {
        const auto filter = storage::filter_of(key);
        const auto record = storage::decode_subscription(value);
        if (!filter) return true;
        if (record) {
          session.subscriptions.push_back({std::string(*filter), record->subscription_id, record->options});
        } else {
          note_unreadable("a subscription", session.id, record.error());
        }
        return true;
      });
}

StoreStatus SessionReading::read_received(RestoredSession& session) const {
  return store_.scan(Table::InboundQos2, storage::session_key(session.id), {},
                     [&](std::string_view key, std::string_view value) {
                       const auto id = storage::packet_id_of(key);
                       if (!id) return true;
                       session.received.emplace_back(*id, static_cast<UnixMillis>(number_or_zero(value)));
                       return true;
                     });
}

/// The body where it has to be known now; the topic alone where only that.
MessagePtr SessionReading::body(const storage::QueueRecord& record, bool whole) const {
  std::optional<storage::StoredMessage> message = record.message;
  std::optional<std::string> value;
  if (!message && record.message_id != 0) {
    health_.note_read(store_.get(Table::Messages, storage::message_key(record.message_id), value));
    // What cannot be read is named when its turn comes.
    if (value) {
      if (const auto decoded = storage::decode_message(*value)) message = *decoded;
    }
  }
  if (!message) return nullptr;
  MessageParts parts = storage::parts_of(*message);
  if (!whole) {
    parts.payload = {};
    parts.properties = {};
  }
  return Message::create(parts);
}

StoreStatus SessionReading::read(storage::SessionId id, Place first_place,
                                 std::optional<RestoredSession>& session) const {
  if (StoreStatus status = read_own(id, first_place, session); !status.ok() || !session) return status;
  if (StoreStatus status = read_will(*session); !status.ok()) return status;
  if (StoreStatus status = read_subscriptions(*session); !status.ok()) return status;
  return read_received(*session);
}

std::optional<ReadEntry> SessionReading::entry(storage::SessionId session, Place place, std::string_view value,
                                               bool keep_topic) const {
  const auto record = storage::decode_queue(value);
  if (!record) {
    note_unreadable("a queued message", session, record.error());
    return std::nullopt;
  }
  ReadEntry entry;
  entry.released = record->stage == storage::QueueRecord::Stage::Released;
  entry.group = record->group;
  QueuedMessage& queued = entry.queued;
  queued.place = place;
  queued.qos = record->qos;
  queued.retain = record->retain;
  queued.stored = true;
  queued.shared_record = record->message_id;
  const std::vector<std::uint32_t>& ids = record->subscription_ids;
  if (ids.size() == 1) queued.subscription_id = ids.front();
  if (ids.size() > 1) queued.more_ids = std::make_unique<std::vector<std::uint32_t>>(ids);
  if (!entry.released && (keep_topic || !entry.group.empty())) {
    queued.message = body(*record, !entry.group.empty());
  }
  return entry;
}

}  // namespace sluice::session
