// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// What of a signal makes it impossible to go on.
struct SignalProblem {
  std::uint16_t option = 0;
  std::string diagnosis;
};
/// A critical option that is not understood: the connection has to be aborted [RFC 8323 5.2]. No signal has one that
/// would be understood.
[[nodiscard]] std::optional<SignalProblem> critical_option(const Pdu& signal);

/// What a peer said of itself in its CSMs so far [RFC 8323 5.3]. A value.
struct Capabilities {
  static constexpr std::uint32_t kBaseMessageSize = 1152;
  /// Less than a header, a token and some options need is no message size.
  static constexpr std::uint32_t kLeastMessageSize = 64;
  /// Of a message, for everything but its payload [RFC 7252 4.6].
  static constexpr std::uint32_t kHeaderRoom = 128;

  std::uint32_t max_message_size = kBaseMessageSize;
  bool block_wise = false;

  /// Adds what a CSM says to what was said before. A problem: the CSM is invalid.
  [[nodiscard]] std::optional<SignalProblem> apply(const Pdu& csm);

  [[nodiscard]] bool bert() const { return block_wise && max_message_size > kBaseMessageSize; }
  /// Exponent of the largest block that fits into a message.
  [[nodiscard]] std::uint8_t largest_block() const;
  /// Bytes of the largest message that is sent to it, as a datagram of the same would have, where we send none of more
  /// than `most`: the header of a frame may have two bytes more.
  [[nodiscard]] std::size_t largest_message(std::size_t most) const {
    return std::min<std::size_t>(max_message_size, most) - 2;
  }
};

/// Signals to be sent. `diagnosis` lives until they are written.
[[nodiscard]] Parts make_csm(std::uint32_t max_message_size);
enum class Custody : bool { No, Yes };
[[nodiscard]] Parts make_ping(const Token& token);
[[nodiscard]] Parts make_pong(const Token& token, Custody custody);
[[nodiscard]] Parts make_release();
/// `bad_csm_option`: the number of the option of a CSM that cannot be processed, 0: it is not about one.
[[nodiscard]] Parts make_abort(std::string_view diagnosis, std::uint16_t bad_csm_option);

/// The diagnostic payload of a signal as one line for the log: not long, and nothing but printable characters.
[[nodiscard]] std::string diagnosis_of(const Pdu& signal);

}  // namespace sluice::coap
