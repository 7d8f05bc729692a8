// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/text_hash.h"

namespace sluice::mqtt {

/// Topics that the client has numbered [MQTT5 3.3.2.3.4]. One connection's; bounded by the maximum we announced.
class InboundAliases {
 public:
  explicit InboundAliases(std::uint16_t maximum) : maximum_(maximum) {}

  /// Resolves `topic` (empty: look up) and remembers it. False: the alias is out of range or unknown [MQTT-3.3.2-7].
  bool resolve(std::uint16_t alias, std::string_view& topic) {
    if (alias == 0 || alias > maximum_) return false;
    if (topics_.size() < alias) topics_.resize(alias);
    std::string& known = topics_[alias - 1U];
    if (!topic.empty()) {
      known = topic;
      return true;
    }
    topic = known;
    return !known.empty();
  }

 private:
  std::uint16_t maximum_;
  std::vector<std::string> topics_;
};

/// Topics that we have numbered for the client: the first ones it gets, as many as it allows.
class OutboundAliases {
 public:
  explicit OutboundAliases(std::uint16_t maximum) : maximum_(maximum) {}

  struct Use {
    std::uint16_t alias = 0;  ///< 0: none, send the topic
    bool known = false;       ///< the client has the topic already
  };
  Use use(std::string_view topic) {
    if (const auto found = aliases_.find(topic); found != aliases_.end()) return {found->second, true};
    if (aliases_.size() >= maximum_) return {};
    const auto alias = static_cast<std::uint16_t>(aliases_.size() + 1);
    aliases_.emplace(topic, alias);
    return {alias, false};
  }

 private:
  std::uint16_t maximum_;
  boost::unordered_flat_map<std::string, std::uint16_t, SharedTextHash, std::equal_to<>> aliases_;
};

}  // namespace sluice::mqtt
