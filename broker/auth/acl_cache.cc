// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl_cache.h"

#include <functional>

namespace sluice::auth {

namespace {

std::size_t hash_of(std::string_view topic) { return std::hash<std::string_view>{}(topic); }

}  // namespace

std::optional<bool> AclCache::find(Action action, std::string_view topic, TimePoint now) const {
  const std::size_t hash = hash_of(topic);
  for (const Entry& entry : entries_) {
    if (entry.hash == hash && entry.action == action && now < entry.expires && entry.topic == topic) {
      return entry.allowed;
    }
  }
  return std::nullopt;
}

void AclCache::put(Action action, std::string_view topic, bool allowed, TimePoint now) {
  if (capacity_ == 0) return;
  Entry entry{now + ttl_, hash_of(topic), std::string(topic), action, allowed};
  for (Entry& old : entries_) {
    if (old.hash == entry.hash && old.action == action && old.topic == topic) {
      old = std::move(entry);
      return;
    }
  }
  if (entries_.size() < capacity_) {
    entries_.push_back(std::move(entry));
    return;
  }
  next_ %= capacity_;
  entries_[next_++] = std::move(entry);
}

void AclCache::clear() {
  entries_.clear();
  next_ = 0;
}

void AclCache::clear(std::string_view topic) {
  for (Entry& entry : entries_) {
    if (entry.topic == topic) entry.expires = TimePoint::min();
  }
}

}  // namespace sluice::auth
