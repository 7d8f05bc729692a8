// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "shared/bytes/byte_writer.h"
#include "shared/coap/codec/pdu.h"

namespace sluice::coap {
namespace {

constexpr std::uint8_t kPayloadMarker = 0xFF;
constexpr std::size_t kHeaderSize = 4;

/// The nibble that stands for a delta or a length of an option, and the bytes that follow it [RFC 7252 3.1].
constexpr unsigned nibble_of(std::size_t value) {
  return value < 13 ? static_cast<unsigned>(value) : value < 269 ? 13 : 14;
}
constexpr std::size_t extended_size(std::size_t value) { return value < 13 ? 0 : value < 269 ? 1 : 2; }

std::byte* store_extended(std::byte* at, std::size_t value) {
  if (value < 13) return at;
  if (value < 269) return store_u8(at, static_cast<std::uint8_t>(value - 13));
  return store_u16(at, static_cast<std::uint16_t>(value - 269));
}

/// Options, payload marker and payload.
std::size_t body_size(const Parts& parts) {
  if (parts.code.is_empty()) return 0;
  std::size_t size = parts.payload.empty() ? 0 : 1 + parts.payload.size();
  std::size_t number = 0;
  for (std::size_t index = 0; index < parts.options.size(); ++index) {
    const OptionView option = parts.options[index];
    size += 1 + extended_size(option.number - number) + extended_size(option.value.size()) + option.value.size();
    number = option.number;
  }
  return size;
}

std::size_t token_size(const Parts& parts) { return parts.code.is_empty() ? 0 : parts.token.size; }

std::byte* store_body(std::byte* at, const Parts& parts) {
  if (parts.code.is_empty()) return at;
  at = store_bytes(at, parts.token.view());
  std::size_t number = 0;
  for (std::size_t index = 0; index < parts.options.size(); ++index) {
    const OptionView option = parts.options[index];
    const std::size_t delta = option.number - number;
    at = store_u8(at, static_cast<std::uint8_t>((nibble_of(delta) << 4U) | nibble_of(option.value.size())));
    at = store_extended(store_extended(at, delta), option.value.size());
    at = store_bytes(at, option.value);
    number = option.number;
  }
  return parts.payload.empty() ? at : store_bytes(store_u8(at, kPayloadMarker), parts.payload);
}

/// Bytes in front of the code: the length of the body, as short as it goes [RFC 8323 3.2].
constexpr std::size_t length_size(std::size_t body) { return body < 13 ? 1 : body < 269 ? 2 : body < 65805 ? 3 : 5; }

std::byte* store_length(std::byte* at, std::size_t body, std::size_t token) {
  const auto first = [&](unsigned nibble) { return store_u8(at, static_cast<std::uint8_t>((nibble << 4U) | token)); };
  if (body < 13) return first(static_cast<unsigned>(body));
  if (body < 269) return store_u8(first(13), static_cast<std::uint8_t>(body - 13));
  if (body < 65805) return store_u16(first(14), static_cast<std::uint16_t>(body - 269));
  return store_u32(first(15), static_cast<std::uint32_t>(body - 65805));
}

}  // namespace

std::size_t encoded_size(const Parts& parts) { return kHeaderSize + token_size(parts) + body_size(parts); }

std::size_t encode_into(const Parts& parts, std::span<std::byte> out) {
  const std::size_t size = encoded_size(parts);
  if (size > out.size()) return 0;
  const auto type = static_cast<unsigned>(parts.type);
  std::byte* at = store_u8(out.data(), static_cast<std::uint8_t>(0x40U | (type << 4U) | token_size(parts)));
  at = store_u16(store_u8(at, parts.code.value), parts.mid);
  store_body(at, parts);
  return size;
}

Bytes encode(const Parts& parts) {
  Bytes out(encoded_size(parts));
  static_cast<void>(encode_into(parts, out));
  return out;
}

std::size_t encoded_frame_size(const Parts& parts) {
  const std::size_t body = body_size(parts);
  return length_size(body) + 1 + token_size(parts) + body;
}

std::size_t encode_frame_into(const Parts& parts, std::span<std::byte> out) {
  const std::size_t body = body_size(parts);
  const std::size_t size = length_size(body) + 1 + token_size(parts) + body;
  if (size > out.size()) return 0;
  store_body(store_u8(store_length(out.data(), body, token_size(parts)), parts.code.value), parts);
  return size;
}

Bytes encode_frame(const Parts& parts) {
  Bytes out(encoded_frame_size(parts));
  static_cast<void>(encode_frame_into(parts, out));
  return out;
}

}  // namespace sluice::coap
