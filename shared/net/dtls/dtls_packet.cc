// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_packet.h"

#include <algorithm>

namespace sluice {
namespace {

constexpr std::size_t kMessageHeader = 12;
constexpr std::size_t kMostRecord = (1U << 14) + 256;  ///< with what protection adds, for a little more than it does

std::uint64_t number(std::span<const std::byte> bytes) {
  std::uint64_t value = 0;
  for (const std::byte byte : bytes) value = (value << 8) | std::to_integer<std::uint64_t>(byte);
  return value;
}

/// Reads fields off the front; after the first that is not there nothing is.
class Fields {
 public:
  explicit Fields(std::span<const std::byte> bytes) : rest_(bytes) {}

  std::span<const std::byte> take(std::size_t count) {
    if (count > rest_.size()) whole_ = false;
    if (!whole_) return {};
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  std::uint64_t take_number(std::size_t count) { return number(take(count)); }
  /// What a length of `count` bytes stands before.
  std::span<const std::byte> take_vector(std::size_t count) { return take(take_number(count)); }
  [[nodiscard]] bool whole() const { return whole_; }
  [[nodiscard]] bool empty() const { return rest_.empty(); }

 private:
  std::span<const std::byte> rest_;
  bool whole_ = true;
};

void put(std::byte*& at, std::uint64_t value, std::size_t count) {
  for (std::size_t i = count; i-- > 0;) *at++ = static_cast<std::byte>(value >> (8 * i));
}

}  // namespace

std::optional<DtlsRecord> take_record(std::span<const std::byte>& datagram) {
  const auto bytes = datagram;
  datagram = {};
  if (bytes.size() < kDtlsRecordHeader) return std::nullopt;
  const auto type = std::to_integer<std::uint8_t>(bytes[0]);
  const std::uint64_t length = number(bytes.subspan(11, 2));
  const bool known = type >= 20 && type <= 23 && bytes[1] == std::byte{kDtlsMajor};
  if (!known || length > kMostRecord || length > bytes.size() - kDtlsRecordHeader) return std::nullopt;
  DtlsRecord record;
  record.type = static_cast<DtlsContent>(type);
  record.epoch = static_cast<std::uint16_t>(number(bytes.subspan(3, 2)));
  record.sequence = number(bytes.subspan(5, 6));
  record.payload = bytes.subspan(kDtlsRecordHeader, length);
  record.whole = bytes.first(kDtlsRecordHeader + length);
  datagram = bytes.subspan(record.whole.size());
  return record;
}

bool begins_client_hello(const DtlsRecord& record) {
  return record.type == DtlsContent::Handshake && record.epoch == 0 && record.payload.size() >= kMessageHeader &&
         record.payload[0] == std::byte{kClientHello};
}

std::optional<ClientHello> parse_client_hello(const DtlsRecord& record) {
  if (!begins_client_hello(record)) return std::nullopt;
  Fields message(record.payload.subspan(1));
  const std::uint64_t length = message.take_number(3);
  const std::uint64_t number_of_message = message.take_number(2);
  const std::uint64_t offset = message.take_number(3);
  const std::uint64_t fragment = message.take_number(3);
  Fields body(message.take(fragment));
  if (!message.whole() || !message.empty() || offset != 0 || fragment != length || number_of_message > 1) {
    return std::nullopt;
  }
  ClientHello hello;
  const bool dtls = body.take_number(1) == kDtlsMajor;
  body.take(1);
  const auto random = body.take(hello.random.size());
  body.take_vector(1);  // session
  hello.cookie = body.take_vector(1);
  const auto suites = body.take_vector(2);
  const auto compressions = body.take_vector(1);
  if (!body.whole() || !dtls || suites.size() < 2 || suites.size() % 2 != 0 || compressions.empty()) {
    return std::nullopt;
  }
  std::copy(random.begin(), random.end(), hello.random.begin());
  return hello;
}

HelloVerifyRequest hello_verify_request(const DtlsRecord& hello, std::span<const std::byte, kCookie> cookie) {
  constexpr std::size_t kBody = 3 + kCookie;
  HelloVerifyRequest request;
  std::byte* at = request.data();
  put(at, static_cast<std::uint8_t>(DtlsContent::Handshake), 1);
  put(at, kDtlsMajor, 1);
  put(at, kDtls10Minor, 1);
  put(at, 0, 2);  // epoch
  put(at, hello.sequence, 6);
  put(at, kMessageHeader + kBody, 2);
  put(at, kHelloVerifyRequest, 1);
  put(at, kBody, 3);
  put(at, 0, 2);  // number of the message
  put(at, 0, 3);  // offset of the fragment
  put(at, kBody, 3);
  put(at, kDtlsMajor, 1);
  put(at, kDtls10Minor, 1);
  put(at, kCookie, 1);
  std::copy(cookie.begin(), cookie.end(), at);
  return request;
}

}  // namespace sluice
