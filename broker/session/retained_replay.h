// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/retainer/retainer.h"
#include "broker/router/topic_rules.h"
#include "broker/session/session_context.h"
#include "shared/base/timing_wheel.h"

namespace sluice::session {

/// The retained messages of one new subscription on their way to its client. Thread: the shard.
class RetainedReplay {
 public:
  enum class Progress : std::uint8_t { More, Blocked, Over };

  /// `filter` is mounted.
  RetainedReplay(std::string filter, SubscriptionOptions options, std::uint32_t subscription_id);

  /// Looks up a few and sends them: a bounded amount of work.
  Progress send_some(SessionContext& context, SessionRef session);
  [[nodiscard]] const std::string& filter() const { return filter_; }

 private:
  static constexpr std::size_t kPerStep = 64;  ///< messages looked up at once

  std::string filter_;
  SubscriptionOptions options_;
  std::uint32_t subscription_id_;
  retainer::LookupCursor cursor_;
  std::vector<MessagePtr> found_;
  std::size_t sent_ = 0;  ///< of found_
};

/// All replays of a shard: kPerTurn of work in each turn, however many there are, and no message faster than its client
/// takes it. So neither a `#` over a million retained messages nor ten thousand wildcards in one SUBSCRIBE holds up
/// anybody or fills a queue. Clients take turns; the subscriptions of one client are served one after the other. What
/// has no room in the queue of a client that is away waits until it comes back.
/// Owner: its shard's context. Thread: the shard.
class RetainedReplays final : private WheelTimer, private TurnEnd {
 public:
  explicit RetainedReplays(SessionContext& context) : context_(context) {}
  ~RetainedReplays() = default;

  /// Begins at the end of this turn: behind the acknowledgement of the subscription, before anything that the client
  /// sends next.
  void add(SessionRef session, RetainedReplay replay);
  /// The client is back.
  void resume(SessionRef session);
  /// The subscription to `filter` (mounted) has ended: nothing more is sent for it [MQTT-3.10.4-2].
  void drop(SessionRef session, std::string_view filter);
  /// The session has ended.
  void drop(SessionRef session);
  /// How many of a session wait or are under way.
  [[nodiscard]] std::size_t waiting(SessionRef session) const;
  void clear();

 private:
  struct Client {
    SessionRef session;
    std::deque<RetainedReplay> replays;
    bool scheduled = false;  ///< its slot is in ready_ or blocked_
  };

  void on_timer(TimePoint now) override;
  void on_turn_end() override;
  /// nullptr: nothing waits for the session.
  [[nodiscard]] Client* find(SessionRef session);
  void schedule(Client& client);
  void serve_clients();
  void serve(std::uint32_t slot);

  static constexpr auto kPerTurn = std::chrono::milliseconds(2);
  static constexpr auto kBlockedWait = std::chrono::milliseconds(50);

  SessionContext& context_;
  std::unordered_map<std::uint32_t, Client> clients_;  ///< by slot of the session
  std::deque<std::uint32_t> ready_;                    ///< of clients_, in the order of their turns
  std::vector<std::uint32_t> blocked_;                 ///< of clients_: the client takes nothing for now
  bool posted_ = false;
};

}  // namespace sluice::session
