// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/mqtt_packets.h"

namespace sluice::test {

/// What ends a script: the broker did something else than the test says, or nothing at all.
class ScriptError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Property {
  Prop id{};
  std::uint32_t number = 0;  ///< numeric kinds
  Bytes content;             ///< text and binary; the value of a user property
  Bytes name;                ///< user property only
};

/// A packet that a server sent.
struct Packet {
  Type type{};
  unsigned flags = 0;
  Bytes raw;                         ///< the whole packet
  unsigned packet_id = 0;            ///< 0 where there is none
  bool session_present = false;      ///< CONNACK
  unsigned reason = 0;               ///< CONNACK, acknowledgements, DISCONNECT, AUTH; 0 where left out
  std::vector<unsigned> reasons;     ///< SUBACK, UNSUBACK
  Bytes topic;                       ///< PUBLISH
  Bytes payload;                     ///< PUBLISH
  std::vector<Property> properties;  ///< in their order

  [[nodiscard]] unsigned qos() const { return flags >> 1 & 3; }
  [[nodiscard]] bool dup() const { return (flags & 8) != 0; }
  [[nodiscard]] bool retain() const { return (flags & 1) != 0; }
  [[nodiscard]] bool has(Prop id) const;
  /// The value of a property that may be left out.
  [[nodiscard]] std::optional<std::uint32_t> number(Prop id) const;
  [[nodiscard]] std::optional<Bytes> text(Prop id) const;
  [[nodiscard]] std::vector<std::uint32_t> subscription_ids() const;
  [[nodiscard]] std::vector<std::pair<Bytes, Bytes>> user_properties() const;
  [[nodiscard]] std::string describe() const;
};

/// Size of the packet that starts `bytes`, nullopt while its fixed header is not complete. Throws ScriptError for a
/// remaining length that no packet can have.
[[nodiscard]] std::optional<std::size_t> packet_size(std::string_view bytes);

/// Reads one whole packet that a server sent and checks everything about its form: fixed header flags, lengths,
/// UTF-8, which properties may be there and how often, which reason codes exist for the packet. Throws ScriptError.
[[nodiscard]] Packet decode(Bytes raw, int version);

}  // namespace sluice::test
