// SPDX-License-Identifier: Apache-2.0
#include "broker/router/shared_group.h"

#include <algorithm>
#include <random>

namespace sluice::router {
namespace {

std::uint32_t random_number() {
  thread_local std::minstd_rand generator{std::random_device{}()};
  return static_cast<std::uint32_t>(generator());
}

std::uint64_t spread(SessionRef publisher) {
  std::uint64_t mixed = (std::uint64_t{publisher.generation} << 32) | publisher.slot;
  mixed *= 0x9E37'79B9'7F4A'7C15;
  return mixed ^ (mixed >> 32);
}

}  // namespace

std::optional<PickStrategy> parse_pick_strategy(std::string_view name) {
  if (name == "round_robin") return PickStrategy::RoundRobin;
  if (name == "random") return PickStrategy::Random;
  if (name == "sticky") return PickStrategy::Sticky;
  if (name == "hash") return PickStrategy::Hash;
  return std::nullopt;
}

bool SharedGroup::put(const Subscriber& member) {
  const std::size_t at = members_.find(member.session, member.local());
  if (at != SubscriberTable::kNone) {
    members_.replace(at, member);
    return false;
  }
  members_.add(member);
  members_.exchange(attached_, members_.size() - 1);
  ++attached_;
  return true;
}

bool SharedGroup::erase(SessionRef session, bool local) {
  set_attached(session, local, false);
  const std::size_t at = members_.find(session, local);
  if (at == SubscriberTable::kNone) return false;
  members_.remove(at);
  return true;
}

void SharedGroup::set_attached(SessionRef session, bool local, bool attached) {
  const std::size_t at = members_.find(session, local);
  if (at == SubscriberTable::kNone || attached == (at < attached_)) return;
  if (attached) {
    members_.exchange(at, attached_++);
  } else {
    members_.exchange(at, --attached_);
  }
}

std::size_t SharedGroup::choose(PickStrategy strategy, SessionRef publisher, std::size_t among) const {
  switch (strategy) {
    case PickStrategy::RoundRobin:
      return turn_.fetch_add(1, std::memory_order_relaxed) % among;
    case PickStrategy::Random:
      return random_number() % among;
    case PickStrategy::Hash:
      return spread(publisher) % among;
    case PickStrategy::Sticky:
      break;
  }
  return 0;
}

const Subscriber& SharedGroup::pick(PickStrategy strategy, SessionRef publisher) const {
  return members_.items()[choose(strategy, publisher, attached_ != 0 ? attached_ : members_.size())];
}

const Subscriber* SharedGroup::pick_other(PickStrategy strategy, SessionRef publisher,
                                          std::span<const SessionRef> excluded) const {
  const auto search = [&](std::size_t from, std::size_t count) -> const Subscriber* {
    if (count == 0) return nullptr;
    const auto candidates = members_.items().subspan(from, count);
    const std::size_t start = choose(strategy, publisher, count);
    for (std::size_t i = 0; i < count; ++i) {
      const Subscriber& candidate = candidates[(start + i) % count];
      if (std::find(excluded.begin(), excluded.end(), candidate.session) == excluded.end()) return &candidate;
    }
    return nullptr;
  };
  const Subscriber* found = search(0, attached_);
  return found != nullptr ? found : search(attached_, members_.size() - attached_);
}

}  // namespace sluice::router
