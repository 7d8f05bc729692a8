// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/message.h"
#include "broker/router/id_table.h"
#include "broker/router/slab.h"
#include "shared/base/clock.h"

namespace sluice::retainer {

/// Where a scan of one index continues: the first topic that it has not looked at. Empty: the beginning.
struct IndexCursor {
  std::string from;
};

/// Retained messages by topic: a hash table for one topic, an order for wildcards.
/// The order compares topics level by level ('/' sorts first), so all topics below one stand together: a wildcard
/// look-up jumps from one candidate to the next, and can go on later from any topic, whatever has changed meanwhile.
/// Topics are read from the messages themselves; beside its message an entry takes about 77 bytes.
/// Owner: Retainer, which locks it. Thread safety: as for a std::map. Callers hash the topics, all with one hash.
class RetainedIndex {
 public:
  RetainedIndex() : ordered_(Order{&items_}) {}
  RetainedIndex(const RetainedIndex&) = delete;
  RetainedIndex& operator=(const RetainedIndex&) = delete;

  struct Item {
    MessagePtr message;
    UnixMillis expires_at = 0;  ///< 0: never

    [[nodiscard]] bool expired(UnixMillis now) const { return expires_at != 0 && now >= expires_at; }
  };

  [[nodiscard]] std::size_t size() const { return table_.size(); }
  /// Null: none. Valid until the index changes.
  [[nodiscard]] const Item* find(std::uint64_t hash, std::string_view topic) const;
  /// Returns the message that was there for the topic.
  MessagePtr replace(std::uint64_t hash, Item item);
  /// Requires: nothing is there for the topic.
  void insert(std::uint64_t hash, Item item);
  /// Returns what was there; null: nothing.
  MessagePtr erase(std::uint64_t hash, std::string_view topic);

  /// Appends messages that match until `out` has `max` of them or `steps` is used up. True: the end was reached; else
  /// the cursor tells where to go on. A step costs a fraction of a microsecond.
  bool scan(std::string_view filter, UnixMillis now, IndexCursor& cursor, std::size_t max, std::size_t& steps,
            std::vector<MessagePtr>& out) const;

  /// Looks at up to `count` entries for expired ones, from where the last call ended. Returns how many it looked at;
  /// fewer than `count`: the end was reached, and the next call starts over.
  std::size_t find_expired(UnixMillis now, std::size_t count, std::vector<MessagePtr>& expired);

 private:
  using Items = router::Slab<Item>;
  struct Order {
    using is_transparent = void;
    const Items* items;

    [[nodiscard]] std::string_view topic(std::uint32_t id) const { return (*items)[id].message->topic(); }
    bool operator()(std::uint32_t a, std::uint32_t b) const { return less(topic(a), topic(b)); }
    bool operator()(std::uint32_t a, std::string_view b) const { return less(topic(a), b); }
    bool operator()(std::string_view a, std::uint32_t b) const { return less(a, topic(b)); }
    static bool less(std::string_view a, std::string_view b);
  };
  using Ordered = std::set<std::uint32_t, Order>;
  static constexpr std::size_t kSegments = 64;

  [[nodiscard]] std::uint32_t find_id(std::uint64_t hash, std::string_view topic) const;
  [[nodiscard]] std::string_view topic_at(Ordered::const_iterator at) const { return items_[*at].message->topic(); }
  Ordered::const_iterator seek(Ordered::const_iterator at, std::string_view key, std::size_t& steps) const;
  void note_expiry(UnixMillis expires_at, int count);

  Items items_;
  router::IdTable table_{kSegments};
  Ordered ordered_;
  std::size_t expiring_ = 0;  ///< entries that expire at all
  std::uint32_t swept_ = 1;   ///< where find_expired goes on
};

}  // namespace sluice::retainer
