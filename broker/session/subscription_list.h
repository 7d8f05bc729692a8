// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/api/types.h"
#include "shared/base/text_hash.h"

namespace sluice::session {

/// One subscription as its session remembers it.
struct OwnSubscription {
  std::string filter;  ///< as the client wrote it, prefixes included, not mounted
  std::uint32_t subscription_id = 0;
  SubscriptionOptions options;
};

/// The subscriptions of one session: a plain list while they are few, indexed when they are many.
/// Owner and thread: its session.
class SubscriptionList {
 public:
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

  [[nodiscard]] const OwnSubscription* find(std::string_view filter) const {
    const std::size_t at = position(filter);
    return at == kNone ? nullptr : items_[at].get();
  }
  /// Adds, or replaces the one with the same filter.
  void put(OwnSubscription subscription);
  /// False: there was none.
  bool erase(std::string_view filter);
  /// Takes one out, whichever; null when there is none.
  std::unique_ptr<OwnSubscription> take();

 private:
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr std::size_t kIndexFrom = 16;
  using Index = boost::unordered_flat_map<std::string_view, std::size_t, SharedTextHash>;

  [[nodiscard]] std::size_t position(std::string_view filter) const;

  std::vector<std::unique_ptr<OwnSubscription>> items_;  // their text must not move: the index points at it
  std::unique_ptr<Index> index_;
};

}  // namespace sluice::session
