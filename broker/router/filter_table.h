// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/router/compact_string.h"
#include "broker/router/id_table.h"
#include "broker/router/shared_group.h"
#include "broker/router/slab.h"
#include "broker/router/subscriber_set.h"
#include "broker/router/subscription.h"
#include "broker/router/topic_rules.h"
#include "broker/router/topic_trie.h"
#include "shared/base/text_hash.h"

namespace sluice::router {

/// All filters with their subscribers: the router without its lock.
/// Filters without wildcards are found by one hash look-up of the whole topic, the others through the trie.
/// Owner: Router. Thread safety: as for a std::map.
class FilterTable {
 public:
  FilterTable();
  FilterTable(const FilterTable&) = delete;
  FilterTable& operator=(const FilterTable&) = delete;

  struct Added {
    bool replaced = false;   ///< the subscription existed
    bool first = false;      ///< of the filter
    bool announced = false;  ///< the first of the filter that is not local
  };
  Added add(const ParsedFilter& filter, const Subscriber& subscriber);

  struct Removed {
    bool existed = false;
    bool withdrawn = false;  ///< the last of the filter that is not local
  };
  Removed remove(const ParsedFilter& filter, SessionRef session);
  void set_attached(const ParsedFilter& filter, SessionRef session, bool attached);

  /// Appends to `matches`; see Router::match. Returns how many trie nodes were looked at.
  std::size_t match(std::string_view topic, SessionRef publisher, PickStrategy strategy,
                    std::vector<Match>& matches) const;
  [[nodiscard]] std::optional<Match> pick_other(GroupRef group, PickStrategy strategy, SessionRef publisher,
                                                std::span<const SessionRef> excluded) const;

  /// As a client would write it; empty if the group is gone.
  [[nodiscard]] std::string group_text(GroupRef group) const;
  [[nodiscard]] GroupRef group_of(const ParsedFilter& filter) const;

  /// Ids from 1 up to end_id(), not all of them in use.
  [[nodiscard]] FilterId end_id() const { return entries_.end(); }
  [[nodiscard]] FilterId find(std::string_view filter) const;
  /// Requires: id below end_id(). Zero for one that is not in use.
  [[nodiscard]] std::size_t subscriptions_of(FilterId id) const { return entries_[id].total; }
  [[nodiscard]] std::size_t groups_of(FilterId id) const { return entries_[id].groups; }
  [[nodiscard]] std::string text(FilterId id) const;

  /// Calls `visit(subscriber, group)` for each subscriber of a filter until it returns false; group is null for plain
  /// subscriptions.
  template <class Visit>
  void for_each_subscriber(FilterId id, Visit&& visit) const;

  [[nodiscard]] std::size_t filters() const { return filters_; }
  [[nodiscard]] std::size_t subscriptions() const { return subscriptions_; }
  [[nodiscard]] std::size_t shared() const { return shared_; }
  [[nodiscard]] std::size_t groups() const { return group_index_.size(); }

 private:
  struct alignas(64) Entry {
    CompactString name;             ///< of an exact filter; a wildcard filter's is read off the trie
    TopicTrie::Place place;         ///< of a wildcard filter
    std::uint32_t first_group = 0;  ///< a chain through groups_
    std::uint32_t groups = 0;
    std::uint32_t total = 0;      ///< subscriptions, members of groups included
    std::uint32_t announced = 0;  ///< those that are not local
    SubscriberSet subscribers;
  };
  struct GroupSlot {
    std::unique_ptr<SharedGroup> group;  ///< null: the slot is free
    std::uint32_t generation = 0;
    FilterId filter = 0;
    std::uint32_t previous = 0;
    std::uint32_t next = 0;
  };
  static constexpr std::size_t kSegments = 256;

  FilterId find_or_make(std::string_view filter);
  void drop(FilterId id);
  [[nodiscard]] std::uint64_t group_hash(FilterId id, std::string_view name) const;
  [[nodiscard]] std::uint32_t find_group(FilterId id, std::string_view name) const;
  std::uint32_t find_or_make_group(FilterId id, std::string_view name);
  void drop_group(std::uint32_t slot);
  bool erase_subscriber(FilterId id, const ParsedFilter& filter, SessionRef session);
  void collect(const Entry& entry, SessionRef publisher, PickStrategy strategy, std::vector<Match>& matches) const;

  TextHash hash_;
  Slab<Entry> entries_;
  IdTable exact_{kSegments};
  TopicTrie trie_{hash_};  ///< refers to hash_
  Slab<GroupSlot> groups_;
  IdTable group_index_{kSegments};
  std::size_t filters_ = 0;
  std::size_t subscriptions_ = 0;
  std::size_t shared_ = 0;
};

template <class Visit>
void FilterTable::for_each_subscriber(FilterId id, Visit&& visit) const {
  const SharedGroup* none = nullptr;
  for (const Subscriber& subscriber : entries_[id].subscribers.items()) {
    if (!visit(subscriber, none)) return;
  }
  for (std::uint32_t slot = entries_[id].first_group; slot != 0; slot = groups_[slot].next) {
    const SharedGroup* group = groups_[slot].group.get();
    for (const Subscriber& subscriber : group->members().items()) {
      if (!visit(subscriber, group)) return;
    }
  }
}

}  // namespace sluice::router
