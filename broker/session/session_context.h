// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <vector>

#include "broker/auth/access_control.h"
#include "broker/hooks/hook_points.h"
#include "broker/retainer/retainer.h"
#include "broker/router/router.h"
#include "broker/session/parked_messages.h"
#include "broker/session/session_records.h"
#include "broker/session/session_registry.h"
#include "broker/session/session_settings.h"
#include "broker/session/session_table.h"
#include "shared/base/shard.h"

namespace sluice::session {

struct SessionContext;
class RetainedReplays;
class RetainedSearches;
class SessionRestorer;

/// `mqtt.session.overflow`: what becomes of a message for a session whose queue is full.
enum class Overflow : std::uint8_t {
  Drop,    ///< the queue's oldest gives way
  Refuse,  ///< nobody gets it, and its publisher is told so
};

/// What the sessions of all shards share. Made by the app; outlives every session.
struct SessionCore {
  router::Router& router;
  retainer::Retainer& retainer;
  auth::AccessControl& access;
  hooks::HookPoints& hooks;
  SessionTable table;
  SessionRegistry registry;
  std::vector<std::unique_ptr<SessionContext>> contexts;  ///< by shard index; complete before the shards run
  std::atomic<std::size_t> sessions{0};
  std::atomic<std::size_t> durable{0};   ///< of them, sessions that are kept on disk
  storage::Storage* storage = nullptr;   ///< null: nothing is kept on disk
  std::atomic<std::size_t> released{0};  ///< shards on which nothing is parked any more
  SessionRestorer* restorer = nullptr;   ///< null: there is nothing to restore
  Overflow overflow = Overflow::Drop;

  /// A message may have to be refused because of those who would get it.
  [[nodiscard]] bool may_refuse() const {
    return overflow == Overflow::Refuse || durable.load(std::memory_order_relaxed) != 0;
  }
};

/// What the sessions of one shard share. Thread: the shard.
struct SessionContext {
  SessionContext(SessionCore& shared, Shard& own, SessionSettings initial);
  ~SessionContext();

  SessionCore& core;
  Shard& shard;
  SessionSettings settings;
  std::vector<router::Match> matches;              ///< scratch of the dispatcher
  const std::unique_ptr<RetainedReplays> replays;  ///< retained messages on their way to new subscriptions
  const std::unique_ptr<RetainedSearches> searches;
  const std::unique_ptr<SessionRecords> records;  ///< null: nothing is kept on disk
  ParkedMessages parked;                          ///< published before all sessions were restored

  /// Other settings from now on. True: the limits of queues are others than before.
  bool apply(SessionSettings next);
  [[nodiscard]] TimePoint now() const { return shard.now(); }
  /// Wall-clock time of this turn.
  [[nodiscard]] UnixMillis wall_now() {
    if (shard.now() != wall_at_) {
      wall_at_ = shard.now();
      wall_ = unix_millis();
    }
    return wall_;
  }

 private:
  TimePoint wall_at_{};
  UnixMillis wall_ = 0;
};

}  // namespace sluice::session
