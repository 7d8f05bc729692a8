// SPDX-License-Identifier: Apache-2.0
#include "broker/router/router.h"

#include <algorithm>
#include <utility>

#include "broker/router/router_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::router {
namespace {

/// Writers let readers in after so many changes.
constexpr std::size_t kChangesPerLock = 64;
/// Listings let writers in after so many entries.
constexpr std::uint64_t kEntriesPerLock = 512;
/// Ordinary topics look at a handful of nodes: at most 2^levels, however many filters there are.
constexpr std::size_t kManyVisits = 8192;

const RouterProbe& probe() {
  static const RouterProbe counters;
  return counters;
}

void note_expensive(std::string_view topic, std::size_t visits) {
  static log::RateLimit limit(1);
  probe().expensive.add();
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("router").warn(
      "expensive match: topic={} compared={}; look for clients with many '+' filters of this depth "
      "(mqtt.session.max_subscriptions limits them) ({} like this not shown)",
      log::loggable(topic), visits, hushed);
}

/// Keeps the gauges in step with the table while a writer works.
class Tally {
 public:
  explicit Tally(const FilterTable& table) : table_(table), before_(read(table)) {}
  ~Tally() {
    const Numbers after = read(table_);
    move(probe().routes, before_.filters, after.filters);
    move(probe().topics, before_.filters, after.filters);
    move(probe().subscriptions, before_.subscriptions, after.subscriptions);
    move(probe().shared, before_.shared, after.shared);
  }
  Tally(const Tally&) = delete;
  Tally& operator=(const Tally&) = delete;

 private:
  struct Numbers {
    std::int64_t filters;
    std::int64_t subscriptions;
    std::int64_t shared;
  };
  static Numbers read(const FilterTable& table) {
    return {static_cast<std::int64_t>(table.filters()), static_cast<std::int64_t>(table.subscriptions()),
            static_cast<std::int64_t>(table.shared())};
  }
  static void move(const metrics::Gauge& gauge, std::int64_t from, std::int64_t to) {
    if (from != to) gauge.add(to - from);
  }

  const FilterTable& table_;
  const Numbers before_;
};

}  // namespace

Router::Router(const RouterSettings& settings) : strategy_(settings.shared_strategy), lock_(settings.shards) {
  probe();
}

Router::~Router() {
  probe().routes.add(-static_cast<std::int64_t>(table_.filters()));
  probe().topics.add(-static_cast<std::int64_t>(table_.filters()));
  probe().subscriptions.add(-static_cast<std::int64_t>(table_.subscriptions()));
  probe().shared.add(-static_cast<std::int64_t>(table_.shared()));
}

SubscribeResult Router::subscribe(SessionRef session, const ParsedFilter& filter, SubscriptionOptions options,
                                  std::uint32_t subscription_id) {
  FilterTable::Added added;
  {
    const ShardedLock::Exclusive guard(lock_);
    const Tally tally(table_);
    added = table_.add(filter, Subscriber(session, options, subscription_id, filter.local));
    if (added.announced) changes_.record({RouteChange::Kind::Added, std::string(filter.filter)});
  }
  changes_.deliver();
  return {added.replaced, added.first};
}

bool Router::remove_one(SessionRef session, const ParsedFilter& filter) {
  const FilterTable::Removed removed = table_.remove(filter, session);
  if (removed.withdrawn) changes_.record({RouteChange::Kind::Removed, std::string(filter.filter)});
  return removed.existed;
}

bool Router::unsubscribe(SessionRef session, const ParsedFilter& filter) {
  return unsubscribe_all(session, {&filter, 1}) == 1;
}

std::size_t Router::unsubscribe_all(SessionRef session, std::span<const ParsedFilter> filters) {
  std::size_t existed = 0;
  while (!filters.empty()) {
    const auto some = filters.first(std::min(filters.size(), kChangesPerLock));
    {
      const ShardedLock::Exclusive guard(lock_);
      const Tally tally(table_);
      for (const ParsedFilter& filter : some) existed += remove_one(session, filter) ? 1 : 0;
    }
    changes_.deliver();
    filters = filters.subspan(some.size());
  }
  return existed;
}

void Router::set_attached(SessionRef session, const ParsedFilter& filter, bool attached) {
  if (!filter.shared) return;
  const ShardedLock::Exclusive guard(lock_);
  table_.set_attached(filter, session, attached);
}

void Router::match(std::size_t shard, std::string_view topic, SessionRef publisher, std::vector<Match>& matches) const {
  matches.clear();
  std::size_t visits = 0;
  {
    const ShardedLock::Shared guard(lock_, shard);
    visits = table_.match(topic, publisher, strategy_, matches);
  }
  if (visits > kManyVisits) [[unlikely]] {
    note_expensive(topic, visits);
  }
}

std::optional<Match> Router::pick_other(std::size_t shard, GroupRef group, SessionRef publisher,
                                        std::span<const SessionRef> excluded) const {
  const ShardedLock::Shared guard(lock_, shard);
  return table_.pick_other(group, strategy_, publisher, excluded);
}

std::string Router::group_text(std::size_t shard, GroupRef group) const {
  const ShardedLock::Shared guard(lock_, shard);
  return table_.group_text(group);
}

GroupRef Router::find_group(std::size_t shard, std::string_view text) const {
  const auto parsed = parse_filter(text, kTopicLevelsCeiling);
  if (!parsed || !parsed->shared) return {};
  const ShardedLock::Shared guard(lock_, shard);
  return table_.group_of(*parsed);
}

void Router::on_route_change(RouteListener listener) { changes_.listen(std::move(listener)); }

RouterStats Router::stats() const {
  const ShardedLock::Shared guard(lock_, lock_.guest());
  return {table_.filters(), table_.subscriptions(), table_.shared(), table_.groups()};
}

std::uint64_t Router::visit_routes(std::size_t shard, std::string_view prefix, std::uint64_t cursor, std::size_t limit,
                                   const std::function<void(const RouteInfo&)>& visitor) const {
  std::vector<RouteInfo> found;
  std::uint64_t next = std::max<std::uint64_t>(cursor, 1);
  bool ended = false;
  while (!ended && limit != 0) {
    {
      const ShardedLock::Shared guard(lock_, shard);
      const std::uint64_t stop = std::min<std::uint64_t>(next + kEntriesPerLock, table_.end_id());
      for (; next < stop && found.size() < limit; ++next) {
        const auto id = static_cast<FilterId>(next);
        if (table_.subscriptions_of(id) == 0) continue;
        RouteInfo info{table_.text(id), table_.subscriptions_of(id), table_.groups_of(id)};
        if (info.filter.starts_with(prefix)) found.push_back(std::move(info));
      }
      ended = next >= table_.end_id();
    }
    for (const RouteInfo& info : found) visitor(info);
    limit -= found.size();
    found.clear();
  }
  return ended ? 0 : next;
}

std::optional<RouteInfo> Router::find_route(std::size_t shard, std::string_view filter) const {
  const ShardedLock::Shared guard(lock_, shard);
  const FilterId id = table_.find(filter);
  if (id == 0) return std::nullopt;
  return RouteInfo{std::string(filter), table_.subscriptions_of(id), table_.groups_of(id)};
}

std::vector<SubscriberInfo> Router::subscribers(std::size_t shard, std::string_view filter, std::size_t limit) const {
  std::vector<SubscriberInfo> found;
  const ShardedLock::Shared guard(lock_, shard);
  const FilterId id = table_.find(filter);
  if (id == 0 || limit == 0) return found;
  table_.for_each_subscriber(id, [&](const Subscriber& subscriber, const SharedGroup* group) {
    const ParsedFilter written{filter, group != nullptr ? group->name() : std::string_view(), group != nullptr,
                               subscriber.local()};
    found.push_back({subscriber, to_text(written)});
    return found.size() < limit;
  });
  return found;
}

}  // namespace sluice::router
