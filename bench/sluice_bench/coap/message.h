// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "bench/sluice_bench/codec.h"

namespace sluice::bench::coap {

/// The client's half of CoAP over UDP [RFC 7252 3], as far as a load generator needs it. Separate from the server's
/// codec on purpose, as the MQTT one beside it.
/// Pure functions; thread safety: distinct objects are independent.

enum class Type : std::uint8_t { Confirmable, NonConfirmable, Acknowledgement, Reset };

namespace codes {
inline constexpr std::uint8_t kEmpty = 0;
inline constexpr std::uint8_t kGet = 0x01;
inline constexpr std::uint8_t kPut = 0x03;
inline constexpr std::uint8_t kCreated = 0x41;
inline constexpr std::uint8_t kChanged = 0x44;
inline constexpr std::uint8_t kContent = 0x45;
}  // namespace codes

namespace options {
inline constexpr std::uint16_t kObserve = 6;
inline constexpr std::uint16_t kUriPath = 11;
inline constexpr std::uint16_t kUriQuery = 15;
}  // namespace options

inline constexpr std::size_t kMaxToken = 8;

/// A message in the receive buffer.
struct Message {
  Type type = Type::Confirmable;
  std::uint8_t code = codes::kEmpty;
  std::uint16_t id = 0;
  ByteView token;
  std::optional<std::uint32_t> observe;  ///< the only option that is looked at
  ByteView payload;
};

/// false: malformed.
bool decode(ByteView datagram, Message& message);

/// Writes one message into `out`, from the front: options in the order of their numbers, the payload last.
class MessageWriter {
 public:
  /// Requires: a token of at most kMaxToken bytes.
  MessageWriter(Bytes& out, Type type, std::uint8_t code, std::uint16_t id, ByteView token);

  /// Requires: no option with a higher number before it.
  MessageWriter& option(std::uint16_t number, std::string_view value);
  /// One Uri-Path option per segment; an empty path has none. A slash at the front says nothing.
  MessageWriter& path(std::string_view path);
  /// Room for a payload, to be filled by the caller before `out` changes again.
  std::span<std::uint8_t> payload(std::size_t size);

 private:
  Bytes& out_;
  std::uint16_t last_option_ = 0;
};

/// A message of four bytes without code and token: an acknowledgement or a reset.
void encode_empty(Type type, std::uint16_t id, Bytes& out);

/// "4.04", as people write it.
std::string code_text(std::uint8_t code);

}  // namespace sluice::bench::coap
