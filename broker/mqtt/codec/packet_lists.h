// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string_view>
#include <vector>

#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "shared/bytes/byte_reader.h"

/// The lists inside SUBSCRIBE, UNSUBSCRIBE, SUBACK and UNSUBACK: ranges over their wire form, so that decoding
/// allocates nothing. Views; the lists that decoders hand out are valid as a whole, and a list over other bytes ends
/// where it becomes malformed.
namespace sluice::mqtt {

struct Subscription {
  std::string_view filter{};
  SubscriptionOptions options{};
};

/// [MQTT5 3.8.3.1]: QoS, No Local, Retain As Published, Retain Handling.
[[nodiscard]] constexpr std::uint8_t encode_options(const SubscriptionOptions& options) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(options.qos) | (options.no_local ? 4U : 0U) |
                                   (options.retain_as_published ? 8U : 0U) |
                                   (static_cast<unsigned>(options.retain_handling) << 4U));
}
[[nodiscard]] constexpr SubscriptionOptions decode_options(std::uint8_t byte) {
  return {.qos = static_cast<Qos>(byte & 3U),
          .no_local = (byte & 4U) != 0,
          .retain_as_published = (byte & 8U) != 0,
          .retain_handling = static_cast<RetainHandling>((byte >> 4U) & 3U)};
}

namespace detail {
[[nodiscard]] inline bool read_element(ByteReader& reader, std::string_view& filter) {
  std::span<const std::byte> block;
  if (!reader.read_block(block)) return false;
  filter = as_text(block);
  return true;
}
[[nodiscard]] inline bool read_element(ByteReader& reader, Subscription& subscription) {
  std::uint8_t options = 0;
  if (!read_element(reader, subscription.filter) || !reader.read_u8(options)) return false;
  subscription.options = decode_options(options);
  return true;
}
}  // namespace detail

/// A forward walk over elements that have a wire form of their own.
template <class Element>
class WireList {
 public:
  class Iterator {
   public:
    using value_type = Element;
    using difference_type = std::ptrdiff_t;

    explicit Iterator(std::span<const std::byte> wire) : reader_(wire) { advance(); }
    const Element& operator*() const { return element_; }
    const Element* operator->() const { return &element_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.done_; }

   private:
    void advance() { done_ = reader_.empty() || !detail::read_element(reader_, element_); }

    ByteReader reader_;
    Element element_{};
    bool done_ = false;
  };

  constexpr WireList() = default;
  constexpr explicit WireList(std::span<const std::byte> wire) : wire_(wire) {}

  [[nodiscard]] Iterator begin() const { return Iterator(wire_); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }
  [[nodiscard]] bool empty() const { return wire_.empty(); }
  [[nodiscard]] std::span<const std::byte> wire() const { return wire_; }
  /// Linear.
  [[nodiscard]] std::size_t count() const {
    std::size_t count = 0;
    for (auto it = begin(); it != end(); ++it) ++count;
    return count;
  }

 private:
  std::span<const std::byte> wire_;
};

using SubscriptionList = WireList<Subscription>;
using FilterList = WireList<std::string_view>;

/// Reason codes, one byte each.
class ReasonList {
 public:
  constexpr ReasonList() = default;
  constexpr explicit ReasonList(std::span<const std::byte> wire) : wire_(wire) {}
  explicit ReasonList(std::span<const Reason> reasons) : wire_(std::as_bytes(reasons)) {}

  [[nodiscard]] std::size_t size() const { return wire_.size(); }
  [[nodiscard]] bool empty() const { return wire_.empty(); }
  /// Requires: i < size().
  [[nodiscard]] Reason operator[](std::size_t i) const { return static_cast<Reason>(wire_[i]); }
  [[nodiscard]] std::span<const std::byte> wire() const { return wire_; }

 private:
  std::span<const std::byte> wire_;
};

/// For the client role: appends one element in wire form to a buffer that a SubscriptionList or FilterList then views.
/// False, and nothing appended, for a filter above 65,535 bytes.
bool append_subscription(std::vector<std::byte>& out, std::string_view filter, const SubscriptionOptions& options);
bool append_filter(std::vector<std::byte>& out, std::string_view filter);

}  // namespace sluice::mqtt
