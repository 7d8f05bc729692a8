// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "broker/mqtt/codec/property_table.h"
#include "shared/bytes/byte_reader.h"
#include "shared/bytes/byte_writer.h"

namespace sluice::mqtt {

/// One property as read from the wire: the members that its type uses are set.
struct Property {
  PropertyId id{};
  std::uint32_t number = 0;            ///< Byte, TwoByte, FourByte, Varint
  std::span<const std::byte> bytes{};  ///< String, Binary; of a pair, the value
  std::string_view name{};             ///< of a pair
  std::span<const std::byte> wire{};   ///< identifier and value

  [[nodiscard]] std::string_view text() const { return as_text(bytes); }
};

/// The properties of one packet in wire form, without their length [MQTT5 2.2.2]. A view: whoever made the bytes
/// (a frame, a PropertyBuilder's buffer) keeps them. Decoders validate before they make one; a view over other bytes
/// ends at the first property that is malformed.
class PropertiesView {
 public:
  class Iterator {
   public:
    using value_type = Property;
    using difference_type = std::ptrdiff_t;

    Iterator() = default;
    explicit Iterator(std::span<const std::byte> wire) : left_(wire) { advance(); }
    const Property& operator*() const { return property_; }
    const Property* operator->() const { return &property_; }
    Iterator& operator++() {
      advance();
      return *this;
    }
    void operator++(int) { advance(); }
    friend bool operator==(const Iterator& it, std::default_sentinel_t) { return it.done_; }

   private:
    void advance();

    std::span<const std::byte> left_;
    Property property_;
    bool done_ = true;
  };

  constexpr PropertiesView() = default;
  constexpr explicit PropertiesView(std::span<const std::byte> wire) : wire_(wire) {}

  [[nodiscard]] std::span<const std::byte> wire() const { return wire_; }
  [[nodiscard]] bool empty() const { return wire_.empty(); }
  [[nodiscard]] Iterator begin() const { return Iterator(wire_); }
  [[nodiscard]] std::default_sentinel_t end() const { return {}; }

  /// The first property with this identifier. Linear, which is cheap at the sizes there are; absent if not sent.
  [[nodiscard]] std::optional<Property> find(PropertyId id) const;
  [[nodiscard]] std::optional<std::uint32_t> number(PropertyId id) const;
  [[nodiscard]] std::optional<std::string_view> text(PropertyId id) const;
  [[nodiscard]] std::optional<std::span<const std::byte>> binary(PropertyId id) const;

 private:
  std::span<const std::byte> wire_;
};

/// Checks `wire` against the table: identifiers, scope, types, lengths, strings, values, duplicates.
[[nodiscard]] Errc validate_properties(std::span<const std::byte> wire, PropertyScope scope);

/// What the broker itself reads from a message's properties: PUBLISH and will.
struct MessageProperties {
  std::optional<std::uint32_t> expiry_seconds{};  ///< Message Expiry Interval
  std::uint32_t will_delay_seconds = 0;           ///< Will Delay Interval
  std::uint16_t topic_alias = 0;                  ///< 0: none
  bool payload_is_text = false;                   ///< Payload Format Indicator 1: the payload claims to be UTF-8
  bool has_subscription_ids = false;              ///< a client must not send them [MQTT-3.3.4-6]: not the codec's check
  /// The properties that travel with the message (see forwardable()), if they lie in one piece.
  std::span<const std::byte> forwardable{};
  bool forwardable_in_one_piece = true;
};

/// Validates like validate_properties() and reads, in one walk. `scope` is kInPublish or kInWill.
[[nodiscard]] Errc read_message_properties(std::span<const std::byte> wire, PropertyScope scope,
                                           MessageProperties& out);

/// Payload format, content type, response topic, correlation data and user properties, in the sender's order, in wire
/// form: what MessageParts::properties holds [MQTT-3.3.2-4, -15, -16, -17, -18, -20].
/// `scratch` is used only if other properties lie between them; the result lives as long as `wire` and `scratch`.
[[nodiscard]] std::span<const std::byte> forwardable(const MessageProperties& read, PropertiesView wire,
                                                     std::vector<std::byte>& scratch);

/// Writes properties in wire form behind what `out` holds. The type of each comes from the table: a call with the
/// wrong kind of value, or with a value that has no wire form, adds nothing and makes failed() true.
class PropertyBuilder {
 public:
  explicit PropertyBuilder(std::vector<std::byte>& out) : out_(out), start_(out.size()) {}

  PropertyBuilder& number(PropertyId id, std::uint32_t value);
  PropertyBuilder& text(PropertyId id, std::string_view value) { return binary(id, as_bytes(value)); }
  PropertyBuilder& binary(PropertyId id, std::span<const std::byte> value);
  PropertyBuilder& user(std::string_view name, std::string_view value);

  [[nodiscard]] bool failed() const { return failed_; }
  /// What this builder has written; valid until `out` changes.
  [[nodiscard]] PropertiesView view() const { return PropertiesView(std::span(out_).subspan(start_)); }

 private:
  std::vector<std::byte>& out_;
  std::size_t start_;
  bool failed_ = false;
};

}  // namespace sluice::mqtt
