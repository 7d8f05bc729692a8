// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/storage/kv_store.h"
#include "broker/storage/record_format.h"

namespace sluice::storage {

/// What a store holds, and what of it is of no use any more or damaged.
struct StoreSummary {
  struct TableSize {
    std::uint64_t records = 0;
    std::uint64_t bytes = 0;  ///< keys and values, before compression
  };
  std::array<TableSize, kTables> tables;
  std::uint64_t sessions = 0;
  std::uint64_t queued = 0;    ///< messages that wait in queues
  std::uint64_t released = 0;  ///< QoS 2: packet ids that wait for PUBCOMP
  std::uint64_t retained = 0;
  std::uint64_t last_batch = 0;       ///< number of the last write
  std::uint64_t orphans = 0;          ///< records of sessions that are not there; the next start erases them
  std::uint64_t unused_messages = 0;  ///< messages that no queue refers to; "
  std::uint64_t problems = 0;

  [[nodiscard]] bool sound() const { return problems == 0; }
};

/// Reads a whole store: all checksums, every key and record (FORMAT.md), and what refers to what. Changes nothing, and
/// keeps 8 bytes a session and a shared message in memory, no bodies.
/// Thread safety: none; nobody writes to the store meanwhile.
class StoreCheck {
 public:
  /// Told of every problem, as a sentence that names file, or table and key.
  using Report = std::function<void(const std::string& problem)>;

  StoreCheck(KvStore& store, Report report) : store_(store), report_(std::move(report)) {}
  StoreSummary run();

 private:
  /// What is wrong with one record; nullopt: nothing.
  using Problem = std::optional<std::string>;
  using Checker = Problem (StoreCheck::*)(std::string_view key, std::string_view value);

  bool check_store_record();
  /// False: the table could not be read to its end.
  bool check_table(Table table, Checker check);
  Problem check_meta(std::string_view key, std::string_view value);
  Problem check_session(std::string_view key, std::string_view value);
  Problem check_subscription(std::string_view key, std::string_view value);
  Problem check_queue(std::string_view key, std::string_view value);
  Problem check_message(std::string_view key, std::string_view value);
  Problem check_inbound(std::string_view key, std::string_view value);
  Problem check_retained(std::string_view key, std::string_view value);
  Problem check_will(std::string_view key, std::string_view value);
  Problem check_gateway(std::string_view key, std::string_view value);
  Problem check_user(std::string_view key, std::string_view value);
  /// The message that a queue refers to.
  Problem refer_to(MessageId id);
  /// Counts the record if its session is not there. True: it is.
  bool has_owner(std::string_view key);
  /// What the store itself says; the same sentence once.
  void note(const StoreStatus& status);
  void note(const std::string& problem);

  KvStore& store_;
  const Report report_;
  StoreSummary summary_;
  std::set<std::string> noted_;      ///< what the store said
  std::vector<SessionId> sessions_;  ///< in order
  std::vector<MessageId> messages_;  ///< in order
  std::vector<bool> referred_to_;    ///< as messages_
  bool all_sessions_known_ = false;  ///< else nothing can be said of who belongs to whom
  bool all_messages_known_ = false;  ///< "
};

}  // namespace sluice::storage
