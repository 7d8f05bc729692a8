// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <list>
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
  /// Waits: until the acknowledgement of the subscription has left; resume() is called then.
  enum class Progress : std::uint8_t { More, Blocked, Waits, Over };

  /// `filter` is mounted. `ticket`: what the acknowledgement of the subscription waits for, or 0.
  RetainedReplay(std::string filter, SubscriptionOptions options, std::uint32_t subscription_id, CommitTicket ticket);

  /// Looks up a few and sends them: a bounded amount of work.
  Progress send_some(SessionContext& context, SessionRef session);
  /// What is still to be sent is sent for the subscription that took the place of the first [MQTT-3.8.4-3].
  void replace(SubscriptionOptions options, std::uint32_t subscription_id);
  [[nodiscard]] const std::string& filter() const { return filter_; }

 private:
  static constexpr std::size_t kPerStep = 64;  ///< messages looked up at once

  std::string filter_;
  SubscriptionOptions options_;
  std::uint32_t subscription_id_;
  CommitTicket ticket_;
  retainer::LookupCursor cursor_;
  std::vector<MessagePtr> found_;
  std::size_t sent_ = 0;  ///< of found_
};

/// The replays of one session: one at most for each of its filters, served one after the other. Every call takes
/// constant time, however many wait.
class ReplayQueue {
 public:
  [[nodiscard]] bool empty() const { return order_.empty(); }
  [[nodiscard]] RetainedReplay& front() { return order_.front(); }
  void pop_front() { drop(front().filter()); }
  /// Takes the place of one with the same filter: what that had still to send comes with this one.
  void push(RetainedReplay replay);
  /// nullptr: none waits for the filter.
  [[nodiscard]] RetainedReplay* find(std::string_view filter);
  void drop(std::string_view filter);

 private:
  std::list<RetainedReplay> order_;
  std::unordered_map<std::string_view, std::list<RetainedReplay>::iterator> by_filter_;  ///< keys lie in order_
};

/// All replays of a shard: kPerTurn of work in each turn, however many there are, and no message faster than its client
/// takes it. So neither a `#` over a million retained messages nor ten thousand wildcards in one SUBSCRIBE holds up
/// anybody or fills a queue. Clients take turns. What has no room in the queue of a client that is away waits until it
/// comes back.
/// Owner: its shard's context. Thread: the shard.
class RetainedReplays final : private WheelTimer, private TurnEnd {
 public:
  explicit RetainedReplays(SessionContext& context) : context_(context) {}
  ~RetainedReplays() = default;

  /// Begins at the end of this turn, behind the acknowledgement of the subscription and before anything that the client
  /// sends next; when the client takes nothing more, as soon as it does.
  void add(SessionRef session, RetainedReplay replay);
  /// The subscription to `filter` (mounted) has been replaced, and its successor asks for nothing that is retained.
  void replace(SessionRef session, std::string_view filter, SubscriptionOptions options, std::uint32_t subscription_id);
  /// The subscription to `filter` (mounted) has ended: nothing more is sent for it [MQTT-3.10.4-2].
  void drop(SessionRef session, std::string_view filter);
  /// The client is back, or the session has ended: looks at what waits for it.
  void resume(SessionRef session);
  void clear();

 private:
  struct Client {
    SessionRef session;
    ReplayQueue replays;
    bool scheduled = false;  ///< its key is in ready_ or blocked_
  };
  using Key = SessionKey;

  void on_timer(TimePoint now) override;
  void on_turn_end() override;
  /// nullptr: nothing waits for the session.
  [[nodiscard]] Client* find(SessionRef session);
  void schedule(Client& client);
  void serve_clients();
  void serve(Key key);

  static constexpr auto kPerTurn = std::chrono::milliseconds(2);
  static constexpr auto kBlockedWait = std::chrono::milliseconds(50);

  SessionContext& context_;
  std::unordered_map<Key, Client> clients_;
  std::deque<Key> ready_;     ///< of clients_, in the order of their turns
  std::vector<Key> blocked_;  ///< of clients_: the client takes nothing for now
  bool posted_ = false;
};

}  // namespace sluice::session
