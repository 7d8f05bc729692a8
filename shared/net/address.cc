// SPDX-License-Identifier: Apache-2.0
#include "shared/net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>
#include <cstring>
#include <netinet/in.h>

namespace sluice {
namespace {

constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

using NameFunction = int (*)(int, sockaddr*, socklen_t*);

SocketAddress name_of(int fd, NameFunction name) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (name(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return SocketAddress::from(address);
}

}  // namespace

SocketAddress SocketAddress::from(const sockaddr_storage& address) {
  SocketAddress result;
  if (address.ss_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address, sizeof v4);
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.ip.begin());
    std::memcpy(result.ip.data() + kMappedPrefix.size(), &v4.sin_addr, 4);
    result.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, &address, sizeof v6);
    std::memcpy(result.ip.data(), &v6.sin6_addr, 16);
    result.port = ntohs(v6.sin6_port);
  }
  return result;
}

std::optional<SocketAddress> SocketAddress::parse_ip(std::string_view text) {
  const std::string terminated(text);
  SocketAddress result;
  if (terminated.size() != std::strlen(terminated.c_str())) return std::nullopt;
  if (::inet_pton(AF_INET, terminated.c_str(), result.ip.data() + kMappedPrefix.size()) == 1) {
    std::copy(kMappedPrefix.begin(), kMappedPrefix.end(), result.ip.begin());
    return result;
  }
  if (::inet_pton(AF_INET6, terminated.c_str(), result.ip.data()) == 1) return result;
  return std::nullopt;
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const auto port = parse_port(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port) return std::nullopt;
  std::string_view host = colon == std::string_view::npos ? std::string_view("0.0.0.0") : text.substr(0, colon);
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  auto result = parse_ip(host);
  if (result) result->port = *port;
  return result;
}

bool SocketAddress::is_v4() const { return std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), ip.begin()); }

bool SocketAddress::is_unspecified() const {
  const auto begin = ip.begin() + (is_v4() ? kMappedPrefix.size() : 0);
  return std::all_of(begin, ip.end(), [](std::uint8_t byte) { return byte == 0; });
}

std::string SocketAddress::ip_string() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, ip.data() + (v4 ? kMappedPrefix.size() : 0), text.data(), text.size());
  return text.data();
}

std::string SocketAddress::to_string() const {
  return (is_v4() ? ip_string() : '[' + ip_string() + ']') + ':' + std::to_string(port);
}

socklen_t SocketAddress::to_sockaddr(sockaddr_storage& out) const {
  out = {};
  if (is_v4()) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    std::memcpy(&v4.sin_addr, ip.data() + kMappedPrefix.size(), 4);
    std::memcpy(&out, &v4, sizeof v4);
    return sizeof v4;
  }
  sockaddr_in6 v6{};
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  std::memcpy(&v6.sin6_addr, ip.data(), 16);
  std::memcpy(&out, &v6, sizeof v6);
  return sizeof v6;
}

SocketAddress local_address(int fd) { return name_of(fd, ::getsockname); }
SocketAddress remote_address(int fd) { return name_of(fd, ::getpeername); }

}  // namespace sluice
