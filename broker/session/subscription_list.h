// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_set.hpp>

#include "broker/api/types.h"
#include "shared/base/text_hash.h"

namespace sluice::session {

/// One subscription as its session remembers it.
struct OwnSubscription {
  std::string filter;  ///< as the client wrote it, prefixes included, not mounted
  std::uint32_t subscription_id = 0;
  SubscriptionOptions options;
  std::uint32_t place = 0;  ///< in its list; the list's own
};

/// The subscriptions of one session: a plain list while they are few, indexed when they are many.
/// Owner and thread: its session.
class SubscriptionList {
 public:
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] auto begin() const { return items_.begin(); }
  [[nodiscard]] auto end() const { return items_.end(); }

  [[nodiscard]] const OwnSubscription* find(std::string_view filter) const { return at(filter); }
  /// Adds, or replaces the one with the same filter.
  void put(OwnSubscription subscription);
  /// False: there was none.
  bool erase(std::string_view filter);
  /// Takes one out, whichever; null when there is none.
  std::unique_ptr<OwnSubscription> take();

 private:
  static constexpr std::size_t kIndexFrom = 16;
  struct Hash {
    using is_avalanching = void;
    using is_transparent = void;
    std::size_t operator()(std::string_view filter) const { return SharedTextHash()(filter); }
    std::size_t operator()(const OwnSubscription* item) const { return SharedTextHash()(item->filter); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(std::string_view filter, const OwnSubscription* item) const { return filter == item->filter; }
    bool operator()(const OwnSubscription* a, const OwnSubscription* b) const { return a->filter == b->filter; }
  };
  using Index = boost::unordered_flat_set<OwnSubscription*, Hash, Equal>;

  [[nodiscard]] OwnSubscription* at(std::string_view filter) const;

  std::vector<std::unique_ptr<OwnSubscription>> items_;
  std::unique_ptr<Index> index_;  ///< of items_; null while they are few
};

}  // namespace sluice::session
