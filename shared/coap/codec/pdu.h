// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <vector>

#include <boost/container/small_vector.hpp>

#include "shared/base/result.h"
#include "shared/coap/codec/code.h"
#include "shared/coap/codec/option.h"

namespace sluice::coap {

using MessageId = std::uint16_t;
using Bytes = std::vector<std::byte>;

/// What ties a response to its request: 0 to 8 bytes, of which only the client knows the meaning [RFC 7252 5.3.1].
struct Token {
  std::array<std::byte, 8> bytes{};
  std::uint8_t size = 0;

  /// Requires: at most 8 bytes.
  static Token from(std::span<const std::byte> value) {
    Token token;
    token.size = static_cast<std::uint8_t>(value.size());
    if (!value.empty()) std::memcpy(token.bytes.data(), value.data(), value.size());
    return token;
  }
  [[nodiscard]] std::span<const std::byte> view() const { return std::span(bytes).first(size); }
  friend bool operator==(const Token&, const Token&) = default;  // bytes behind `size` are zero
};

/// The first four bytes of a datagram [RFC 7252 3]: what can be said of a message whose rest is malformed, so that it
/// can be rejected.
struct Header {
  std::uint8_t version = 1;
  Type type = Type::Confirmable;
  Code code;
  MessageId mid = 0;
};
/// nullopt: fewer than four bytes.
[[nodiscard]] std::optional<Header> read_header(std::span<const std::byte> datagram);

/// Why bytes are no message.
enum class PduErrc : std::uint8_t {
  Truncated = 1,   ///< the header, the token or the body of a frame is cut off
  WrongVersion,    ///< not version 1: to be ignored [RFC 7252 3]
  TokenTooLong,    ///< token length 9 to 15 [RFC 7252 3]
  BadOption,       ///< delta or length 15, a number above 65,535, or an end behind the message's [RFC 7252 3.1]
  EmptyPayload,    ///< a payload marker with nothing behind it [RFC 7252 3]
  EmptyNotEmpty,   ///< code 0.00 with a token, options or a payload [RFC 7252 4.1]
  ReservedCode,    ///< class 1, 6 or (in a datagram) 7 [RFC 7252 4.2, 12.1]
  TooManyOptions,  ///< more than Pdu::kMostOptions
};
const boost::system::error_category& pdu_category();
ErrorCode make_error_code(PduErrc error);

/// One message that was read. A view: options and payload point into the bytes that were parsed and live as long as
/// they do. Who keeps a message keeps its bytes: copies them to a Bytes and parses that; both can be moved then.
/// Owner and thread: the caller's. Nothing is allocated for a message with up to kInlineOptions options.
class Pdu {
 public:
  static constexpr std::size_t kMostOptions = 128;
  static constexpr std::size_t kInlineOptions = 12;

  /// A datagram [RFC 7252 3]. Option values are not judged here: that is the endpoint's affair [RFC 7252 5.4.3].
  static Result<Pdu> parse(std::span<const std::byte> datagram);
  /// The frame that a stream begins with [RFC 8323 3.2]; what follows it is left alone. Type is Confirmable and the
  /// message id 0 then.
  static Result<Pdu> parse_frame(std::span<const std::byte> stream);

  [[nodiscard]] Type type() const { return type_; }
  [[nodiscard]] Code code() const { return code_; }
  [[nodiscard]] MessageId mid() const { return mid_; }
  [[nodiscard]] const Token& token() const { return token_; }
  /// In the message's order, which is that of their numbers.
  [[nodiscard]] std::span<const OptionView> options() const { return {options_.data(), options_.size()}; }
  /// The first of that number. One with a length outside its definition is as good as absent [RFC 7252 5.4.3]; if it is
  /// critical, its message has to be refused before anybody asks.
  [[nodiscard]] std::optional<OptionView> option(Option option) const;
  [[nodiscard]] std::span<const std::byte> payload() const { return payload_; }

 private:
  Pdu() {}  // not defaulted: the storage of the options would be cleared for nothing
  ErrorCode read_body(std::size_t token_size, std::span<const std::byte> body);
  ErrorCode read_options(std::span<const std::byte> rest);

  Type type_ = Type::Confirmable;
  Code code_;
  MessageId mid_ = 0;
  Token token_;
  boost::container::small_vector<OptionView, kInlineOptions> options_;
  std::span<const std::byte> payload_;
};

/// What a message is written from; `payload` lives until it is written. Of a message with code 0.00 only the header is
/// written [RFC 7252 4.1].
struct Parts {
  Type type = Type::Confirmable;
  Code code;
  MessageId mid = 0;
  Token token;
  Options options;
  std::span<const std::byte> payload;
};
/// As a datagram.
[[nodiscard]] Bytes encode(const Parts& parts);
[[nodiscard]] std::size_t encoded_size(const Parts& parts);
/// Writes to the front of `out` and says how many bytes; 0: they have no room there, and nothing was written.
[[nodiscard]] std::size_t encode_into(const Parts& parts, std::span<std::byte> out);

/// The same as a frame of a stream, without type and message id [RFC 8323 3.2].
[[nodiscard]] Bytes encode_frame(const Parts& parts);
[[nodiscard]] std::size_t encoded_frame_size(const Parts& parts);
[[nodiscard]] std::size_t encode_frame_into(const Parts& parts, std::span<std::byte> out);

/// Length in bytes of the frame that `stream` begins with [RFC 8323 3.2]; nullopt: too short to tell. Up to 4 GiB: the
/// limit is the caller's affair.
[[nodiscard]] std::optional<std::size_t> frame_length(std::span<const std::byte> stream);

}  // namespace sluice::coap

template <>
struct boost::system::is_error_code_enum<sluice::coap::PduErrc> : std::true_type {};
