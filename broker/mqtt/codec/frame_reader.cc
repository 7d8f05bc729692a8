// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/frame_reader.h"

#include "broker/mqtt/codec/text_rules.h"

namespace sluice::mqtt {

FrameRead read_frame(std::span<const std::byte> bytes, std::size_t max_packet_size) {
  if (bytes.empty()) return {};
  // Refused before its body is waited for [MQTT5 2.1.2].
  if ((bytes[0] >> 4U) == std::byte{0}) return {FrameStatus::Malformed, Errc::ReservedPacketType, 0, {}};
  const Varint length = read_varint(bytes.subspan(1));
  if (length.status == VarintStatus::Incomplete) return {};
  if (length.status != VarintStatus::Ok) return {FrameStatus::Malformed, varint_error(length.status), 0, {}};
  const std::size_t header = 1U + length.size;
  const std::size_t size = header + length.value;
  if (size > max_packet_size) return {FrameStatus::TooLarge, Errc::PacketTooLarge, size, {}};
  if (bytes.size() < size) return {FrameStatus::Incomplete, Errc::Ok, size, {}};
  return {
      FrameStatus::Whole, Errc::Ok, size, {static_cast<std::uint8_t>(bytes[0]), bytes.subspan(header, length.value)}};
}

}  // namespace sluice::mqtt
