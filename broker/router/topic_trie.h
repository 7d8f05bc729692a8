// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "broker/router/compact_string.h"
#include "broker/router/id_table.h"
#include "broker/router/slab.h"
#include "broker/router/topic_rules.h"
#include "shared/base/text_hash.h"

namespace sluice::router {

/// What a filter's place in the trie or in the map of exact filters carries; 0: nothing.
using FilterId = std::uint32_t;

/// The filters that have wildcards, as a tree of levels.
/// All edges live in one hash table keyed by (parent, level); a '#' is a number in its parent, a '+' a node that its
/// parent names. A node takes 32 bytes, its edge about 12.
/// Owner: FilterTable. Thread safety: as for a std::map.
class TopicTrie {
 public:
  /// `hash` outlives the trie.
  explicit TopicTrie(const TextHash& hash);
  TopicTrie(const TopicTrie&) = delete;
  TopicTrie& operator=(const TopicTrie&) = delete;

  /// Where a filter ends.
  struct Place {
    std::uint32_t node = 0;  ///< 0: nowhere
    bool hash = false;       ///< the '#' below the node
  };

  /// Makes the way to the filter. The place has to be given an id next.
  Place insert(std::string_view filter);
  [[nodiscard]] Place find(std::string_view filter) const;
  [[nodiscard]] FilterId& at(Place place) { return place.hash ? nodes_[place.node].hash : nodes_[place.node].own; }
  [[nodiscard]] FilterId at(Place place) const { return place.hash ? nodes_[place.node].hash : nodes_[place.node].own; }
  /// Takes the id off the place and removes what leads nowhere now.
  void erase(Place place);
  /// The filter that ends at the place.
  [[nodiscard]] std::string text(Place place) const;

  /// Calls `emit(FilterId)` for every filter that matches `topic`. Returns how many nodes were looked at: at most as
  /// many as the tree has, and at most 2^levels. Takes neither heap nor recursion.
  template <class Emit>
  std::size_t match(std::string_view topic, Emit&& emit) const;

 private:
  struct alignas(32) Node {
    std::uint32_t parent = 0;
    std::uint32_t plus = 0;      ///< the child '+'
    std::uint32_t children = 0;  ///< how many others there are
    FilterId own = 0;
    FilterId hash = 0;
    BasicCompactString<10> level;
  };
  static_assert(sizeof(Node) == 32);  // two to a cache line, none across two
  static constexpr std::uint32_t kRoot = 1;
  static constexpr std::size_t kSegments = 256;

  /// The topic's levels, cut and hashed only as far as the search goes.
  class Levels {
   public:
    Levels(std::string_view topic, const TextHash& hash) : topic_(topic), reader_(topic), hash_(hash) {}
    /// False: the topic has no level `index`. Requires: index at most kTopicLevelsCeiling + 1.
    bool reach(std::size_t index) {
      while (count_ <= index) {
        if (reader_.done()) return false;
        const std::string_view level = reader_.next();
        pieces_[count_++] = {hash_(level), static_cast<std::uint32_t>(level.data() - topic_.data()),
                             static_cast<std::uint32_t>(level.size())};
      }
      return true;
    }
    [[nodiscard]] std::string_view text(std::size_t index) const {
      return {topic_.data() + pieces_[index].from, pieces_[index].size};
    }
    [[nodiscard]] std::uint64_t hash(std::size_t index) const { return pieces_[index].hash; }

   private:
    struct Piece {
      std::uint64_t hash;
      std::uint32_t from;
      std::uint32_t size;
    };
    std::string_view topic_;
    LevelReader reader_;
    const TextHash& hash_;
    std::size_t count_ = 0;
    std::array<Piece, kTopicLevelsCeiling + 2> pieces_;  // filled as far as count_ only
  };

  /// `meanwhile(id)` is called for a child found but not yet looked at.
  template <class Meanwhile>
  [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash,
                                    Meanwhile&& meanwhile) const;
  [[nodiscard]] std::uint32_t child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash) const;
  std::uint32_t make_child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash);
  void prune(std::uint32_t node);

  const TextHash& hash_;
  Slab<Node> nodes_;
  IdTable edges_{kSegments};
};

template <class Meanwhile>
std::uint32_t TopicTrie::child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash,
                               Meanwhile&& meanwhile) const {
  return edges_.find(hash_.within(parent, level_hash), [&](std::uint32_t candidate) {
    meanwhile(candidate);
    const Node& node = nodes_[candidate];
    return node.parent == parent && node.level.view() == level;
  });
}

template <class Emit>
std::size_t TopicTrie::match(std::string_view topic, Emit&& emit) const {
  struct Step {
    std::uint32_t node;
    std::uint32_t depth;
  };
  // A node is replaced by at most two that are one level deeper: never more wait than the tree is deep, plus one.
  std::array<Step, kTopicLevelsCeiling + 2> waiting;
  std::size_t count = 0;
  std::size_t visits = 0;
  Levels levels(topic, hash_);
  waiting[count++] = {kRoot, 0};
  while (count != 0) {
    const Step step = waiting[--count];
    const Node& node = nodes_[step.node];
    const bool wildcards = step.depth != 0 || !is_dollar_topic(topic);
    ++visits;
    if (node.hash != 0 && wildcards) emit(node.hash);
    if (!levels.reach(step.depth)) {
      if (node.own != 0) emit(node.own);
      continue;
    }
    // Where a node's edge stands depends on its id only: fetch it while the node itself is on its way from memory.
    const auto expect = [&](std::uint32_t id) {
      if (levels.reach(step.depth + 1)) edges_.prefetch(hash_.within(id, levels.hash(step.depth + 1)));
    };
    if (node.plus != 0 && wildcards) {
      expect(node.plus);
      waiting[count++] = {node.plus, step.depth + 1};
    }
    if (node.children == 0) continue;
    const std::uint32_t next = child(step.node, levels.text(step.depth), levels.hash(step.depth), expect);
    if (next != 0) waiting[count++] = {next, step.depth + 1};
  }
  return visits;
}

}  // namespace sluice::router
