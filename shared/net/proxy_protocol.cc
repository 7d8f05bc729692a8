// SPDX-License-Identifier: Apache-2.0
#include "shared/net/proxy_protocol.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <netinet/in.h>
#include <optional>
#include <string_view>

namespace sluice {
namespace {

constexpr std::array<std::uint8_t, 12> kSignature{0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d,
                                                  0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a};
constexpr std::size_t kV2Fixed = 16;
constexpr std::string_view kV1Start = "PROXY ";
constexpr std::uint8_t kTlvTls = 0x20;
constexpr std::uint8_t kTlvTlsCommonName = 0x22;
constexpr std::uint8_t kTlsClientCertificate = 0x02 | 0x04;  ///< shown on this connection, or in its session

bool starts_with(const std::vector<std::uint8_t>& bytes, const std::uint8_t* what, std::size_t size) {
  return std::memcmp(bytes.data(), what, std::min(size, bytes.size())) == 0;
}

std::uint16_t big_endian(const std::uint8_t* at) { return static_cast<std::uint16_t>(at[0] << 8U | at[1]); }

/// Decimal, 0 to 65535, without a leading zero.
std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return port;
}

std::optional<SocketAddress> parse_end(std::string_view ip, std::string_view port, bool v4) {
  auto address = SocketAddress::parse_ip(ip);
  const auto number = parse_port(port);
  const bool is_colon_free = ip.find(':') == std::string_view::npos;
  if (!address || !number || is_colon_free != v4) return std::nullopt;
  address->port = *number;
  return address;
}

SocketAddress address_of(const std::uint8_t* ip, bool v4, std::uint16_t port) {
  sockaddr_storage storage{};
  if (v4) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    std::memcpy(&address.sin_addr, ip, 4);
    std::memcpy(&storage, &address, sizeof address);
  } else {
    sockaddr_in6 address{};
    address.sin6_family = AF_INET6;
    std::memcpy(&address.sin6_addr, ip, 16);
    std::memcpy(&storage, &address, sizeof address);
  }
  SocketAddress result = SocketAddress::from(storage);
  result.port = port;
  return result;
}

/// Calls visit(type, value) for each TLV; false if they do not fill `bytes` exactly.
template <class Visit>
bool each_tlv(std::span<const std::uint8_t> bytes, Visit visit) {
  while (!bytes.empty()) {
    if (bytes.size() < 3) return false;
    const std::size_t length = big_endian(&bytes[1]);
    if (bytes.size() - 3 < length) return false;
    visit(bytes[0], bytes.subspan(3, length));
    bytes = bytes.subspan(3 + length);
  }
  return true;
}

}  // namespace

ProxyParser::State ProxyParser::feed(std::span<const std::byte> bytes) {
  const std::size_t old = bytes_.size();
  bytes_.resize(old + bytes.size());
  if (!bytes.empty()) std::memcpy(bytes_.data() + old, bytes.data(), bytes.size());
  wanted_ -= bytes.size();
  step();
  return state_;
}

void ProxyParser::step() {
  if (bytes_.empty()) return;
  if (starts_with(bytes_, kSignature.data(), kSignature.size())) {
    if (wanted_ == 0) step_v2();
  } else if (starts_with(bytes_, reinterpret_cast<const std::uint8_t*>(kV1Start.data()), kV1Start.size())) {
    if (wanted_ == 0) step_v1();
  } else {
    fail("no PROXY header");
  }
}

void ProxyParser::step_v1() {
  const std::string_view text(reinterpret_cast<const char*>(bytes_.data()), bytes_.size());
  if (text.ends_with("\r\n") && text.find_first_of("\r\n") == text.size() - 2) {
    return parse_v1_line(text.substr(0, text.size() - 2));
  }
  if (text.substr(0, text.size() - 1).find_first_of("\r\n") != std::string_view::npos || text.back() == '\n') {
    return fail("line does not end with CRLF");
  }
  // Before its CRLF nothing says how long the line is: what certainly follows is that CRLF, or its second half.
  wanted_ = text.back() == '\r' ? 1 : 2;
  if (bytes_.size() + wanted_ > kMaxV1) fail("line is too long");
}

void ProxyParser::parse_v1_line(std::string_view line) {
  line.remove_prefix(kV1Start.size());
  // What follows UNKNOWN is to be ignored, whatever it is.
  if (line == "UNKNOWN" || line.starts_with("UNKNOWN ")) return finish();
  std::array<std::string_view, 5> fields;  // family, source, destination, source port, destination port
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const std::size_t space = line.find(' ');
    if ((space == std::string_view::npos) != (i + 1 == fields.size())) return fail("wrong number of fields");
    fields[i] = line.substr(0, space);
    line.remove_prefix(space == std::string_view::npos ? line.size() : space + 1);
  }
  if (fields[0] != "TCP4" && fields[0] != "TCP6") return fail("unknown family");
  const bool v4 = fields[0] == "TCP4";
  const auto source = parse_end(fields[1], fields[3], v4);
  const auto destination = parse_end(fields[2], fields[4], v4);
  if (!source || !destination) return fail("bad address or port");
  header_.proxied = true;
  header_.source = *source;
  header_.destination = *destination;
  finish();
}

void ProxyParser::step_v2() {
  if (bytes_.size() < kV2Fixed) {
    wanted_ = kV2Fixed - bytes_.size();
    return;
  }
  if (bytes_.size() == kV2Fixed) {
    if (bytes_[12] >> 4U != 2) return fail("unknown version");
    if ((bytes_[12] & 0x0fU) > 1) return fail("unknown command");
    wanted_ = big_endian(&bytes_[14]);
    if (kV2Fixed + wanted_ > kMaxV2) return fail("header is too long");
    if (wanted_ > 0) return;
  }
  parse_v2_body();
}

void ProxyParser::parse_v2_body() {
  const bool local = (bytes_[12] & 0x0fU) == 0;
  const unsigned family = bytes_[13] >> 4U;
  const unsigned transport = bytes_[13] & 0x0fU;
  // LOCAL: the proxy speaks for itself; whatever addresses it gives are to be ignored.
  if (local) return finish();
  if (family > 3 || transport > 2) return fail("unknown family or transport");
  const std::span<const std::uint8_t> body = std::span(bytes_).subspan(kV2Fixed);
  const bool v4 = family == 1;
  const bool ip = family == 1 || family == 2;
  const std::size_t address_bytes = family == 0 ? 0 : v4 ? 12 : ip ? 36 : 216;
  if (body.size() < address_bytes) return fail("addresses are cut short");
  if (family == 0) return finish();
  if (ip && transport == 1) {
    const std::size_t width = v4 ? 4 : 16;
    header_.proxied = true;
    header_.source = address_of(&body[0], v4, big_endian(&body[2 * width]));
    header_.destination = address_of(&body[width], v4, big_endian(&body[2 * width + 2]));
  }
  const bool whole = each_tlv(body.subspan(address_bytes), [this](std::uint8_t type, auto value) {
    if (type == kTlvTls) parse_v2_tls(value);
  });
  if (!whole) return fail("extensions are cut short");
  finish();
}

void ProxyParser::parse_v2_tls(std::span<const std::uint8_t> value) {
  // client flags, then the result of the proxy's verification: 0 is success.
  if (value.size() < 5 || (value[0] & kTlsClientCertificate) == 0) return;
  if (std::any_of(value.begin() + 1, value.begin() + 5, [](std::uint8_t byte) { return byte != 0; })) return;
  static_cast<void>(each_tlv(value.subspan(5), [this](std::uint8_t type, auto name) {
    if (type == kTlvTlsCommonName && std::find(name.begin(), name.end(), 0) == name.end()) {
      header_.common_name.assign(name.begin(), name.end());
    }
  }));
}

void ProxyParser::fail(const char* reason) {
  state_ = State::Malformed;
  reason_ = reason;
  wanted_ = 0;
}

void ProxyParser::finish() {
  state_ = State::Done;
  wanted_ = 0;
  bytes_ = {};
}

}  // namespace sluice
