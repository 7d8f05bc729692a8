// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/decode.h"

#include <array>
#include <utility>

namespace sluice::mqtt {
namespace {

template <class T>
Result<Packet> widen(Result<T>&& result) {
  if (!result) return result.error();
  return Packet(*std::move(result));
}

template <class T>
Result<Packet> widen_ack(Result<AckFields>&& result) {
  if (!result) return result.error();
  return Packet(T{*std::move(result)});
}

}  // namespace

Result<Packet> decode(const Frame& frame, ProtocolVersion version) {
  switch (frame.type()) {
    case PacketType::Connect:
      return widen(decode_connect(frame));
    case PacketType::Connack:
      return widen(decode_connack(frame, version));
    case PacketType::Publish:
      return widen(decode_publish(frame, version));
    case PacketType::Puback:
      return widen_ack<PubackPacket>(decode_ack(frame, version));
    case PacketType::Pubrec:
      return widen_ack<PubrecPacket>(decode_ack(frame, version));
    case PacketType::Pubrel:
      return widen_ack<PubrelPacket>(decode_ack(frame, version));
    case PacketType::Pubcomp:
      return widen_ack<PubcompPacket>(decode_ack(frame, version));
    case PacketType::Subscribe:
      return widen(decode_subscribe(frame, version));
    case PacketType::Suback:
      return widen(decode_suback(frame, version));
    case PacketType::Unsubscribe:
      return widen(decode_unsubscribe(frame, version));
    case PacketType::Unsuback:
      return widen(decode_unsuback(frame, version));
    case PacketType::Pingreq:
      return widen(decode_pingreq(frame, version));
    case PacketType::Pingresp:
      return widen(decode_pingresp(frame, version));
    case PacketType::Disconnect:
      return widen(decode_disconnect(frame, version));
    case PacketType::Auth:
      return widen(decode_auth(frame, version));
  }
  return Errc::ReservedPacketType;
}

std::string_view packet_name(PacketType type) {
  static constexpr std::array<std::string_view, 16> kNames{
      "RESERVED",  "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
      "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
  return kNames[static_cast<std::size_t>(type) & 0x0FU];
}

}  // namespace sluice::mqtt
