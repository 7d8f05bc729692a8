// SPDX-License-Identifier: Apache-2.0
#include "broker/router/topic_trie.h"

#include <vector>

namespace sluice::router {

TopicTrie::TopicTrie(const TextHash& hash) : hash_(hash) { nodes_.acquire(); }

std::uint32_t TopicTrie::child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash) const {
  return child(parent, level, level_hash, [](std::uint32_t) {});
}

std::uint32_t TopicTrie::make_child(std::uint32_t parent, std::string_view level, std::uint64_t level_hash) {
  const std::uint32_t made = nodes_.acquire();
  nodes_[made].parent = parent;
  nodes_[made].level = BasicCompactString<10>(level);
  edges_.insert(hash_.within(parent, level_hash), made);
  ++nodes_[parent].children;
  return made;
}

TopicTrie::Place TopicTrie::insert(std::string_view filter) {
  std::uint32_t node = kRoot;
  for (LevelReader reader(filter); !reader.done();) {
    const std::string_view level = reader.next();
    if (level == "#") return {node, true};
    if (level == "+") {
      if (nodes_[node].plus == 0) {
        const std::uint32_t made = nodes_.acquire();
        nodes_[made].parent = node;
        nodes_[node].plus = made;
      }
      node = nodes_[node].plus;
      continue;
    }
    const std::uint64_t level_hash = hash_(level);
    const std::uint32_t next = child(node, level, level_hash);
    node = next != 0 ? next : make_child(node, level, level_hash);
  }
  return {node, false};
}

TopicTrie::Place TopicTrie::find(std::string_view filter) const {
  std::uint32_t node = kRoot;
  for (LevelReader reader(filter); node != 0 && !reader.done();) {
    const std::string_view level = reader.next();
    if (level == "#") return {node, true};
    node = level == "+" ? nodes_[node].plus : child(node, level, hash_(level));
  }
  return {node, false};
}

void TopicTrie::erase(Place place) {
  at(place) = 0;
  prune(place.node);
}

void TopicTrie::prune(std::uint32_t id) {
  while (id != kRoot) {
    Node& node = nodes_[id];
    if (node.own != 0 || node.hash != 0 || node.plus != 0 || node.children != 0) return;
    const std::uint32_t parent = node.parent;
    if (nodes_[parent].plus == id) {
      nodes_[parent].plus = 0;
    } else {
      edges_.erase(hash_.within(parent, hash_(node.level.view())), id);
      --nodes_[parent].children;
    }
    node = {};
    nodes_.release(id);
    id = parent;
  }
}

std::string TopicTrie::text(Place place) const {
  std::vector<std::string_view> levels;
  if (place.hash) levels.emplace_back("#");
  for (std::uint32_t id = place.node; id != kRoot; id = nodes_[id].parent) {
    levels.push_back(nodes_[nodes_[id].parent].plus == id ? std::string_view("+") : nodes_[id].level.view());
  }
  std::string filter;
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    if (level != levels.rbegin()) filter += '/';
    filter += *level;
  }
  return filter;
}

}  // namespace sluice::router
