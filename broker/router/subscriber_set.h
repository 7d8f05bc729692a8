// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <variant>
#include <vector>

#include "broker/router/id_table.h"
#include "broker/router/subscription.h"

namespace sluice::router {

/// Any number of subscribers, found by (session, local): a plain search while they are few, an index beyond.
/// Adding and removing cost the same however many there are. Removing changes the order.
class SubscriberTable {
 public:
  static constexpr std::size_t kNone = ~std::size_t{0};

  [[nodiscard]] std::span<const Subscriber> items() const { return items_; }
  [[nodiscard]] std::size_t size() const { return items_.size(); }
  [[nodiscard]] std::size_t find(SessionRef session, bool local) const;

  /// Requires: not there.
  void add(const Subscriber& subscriber);
  void replace(std::size_t position, const Subscriber& subscriber) { items_[position] = subscriber; }
  /// The last one takes the place that becomes free.
  void remove(std::size_t position);
  void exchange(std::size_t a, std::size_t b);

 private:
  static constexpr std::size_t kIndexFrom = 33;

  static std::uint64_t hash(const Subscriber& subscriber) { return hash(subscriber.session, subscriber.local()); }
  static std::uint64_t hash(SessionRef session, bool local);
  static std::uint32_t id(std::size_t position) { return static_cast<std::uint32_t>(position + 1); }

  std::vector<Subscriber> items_;
  std::unique_ptr<IdTable> index_;  ///< ids are positions + 1
};

/// The subscribers of a filter: usually one, kept in place.
class SubscriberSet {
 public:
  [[nodiscard]] std::span<const Subscriber> items() const {
    if (const auto* one = std::get_if<Subscriber>(&content_)) return {one, 1};
    if (const auto* many = std::get_if<Many>(&content_)) return (*many)->items();
    return {};
  }

  /// True if it is new; else the older one is replaced.
  bool put(const Subscriber& subscriber);
  /// False: not there.
  bool erase(SessionRef session, bool local);

 private:
  using Many = std::unique_ptr<SubscriberTable>;
  std::variant<std::monostate, Subscriber, Many> content_;
};

}  // namespace sluice::router
