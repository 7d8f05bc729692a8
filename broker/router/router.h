// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/router/change_feed.h"
#include "broker/router/filter_table.h"
#include "broker/router/shared_group.h"
#include "broker/router/subscription.h"
#include "broker/router/topic_rules.h"
#include "shared/base/sharded_lock.h"

namespace sluice::router {

struct RouterSettings {
  std::size_t shards = 1;
  PickStrategy shared_strategy = PickStrategy::RoundRobin;  ///< mqtt.shared_subscription_strategy
};

struct SubscribeResult {
  bool replaced = false;  ///< the session had this subscription; options and id are the new ones [MQTT-3.8.4-3]
  bool first = false;     ///< nobody had subscribed to the filter before
};

/// A filter got its first subscriber that other nodes may know of (not `$local/`), or lost its last.
struct RouteChange {
  enum class Kind : std::uint8_t { Added, Removed };
  Kind kind;
  std::string filter;
};

/// One filter as `routes list` and `topics list` show it.
struct RouteInfo {
  std::string filter;
  std::size_t subscribers = 0;  ///< members of shared groups included
  std::size_t groups = 0;
};

struct SubscriberInfo {
  Subscriber subscriber;
  std::string text;  ///< the filter as the client wrote it, prefixes included (before mounting)
};

struct RouterStats {
  std::size_t routes = 0;         ///< distinct filters
  std::size_t subscriptions = 0;  ///< all, shared ones included
  std::size_t shared = 0;         ///< memberships of shared groups
  std::size_t groups = 0;
};

/// Who is to get what is published to a topic.
/// Purpose: filters of every session of this node, matched against topic names. Knows no session, makes no I/O.
/// Thread safety: any thread. Readers (`match`, `pick_other`, the listings) lock only their own shard's mutex, so
/// they do not meet; writers take every shard's. `shard` is the calling shard's index, `guest()` on other threads.
class Router {
 public:
  explicit Router(const RouterSettings& settings);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Requires: `filter.filter` is valid (parse_filter), `subscription_id` at most 268,435,455.
  SubscribeResult subscribe(SessionRef session, const ParsedFilter& filter, SubscriptionOptions options,
                            std::uint32_t subscription_id);
  /// False: there was no such subscription.
  bool unsubscribe(SessionRef session, const ParsedFilter& filter);
  /// The end of a session: removes all its subscriptions, a few at a time, so that readers are held up only briefly.
  /// Returns how many there were.
  std::size_t unsubscribe_all(SessionRef session, std::span<const ParsedFilter> filters);
  /// A group prefers members whose client is attached; the others are chosen when no member is. New members are
  /// attached. For shared filters only.
  void set_attached(SessionRef session, const ParsedFilter& filter, bool attached);

  /// Puts one entry per matching subscription into `matches` (cleared first; the caller keeps it for the next call).
  /// A shared group yields one member. Subscriptions with No Local do not yield their own publisher [MQTT-3.8.3-3].
  /// Requires: `topic` is valid (check_topic_name). No allocation beyond the growth of `matches`; bounded stack.
  void match(std::size_t shard, std::string_view topic, SessionRef publisher, std::vector<Match>& matches) const;
  /// Another member for a message that its first choice will not serve; none when nobody else is left.
  [[nodiscard]] std::optional<Match> pick_other(std::size_t shard, GroupRef group, SessionRef publisher,
                                                std::span<const SessionRef> excluded) const;

  /// `$share/<group>/<filter>` or `$queue/<filter>`, the filter as it is matched; empty if the group is gone.
  [[nodiscard]] std::string group_text(std::size_t shard, GroupRef group) const;
  /// The inverse; none if there is no such group.
  [[nodiscard]] GroupRef find_group(std::size_t shard, std::string_view text) const;

  /// The slot for threads that are no shard.
  [[nodiscard]] std::size_t guest() const { return lock_.guest(); }

  using RouteListener = std::function<void(const RouteChange&)>;
  /// Called in the order of the changes, on the thread of some writer, with no lock held. Before the shards run.
  void on_route_change(RouteListener listener);

  [[nodiscard]] RouterStats stats() const;

  /// Routes whose filter begins with `prefix`, at most `limit` of them, from `cursor` on (0: the beginning). Returns
  /// the cursor to continue with, 0 at the end. Routes that exist throughout are seen exactly once; the table is
  /// locked for a bounded number of entries at a time and not while `visitor` runs. Not ordered.
  std::uint64_t visit_routes(std::size_t shard, std::string_view prefix, std::uint64_t cursor, std::size_t limit,
                             const std::function<void(const RouteInfo&)>& visitor) const;
  [[nodiscard]] std::optional<RouteInfo> find_route(std::size_t shard, std::string_view filter) const;
  /// Who subscribes to exactly this filter, shared or not; at most `limit` of them.
  [[nodiscard]] std::vector<SubscriberInfo> subscribers(std::size_t shard, std::string_view filter,
                                                        std::size_t limit) const;

 private:
  bool remove_one(SessionRef session, const ParsedFilter& filter);

  const PickStrategy strategy_;
  mutable ShardedLock lock_;
  FilterTable table_;  ///< under lock_
  ChangeFeed<RouteChange> changes_;
};

}  // namespace sluice::router
