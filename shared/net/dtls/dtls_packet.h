// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace sluice {

/// Content types [RFC 5246 6.2.1]; others may come.
enum class DtlsContent : std::uint8_t { ChangeCipherSpec = 20, Alert = 21, Handshake = 22, ApplicationData = 23 };

/// One record of a datagram [RFC 6347 4.1]. The spans point into the datagram.
struct DtlsRecord {
  DtlsContent type{};
  std::uint16_t epoch = 0;
  std::uint64_t sequence = 0;          ///< 48 bits
  std::span<const std::byte> payload;  ///< as it was sent: protected from epoch 1 on
  std::span<const std::byte> whole;    ///< with its header
};

/// A ClientHello that came in one piece, as far as a server without state looks at it [RFC 6347 4.2.1].
struct ClientHello {
  std::array<std::byte, 32> random{};
  std::span<const std::byte> cookie;
};

constexpr std::size_t kDtlsRecordHeader = 13;
constexpr std::uint8_t kDtlsMajor = 0xFE;    ///< of every version's number
constexpr std::uint8_t kDtls12Minor = 0xFD;  ///< DTLS 1.2 is {254, 253}
constexpr std::uint8_t kDtls10Minor = 0xFF;  ///< DTLS 1.0 is {254, 255}
constexpr std::uint8_t kHelloRequest = 0;    ///< handshake types [RFC 5246 7.4, RFC 6347 4.3.2]
constexpr std::uint8_t kClientHello = 1;
constexpr std::uint8_t kHelloVerifyRequest = 3;
constexpr std::size_t kCookie = 32;

/// Takes the first record off `datagram`; nothing, and an empty `datagram`, if it begins with none.
std::optional<DtlsRecord> take_record(std::span<const std::byte>& datagram);

/// The beginning of a ClientHello in the clear, whole or not.
bool begins_client_hello(const DtlsRecord& record);
/// Nothing if it is malformed, or a fragment.
std::optional<ClientHello> parse_client_hello(const DtlsRecord& record);

/// The answer to a ClientHello without a good cookie: no larger than any ClientHello, of the same record number, and as
/// DTLS 1.0, whatever version will be agreed on [RFC 6347 4.2.1].
using HelloVerifyRequest = std::array<std::byte, kDtlsRecordHeader + 12 + 3 + kCookie>;
HelloVerifyRequest hello_verify_request(const DtlsRecord& hello, std::span<const std::byte, kCookie> cookie);

}  // namespace sluice
