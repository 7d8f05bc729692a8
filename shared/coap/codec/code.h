// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace sluice::coap {

/// Type of a message [RFC 7252 3]; the values are the wire's.
enum class Type : std::uint8_t { Confirmable = 0, NonConfirmable = 1, Acknowledgement = 2, Reset = 3 };

/// Method, response code or signal: three bits of class and five of detail [RFC 7252 3, 12.1].
struct Code {
  std::uint8_t value = 0;

  [[nodiscard]] constexpr std::uint8_t code_class() const { return value >> 5; }
  [[nodiscard]] constexpr std::uint8_t detail() const { return value & 0x1F; }
  [[nodiscard]] constexpr bool is_empty() const { return value == 0; }
  [[nodiscard]] constexpr bool is_request() const { return code_class() == 0 && value != 0; }
  [[nodiscard]] constexpr bool is_response() const { return code_class() >= 2 && code_class() <= 5; }
  [[nodiscard]] constexpr bool is_signal() const { return code_class() == 7; }
  [[nodiscard]] constexpr bool is_success() const { return code_class() == 2; }
  /// "2.05"
  [[nodiscard]] std::string to_string() const {
    return {static_cast<char>('0' + code_class()), '.', static_cast<char>('0' + detail() / 10),
            static_cast<char>('0' + detail() % 10)};
  }
  friend constexpr bool operator==(Code, Code) = default;
};

constexpr Code make_code(unsigned code_class, unsigned detail) {
  return {static_cast<std::uint8_t>((code_class << 5) | detail)};
}

namespace codes {
inline constexpr Code kEmpty{};
// Methods [RFC 7252 12.1.1] [RFC 8132 6].
inline constexpr Code kGet = make_code(0, 1);
inline constexpr Code kPost = make_code(0, 2);
inline constexpr Code kPut = make_code(0, 3);
inline constexpr Code kDelete = make_code(0, 4);
inline constexpr Code kFetch = make_code(0, 5);
inline constexpr Code kPatch = make_code(0, 6);
inline constexpr Code kIPatch = make_code(0, 7);
// Responses [RFC 7252 12.1.2] [RFC 7959 6] [RFC 8132 6] [RFC 8516 5].
inline constexpr Code kCreated = make_code(2, 1);
inline constexpr Code kDeleted = make_code(2, 2);
inline constexpr Code kValid = make_code(2, 3);
inline constexpr Code kChanged = make_code(2, 4);
inline constexpr Code kContent = make_code(2, 5);
inline constexpr Code kNoContent = make_code(2, 7);  // of the publish-subscribe drafts
inline constexpr Code kContinue = make_code(2, 31);
inline constexpr Code kBadRequest = make_code(4, 0);
inline constexpr Code kUnauthorized = make_code(4, 1);
inline constexpr Code kBadOption = make_code(4, 2);
inline constexpr Code kForbidden = make_code(4, 3);
inline constexpr Code kNotFound = make_code(4, 4);
inline constexpr Code kMethodNotAllowed = make_code(4, 5);
inline constexpr Code kNotAcceptable = make_code(4, 6);
inline constexpr Code kRequestEntityIncomplete = make_code(4, 8);
inline constexpr Code kConflict = make_code(4, 9);
inline constexpr Code kPreconditionFailed = make_code(4, 12);
inline constexpr Code kRequestEntityTooLarge = make_code(4, 13);
inline constexpr Code kUnsupportedContentFormat = make_code(4, 15);
inline constexpr Code kUnprocessableEntity = make_code(4, 22);
inline constexpr Code kTooManyRequests = make_code(4, 29);
inline constexpr Code kInternalServerError = make_code(5, 0);
inline constexpr Code kNotImplemented = make_code(5, 1);
inline constexpr Code kServiceUnavailable = make_code(5, 3);
inline constexpr Code kProxyingNotSupported = make_code(5, 5);
// Signals [RFC 8323 11.1].
inline constexpr Code kCsm = make_code(7, 1);
inline constexpr Code kPing = make_code(7, 2);
inline constexpr Code kPong = make_code(7, 3);
inline constexpr Code kRelease = make_code(7, 4);
inline constexpr Code kAbort = make_code(7, 5);
}  // namespace codes

}  // namespace sluice::coap
