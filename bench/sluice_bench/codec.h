// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::bench {

using Bytes = std::vector<std::uint8_t>;
using ByteView = std::span<const std::uint8_t>;

/// The client's half of MQTT, as far as a load generator needs it: every packet is encoded once and then only patched.
/// It is a separate, smaller codec than the broker's on purpose: a mistake in one does not hide in the other.
/// Pure functions; thread safety: distinct objects are independent.

/// Protocol level as it stands in CONNECT (MQTT 3.1: 3, 3.1.1: 4, 5.0: 5).
enum class Version : std::uint8_t { V31 = 3, V311 = 4, V5 = 5 };

enum class PacketType : std::uint8_t {
  Connect = 1,
  Connack,
  Publish,
  Puback,
  Pubrec,
  Pubrel,
  Pubcomp,
  Subscribe,
  Suback,
  Unsubscribe,
  Unsuback,
  Pingreq,
  Pingresp,
  Disconnect,
  Auth
};

struct ConnectFields {
  std::string client_id = {};
  std::string username = {};  ///< empty: none
  std::string password = {};  ///< empty: none
  std::uint16_t keep_alive = 300;
  bool clean = true;
  Version version = Version::V311;
};

/// Appends one packet to `out`.
void encode_connect(const ConnectFields& fields, Bytes& out);
void encode_subscribe(Version version, std::uint16_t id, std::span<const std::string> filters, std::uint8_t qos,
                      Bytes& out);
void encode_unsubscribe(Version version, std::uint16_t id, std::span<const std::string> filters, Bytes& out);

/// PUBACK, PUBREC, PUBREL or PUBCOMP with success; the same four bytes in every version.
std::array<std::uint8_t, 4> encode_ack(PacketType type, std::uint16_t id);

inline constexpr std::array<std::uint8_t, 2> kPingreq{0xC0, 0};
inline constexpr std::array<std::uint8_t, 2> kDisconnect{0xE0, 0};

/// One PUBLISH packet with places to patch.
struct PublishTemplate {
  Bytes bytes;
  std::size_t topic = 0;    ///< offset of the topic's first character
  std::size_t id = 0;       ///< offset of the packet id; 0 for QoS 0
  std::size_t payload = 0;  ///< offset of the payload
};
PublishTemplate encode_publish(Version version, std::string_view topic, std::uint8_t qos, bool retain,
                               std::size_t payload_size);

/// A packet in the receive buffer.
struct Frame {
  PacketType type{};
  std::uint8_t flags = 0;
  ByteView body;         ///< behind the fixed header
  std::size_t size = 0;  ///< whole packet
};
enum class FrameStatus : std::uint8_t { Complete, NeedMore, Malformed };
FrameStatus next_frame(ByteView input, Frame& frame);

struct PublishFields {
  std::uint8_t qos = 0;
  std::uint16_t id = 0;
  ByteView payload;
};
/// false: malformed.
bool decode_publish(const Frame& frame, Version version, PublishFields& fields);

struct ConnackFields {
  std::uint8_t code = 0;
  std::uint16_t receive_maximum = 65535;  ///< [MQTT-3.3.4-9]; 65535 before 5.0
};
bool decode_connack(const Frame& frame, Version version, ConnackFields& fields);

/// The packet id of PUBACK, PUBREC, PUBREL, PUBCOMP, SUBACK, UNSUBACK; 0 if there is none.
std::uint16_t decode_id(const Frame& frame);

/// Refusals among the return codes of SUBACK.
std::size_t count_refused(const Frame& frame, Version version);

}  // namespace sluice::bench
