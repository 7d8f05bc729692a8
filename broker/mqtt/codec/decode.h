// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/mqtt/codec/frame_reader.h"
#include "broker/mqtt/codec/packet.h"
#include "shared/base/result.h"

/// Frames to packets: pure functions without allocation. Whatever the bytes are, the result is a packet that obeys the
/// specification or an error of mqtt_category() (error.h). The packet is a view into the frame.
///
/// Left to the protocol machine, because it takes more than the packet: which side may send a packet, the order of
/// packets, Subscription Identifiers in a client's PUBLISH [MQTT-3.3.4-6], client id rules, wildcard placement in
/// filters (the core answers 0x8F), whether a payload that claims to be text is.
namespace sluice::mqtt {

/// Every packet. `version` is ignored for CONNECT, which carries its own.
[[nodiscard]] Result<Packet> decode(const Frame& frame, ProtocolVersion version);

/// The hot path: requires frame.type() == Publish.
[[nodiscard]] Result<PublishView> decode_publish(const Frame& frame, ProtocolVersion version);

/// Requires frame.type() to be Puback, Pubrec, Pubrel or Pubcomp.
[[nodiscard]] Result<AckFields> decode_ack(const Frame& frame, ProtocolVersion version);

[[nodiscard]] Result<ConnectPacket> decode_connect(const Frame& frame);
[[nodiscard]] Result<ConnackPacket> decode_connack(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<SubscribePacket> decode_subscribe(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<SubackPacket> decode_suback(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<UnsubscribePacket> decode_unsubscribe(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<UnsubackPacket> decode_unsuback(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<PingreqPacket> decode_pingreq(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<PingrespPacket> decode_pingresp(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<DisconnectPacket> decode_disconnect(const Frame& frame, ProtocolVersion version);
[[nodiscard]] Result<AuthPacket> decode_auth(const Frame& frame, ProtocolVersion version);

}  // namespace sluice::mqtt
