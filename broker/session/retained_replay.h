// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "broker/retainer/retainer.h"
#include "broker/router/topic_rules.h"
#include "broker/session/session_context.h"
#include "shared/base/timing_wheel.h"

namespace sluice::session {

/// Sends the retained messages of a new subscription, a few in each turn of the shard and no faster than the client
/// takes them: a `#` over a million retained messages holds up nobody and fills no queue.
/// Owner: its shard's context. Thread: the shard.
class RetainedReplay final : private WheelTimer, private TurnEnd {
 public:
  /// Begins at the end of this turn: behind the acknowledgement of the subscription, before anything that the client
  /// sends next. `filter` is mounted.
  static void start(SessionContext& context, SessionRef session, std::string filter, SubscriptionOptions options,
                    std::uint32_t subscription_id);

  RetainedReplay(SessionContext& context, SessionRef session, std::string filter, SubscriptionOptions options,
                 std::uint32_t subscription_id);
  ~RetainedReplay();

 private:
  enum class Progress : std::uint8_t { More, Blocked, Over };

  void on_timer(TimePoint now) override;
  void on_turn_end() override;
  void begin();
  void step();
  Progress send_some();
  void finish();

  static constexpr std::size_t kPerStep = 64;  ///< messages looked up at once
  static constexpr int kLookupsPerTurn = 16;   ///< each does a bounded amount of work
  static constexpr auto kBlockedWait = std::chrono::milliseconds(50);

  SessionContext& context_;
  const SessionRef session_;
  const std::string filter_;
  const SubscriptionOptions options_;
  const std::uint32_t subscription_id_;
  retainer::LookupCursor cursor_;
  std::vector<MessagePtr> found_;
  std::size_t sent_ = 0;  ///< of found_
};

}  // namespace sluice::session
