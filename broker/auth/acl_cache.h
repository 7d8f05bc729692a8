// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/auth/acl.h"
#include "shared/base/clock.h"

namespace sluice::auth {

/// Decisions of one client, remembered for a while (`mqtt.cache_acl`, `mqtt.acl_cache_size`, `mqtt.acl_cache_ttl`).
/// When it is full, the oldest decision makes room.
/// Owner: ClientAccess. Thread: its shard.
class AclCache {
 public:
  AclCache(std::uint32_t capacity, Duration ttl) : capacity_(capacity), ttl_(ttl) {}

  [[nodiscard]] std::optional<bool> find(Action action, std::string_view topic, TimePoint now) const;
  void put(Action action, std::string_view topic, bool allowed, TimePoint now);
  void clear();
  /// Forgets what was decided about one topic.
  void clear(std::string_view topic);
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    TimePoint expires;
    std::size_t hash;
    std::string topic;
    Action action;
    bool allowed;
  };

  std::vector<Entry> entries_;  ///< a ring once it is full
  std::uint32_t next_ = 0;      ///< the oldest, once it is full
  std::uint32_t capacity_;
  Duration ttl_;
};

}  // namespace sluice::auth
