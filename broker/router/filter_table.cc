// SPDX-License-Identifier: Apache-2.0
#include "broker/router/filter_table.h"

#include <array>

namespace sluice::router {
namespace {

/// Filters found are looked at a little later, when they have arrived from memory.
constexpr std::size_t kPending = 16;

}  // namespace

FilterTable::FilterTable() = default;

FilterId FilterTable::find(std::string_view filter) const {
  if (has_wildcards(filter)) {
    const TopicTrie::Place place = trie_.find(filter);
    return place.node == 0 ? 0 : trie_.at(place);
  }
  return exact_.find(hash_(filter), [&](FilterId id) { return entries_[id].name.view() == filter; });
}

FilterId FilterTable::find_or_make(std::string_view filter) {
  const bool wildcards = has_wildcards(filter);
  const TopicTrie::Place place = wildcards ? trie_.insert(filter) : TopicTrie::Place{};
  FilterId id = wildcards ? trie_.at(place) : find(filter);
  if (id != 0) return id;
  id = entries_.acquire();
  if (wildcards) {
    trie_.at(place) = id;
    entries_[id].place = place;
  } else {
    entries_[id].name = CompactString(filter);
    exact_.insert(hash_(filter), id);
  }
  ++filters_;
  return id;
}

void FilterTable::drop(FilterId id) {
  Entry& entry = entries_[id];
  if (entry.place.node != 0) {
    trie_.erase(entry.place);
  } else {
    exact_.erase(hash_(entry.name.view()), id);
  }
  entry = {};
  entries_.release(id);
  --filters_;
}

std::uint64_t FilterTable::group_hash(FilterId id, std::string_view name) const {
  return hash_.within(id, hash_(name));
}

std::uint32_t FilterTable::find_group(FilterId id, std::string_view name) const {
  return group_index_.find(group_hash(id, name), [&](std::uint32_t slot) {
    return groups_[slot].filter == id && groups_[slot].group->name() == name;
  });
}

std::uint32_t FilterTable::find_or_make_group(FilterId id, std::string_view name) {
  if (const std::uint32_t found = find_group(id, name); found != 0) return found;
  const std::uint32_t slot = groups_.acquire();
  Entry& entry = entries_[id];
  GroupSlot& made = groups_[slot];
  made.group = std::make_unique<SharedGroup>(name);
  ++made.generation;
  made.filter = id;
  made.next = entry.first_group;
  if (made.next != 0) groups_[made.next].previous = slot;
  entry.first_group = slot;
  ++entry.groups;
  group_index_.insert(group_hash(id, name), slot);
  return slot;
}

void FilterTable::drop_group(std::uint32_t slot) {
  GroupSlot& gone = groups_[slot];
  Entry& entry = entries_[gone.filter];
  group_index_.erase(group_hash(gone.filter, gone.group->name()), slot);
  if (gone.next != 0) groups_[gone.next].previous = gone.previous;
  (gone.previous != 0 ? groups_[gone.previous].next : entry.first_group) = gone.next;
  --entry.groups;
  gone.group.reset();
  gone.filter = gone.previous = gone.next = 0;
  groups_.release(slot);
}

FilterTable::Added FilterTable::add(const ParsedFilter& filter, const Subscriber& subscriber) {
  const FilterId id = find_or_make(filter.filter);
  const bool fresh = filter.shared ? groups_[find_or_make_group(id, filter.group)].group->put(subscriber)
                                   : entries_[id].subscribers.put(subscriber);
  if (!fresh) return {.replaced = true};
  Entry& entry = entries_[id];
  ++subscriptions_;
  if (filter.shared) ++shared_;
  Added added{.first = entry.total++ == 0};
  if (!filter.local) added.announced = entry.announced++ == 0;
  return added;
}

bool FilterTable::erase_subscriber(FilterId id, const ParsedFilter& filter, SessionRef session) {
  if (!filter.shared) return entries_[id].subscribers.erase(session, filter.local);
  const std::uint32_t slot = find_group(id, filter.group);
  if (slot == 0 || !groups_[slot].group->erase(session, filter.local)) return false;
  if (groups_[slot].group->members().size() == 0) drop_group(slot);
  return true;
}

FilterTable::Removed FilterTable::remove(const ParsedFilter& filter, SessionRef session) {
  const FilterId id = find(filter.filter);
  if (id == 0 || !erase_subscriber(id, filter, session)) return {};
  Entry& entry = entries_[id];
  --subscriptions_;
  if (filter.shared) --shared_;
  Removed removed{.existed = true};
  if (!filter.local) removed.withdrawn = --entry.announced == 0;
  if (--entry.total == 0) drop(id);
  return removed;
}

void FilterTable::set_attached(const ParsedFilter& filter, SessionRef session, bool attached) {
  const FilterId id = filter.shared ? find(filter.filter) : 0;
  const std::uint32_t slot = id != 0 ? find_group(id, filter.group) : 0;
  if (slot != 0) groups_[slot].group->set_attached(session, filter.local, attached);
}

void FilterTable::collect(const Entry& entry, SessionRef publisher, PickStrategy strategy,
                          std::vector<Match>& matches) const {
  for (const Subscriber& subscriber : entry.subscribers.items()) {
    if (subscriber.options.no_local && subscriber.session == publisher) continue;
    matches.push_back({subscriber.session, subscriber.options, subscriber.subscription_id(), {}});
  }
  for (std::uint32_t slot = entry.first_group; slot != 0; slot = groups_[slot].next) {
    const Subscriber& member = groups_[slot].group->pick(strategy, publisher);
    matches.push_back({member.session, member.options, member.subscription_id(), {slot, groups_[slot].generation}});
  }
}

std::size_t FilterTable::match(std::string_view topic, SessionRef publisher, PickStrategy strategy,
                               std::vector<Match>& matches) const {
  const std::uint64_t hash = hash_(topic);
  exact_.prefetch(hash);  // it will have arrived when the trie has been searched
  std::array<FilterId, kPending> pending;
  std::size_t count = 0;
  const auto collect_pending = [&] {
    for (std::size_t i = 0; i < count; ++i) collect(entries_[pending[i]], publisher, strategy, matches);
    count = 0;
  };
  const std::size_t visits = trie_.match(topic, [&](FilterId id) {
    if (count == kPending) collect_pending();
    entries_.prefetch(id);
    pending[count++] = id;
  });
  const FilterId exact = exact_.find(hash, [&](FilterId id) { return entries_[id].name.view() == topic; });
  if (exact != 0) collect(entries_[exact], publisher, strategy, matches);
  collect_pending();
  return visits;
}

std::optional<Match> FilterTable::pick_other(GroupRef group, PickStrategy strategy, SessionRef publisher,
                                             std::span<const SessionRef> excluded) const {
  if (group.slot == 0 || group.slot >= groups_.end()) return std::nullopt;
  const GroupSlot& slot = groups_[group.slot];
  if (slot.group == nullptr || slot.generation != group.generation) return std::nullopt;
  const Subscriber* member = slot.group->pick_other(strategy, publisher, excluded);
  if (member == nullptr) return std::nullopt;
  return Match{member->session, member->options, member->subscription_id(), group};
}

std::string FilterTable::group_text(GroupRef group) const {
  if (group.slot == 0 || group.slot >= groups_.end()) return {};
  const GroupSlot& slot = groups_[group.slot];
  if (slot.group == nullptr || slot.generation != group.generation) return {};
  const std::string filter = text(slot.filter);
  return to_text({.filter = filter, .group = slot.group->name(), .shared = true});
}

GroupRef FilterTable::group_of(const ParsedFilter& filter) const {
  const FilterId id = find(filter.filter);
  const std::uint32_t slot = id != 0 ? find_group(id, filter.group) : 0;
  return slot == 0 ? GroupRef{} : GroupRef{slot, groups_[slot].generation};
}

std::string FilterTable::text(FilterId id) const {
  const Entry& entry = entries_[id];
  return entry.place.node != 0 ? trie_.text(entry.place) : std::string(entry.name.view());
}

}  // namespace sluice::router
