// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/store_check.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/commit_log.h"
#include "broker/storage/table_names.h"
#include "shared/log/loggable.h"

namespace sluice::storage {
namespace {

constexpr std::string_view kBadKey = "no such key exists in this table";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

/// A key for people.
std::string describe(Table table, std::string_view key) {
  const auto session = session_of(key);
  switch (table) {
    case Table::Sessions:
    case Table::Wills:
      if (session) return fmt::format("session {}{}", *session, key.size() == 8 ? "" : " with more behind it");
      break;
    case Table::Subscriptions:
      if (const auto filter = filter_of(key); session && filter)
        return fmt::format("session {} filter {}", *session, log::loggable(*filter));
      break;
    case Table::Queues:
      if (const auto place = place_of(key); session && place)
        return fmt::format("session {} place {}", *session, *place);
      break;
    case Table::InboundQos2:
      if (const auto id = packet_id_of(key); session && id)
        return fmt::format("session {} packet id {}", *session, *id);
      break;
    case Table::Messages:
      if (const auto id = message_of(key)) return fmt::format("message {}", *id);
      break;
    case Table::Retained:
      return fmt::format("topic {}", log::loggable(key));
    case Table::Meta:
    case Table::Gateways:
    case Table::Users:
      return fmt::format("key {}", log::loggable(key));
  }
  return fmt::format("key 0x{}", hex(key));
}

template <class T>
std::optional<std::string> problem_of(const Result<T>& decoded) {
  if (decoded) return std::nullopt;
  return decoded.error().message();
}

std::optional<std::string> bad_key() { return std::string(kBadKey); }

}  // namespace

StoreSummary StoreCheck::run() {
  note(store_.verify());
  if (!check_store_record()) return summary_;
  check_table(Table::Meta, &StoreCheck::check_meta);
  all_sessions_known_ = check_table(Table::Sessions, &StoreCheck::check_session);
  all_messages_known_ = check_table(Table::Messages, &StoreCheck::check_message);
  referred_to_.resize(messages_.size());
  check_table(Table::Subscriptions, &StoreCheck::check_subscription);
  const bool all_queues_known = check_table(Table::Queues, &StoreCheck::check_queue);
  check_table(Table::InboundQos2, &StoreCheck::check_inbound);
  check_table(Table::Wills, &StoreCheck::check_will);
  check_table(Table::Retained, &StoreCheck::check_retained);
  check_table(Table::Gateways, &StoreCheck::check_gateway);
  check_table(Table::Users, &StoreCheck::check_user);
  if (all_queues_known && all_messages_known_) {
    summary_.unused_messages = static_cast<std::uint64_t>(std::ranges::count(referred_to_, false));
  }
  return summary_;
}

/// False: what else is there cannot be understood.
bool StoreCheck::check_store_record() {
  std::optional<std::string> value;
  if (const StoreStatus status = store_.get(Table::Meta, kStoreKey, value); !status.ok()) {
    note(status);
    return true;
  }
  if (!value) {
    bool empty = true;
    for (std::size_t table = 0; table < kTables; ++table) {
      note(store_.scan(static_cast<Table>(table), {}, {},
                       [&](std::string_view, std::string_view) { return empty = false; }));
    }
    if (!empty) note(std::string("meta: the store's own record is missing; restore the store from a backup"));
    return true;
  }
  const auto record = decode_store(*value);
  const bool newer = record ? record->format > kFormat : record.error() == RecordErrc::UnknownVersion;
  if (newer) note(std::string("meta: written by a later version of Sluice, which has to check it"));
  return !newer;
}

bool StoreCheck::check_table(Table table, Checker check) {
  StoreSummary::TableSize& size = summary_.tables[static_cast<std::size_t>(table)];
  const StoreStatus status = store_.scan(table, {}, {}, [&](std::string_view key, std::string_view value) {
    ++size.records;
    size.bytes += key.size() + value.size();
    if (const Problem problem = (this->*check)(key, value)) {
      note(fmt::format("{}: {}: {}", table_name(table), describe(table, key), *problem));
    }
    return true;
  });
  note(status);
  return status.ok();
}

StoreCheck::Problem StoreCheck::check_meta(std::string_view key, std::string_view value) {
  if (key == kStoreKey) return problem_of(decode_store(value));
  const auto number = decode_number(value);
  if (number && key == CommitLog::kBatchKey) summary_.last_batch = *number;
  return problem_of(number);
}

StoreCheck::Problem StoreCheck::check_session(std::string_view key, std::string_view value) {
  const auto id = session_of(key);
  if (id && is_places_key(key)) {
    // It lies behind its session's record.
    if (sessions_.empty() || sessions_.back() != *id) ++summary_.orphans;
    return problem_of(decode_number(value));
  }
  if (!id || key.size() != session_key(*id).size()) return bad_key();
  // One that cannot be read is a session all the same: what belongs to it is no orphan.
  sessions_.push_back(*id);
  ++summary_.sessions;
  return problem_of(decode_session(value));
}

StoreCheck::Problem StoreCheck::check_message(std::string_view key, std::string_view value) {
  const auto id = message_of(key);
  if (!id) return bad_key();
  messages_.push_back(*id);
  return problem_of(decode_message(value));
}

bool StoreCheck::has_owner(std::string_view key) {
  const auto id = session_of(key);
  if (!all_sessions_known_ || (id && std::ranges::binary_search(sessions_, *id))) return true;
  ++summary_.orphans;
  return false;
}

StoreCheck::Problem StoreCheck::check_subscription(std::string_view key, std::string_view value) {
  if (!filter_of(key)) return bad_key();
  has_owner(key);
  return problem_of(decode_subscription(value));
}

StoreCheck::Problem StoreCheck::check_queue(std::string_view key, std::string_view value) {
  if (!place_of(key)) return bad_key();
  const bool owned = has_owner(key);
  const auto record = decode_queue(value);
  if (!record) return record.error().message();
  if (!owned) return std::nullopt;
  if (record->stage == QueueRecord::Stage::Released) {
    ++summary_.released;
    return std::nullopt;
  }
  ++summary_.queued;
  return record->message_id == 0 ? std::nullopt : refer_to(record->message_id);
}

StoreCheck::Problem StoreCheck::refer_to(MessageId id) {
  if (!all_messages_known_) return std::nullopt;
  const auto found = std::ranges::lower_bound(messages_, id);
  if (found == messages_.end() || *found != id) return fmt::format("lost: message {} is not there", id);
  referred_to_[static_cast<std::size_t>(found - messages_.begin())] = true;
  return std::nullopt;
}

StoreCheck::Problem StoreCheck::check_inbound(std::string_view key, std::string_view value) {
  if (!packet_id_of(key)) return bad_key();
  has_owner(key);
  return problem_of(decode_number(value));
}

StoreCheck::Problem StoreCheck::check_will(std::string_view key, std::string_view value) {
  const auto id = session_of(key);
  if (!id || key.size() != session_key(*id).size()) return bad_key();
  has_owner(key);
  return problem_of(decode_will(value));
}

StoreCheck::Problem StoreCheck::check_retained(std::string_view key, std::string_view value) {
  ++summary_.retained;
  const auto record = decode_retained(value);
  if (!record) return record.error().message();
  if (record->message.topic == key) return std::nullopt;
  return fmt::format("its message is of another topic: {}", log::loggable(record->message.topic));
}

/// What a gateway keeps is its own affair.
StoreCheck::Problem StoreCheck::check_gateway(std::string_view key, std::string_view) {
  const std::size_t name = key.find('\0');
  return name == std::string_view::npos || name == 0 ? bad_key() : std::nullopt;
}

StoreCheck::Problem StoreCheck::check_user(std::string_view key, std::string_view) {
  return key.empty() ? bad_key() : std::nullopt;
}

void StoreCheck::note(const StoreStatus& status) {
  if (!status.ok() && noted_.insert(status.text()).second) note(status.text());
}

void StoreCheck::note(const std::string& problem) {
  ++summary_.problems;
  report_(problem);
}

}  // namespace sluice::storage
