// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "broker/mqtt/codec/packet.h"
#include "shared/base/result.h"

/// Packets to bytes, for the server's and the client's role. Each function appends one packet to `out`, which the
/// caller owns and may use again, and does not look at what stands before it.
/// Failure: FieldTooLong or PacketTooLarge when a field or the packet has no wire form; `out` is then as it was.
/// Reason codes that are not legal in a packet are replaced by one that is (legal_reason() in reason_code.h).
/// The messages of the data path are written by publish_template.h instead. Pure; any thread.
namespace sluice::mqtt {

ErrorCode encode(const Packet& packet, ProtocolVersion version, std::vector<std::byte>& out);

/// The version is the packet's own.
ErrorCode encode(const ConnectPacket& packet, std::vector<std::byte>& out);
ErrorCode encode(const ConnackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PublishView& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PubrecPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PubrelPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PubcompPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const SubscribePacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const SubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const UnsubscribePacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const UnsubackPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PingreqPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const PingrespPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
ErrorCode encode(const DisconnectPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);
/// Requires: version V5.
ErrorCode encode(const AuthPacket& packet, ProtocolVersion version, std::vector<std::byte>& out);

/// PUBACK, PUBREC, PUBREL or PUBCOMP with Success and without properties: four bytes in every version.
[[nodiscard]] constexpr std::array<std::byte, 4> short_ack(PacketType type, PacketId packet_id) {
  const unsigned flags = type == PacketType::Pubrel ? 2U : 0U;
  return {static_cast<std::byte>((static_cast<unsigned>(type) << 4U) | flags), std::byte{2},
          static_cast<std::byte>(packet_id >> 8U), static_cast<std::byte>(packet_id)};
}

}  // namespace sluice::mqtt
