// SPDX-License-Identifier: Apache-2.0
#include "shared/config/check.h"

#include <arpa/inet.h>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "shared/config/parse.h"

namespace sluice {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  return first == std::string_view::npos ? std::string_view{}
                                         : text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

std::vector<std::string_view> split(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find_first_of(separators);
    const auto part = trimmed(text.substr(0, end));
    if (!part.empty()) parts.push_back(part);
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_ip(const std::string& text, int family) {
  std::array<unsigned char, 16> bytes{};
  return inet_pton(family, text.c_str(), bytes.data()) == 1;
}

std::optional<ListenAddress> address_of(std::string_view text) {
  if (text == "off") return ListenAddress{true, {}, 0};
  const auto colon = text.rfind(':');
  const auto port = parse_number(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port || *port > 65535) return std::nullopt;
  ListenAddress address{false, {}, static_cast<std::uint16_t>(*port)};
  if (colon == std::string_view::npos) return address;
  auto host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) host = host.substr(1, host.size() - 2);
  address.host = host;
  const bool right = (!brackets && is_ip(address.host, AF_INET)) || is_ip(address.host, AF_INET6);
  return right ? std::optional(address) : std::nullopt;
}

bool is_network(std::string_view text) {
  const auto slash = text.find('/');
  const std::string host(text.substr(0, slash));
  const bool v4 = is_ip(host, AF_INET);
  if (!v4 && !is_ip(host, AF_INET6)) return false;
  if (slash == std::string_view::npos) return true;
  const auto bits = parse_number(text.substr(slash + 1));
  return bits && *bits <= (v4 ? 32U : 128U);
}

bool is_hash_name(std::string_view text) { return is_choice("plain|md5|sha|sha256|sha512|bcrypt", text); }

bool is_pbkdf2(const std::vector<std::string_view>& parts) {
  return parts.size() == 4 && is_choice("md5|sha|sha256|sha512", parts[1]) && parse_number(parts[2]).value_or(0) > 0 &&
         parse_number(parts[3]).value_or(0) > 0;
}

}  // namespace

std::string check_listen_address(std::string_view text) {
  if (text.empty() || address_of(text)) return {};
  return fmt::format("\"{}\" is no address to listen on; write a port, ip:port, [ipv6]:port or off", text);
}

ListenAddress parse_listen_address(std::string_view text) {
  return address_of(text).value_or(ListenAddress{true, {}, 0});
}

std::string check_access_rule(std::string_view text) {
  const auto words = split(text, kBlanks);
  const bool right =
      words.size() == 2 && is_choice("allow|deny", words[0]) && (words[1] == "all" || is_network(words[1]));
  if (text.empty() || right) return {};
  return fmt::format(
      "\"{}\" is no access rule; write allow or deny, then all, an address or a network such as 192.168.0.0/24", text);
}

std::string check_rate_limit(std::string_view text) {
  const auto parts = split(text, ",");
  const bool right =
      parts.size() == 2 && parse_number(parts[0]).value_or(0) > 0 && parse_number(parts[1]).value_or(0) > 0;
  if (text.empty() || right) return {};
  return fmt::format("\"{}\" is no rate limit; write burst,rate in KB and KB per second, such as 100,10", text);
}

std::string check_topic_priorities(std::string_view text) {
  for (const auto part : split(text, ",")) {
    const auto equals = part.rfind('=');
    const auto priority =
        equals == std::string_view::npos ? std::nullopt : parse_number(trimmed(part.substr(equals + 1)));
    if (!priority || *priority > 255 || trimmed(part.substr(0, equals)).empty()) {
      return fmt::format("\"{}\" is no priority; write topic=0…255 with commas between, such as topic/1=10,topic/2=8",
                         part);
    }
  }
  return {};
}

std::string check_tls_versions(std::string_view text) {
  for (const auto part : split(text, ",")) {
    if (is_choice("tlsv1|tlsv1.1|tlsv1.2|tlsv1.3", part)) continue;
    return fmt::format("\"{}\" is no TLS version; write some of tlsv1.3,tlsv1.2,tlsv1.1,tlsv1", part);
  }
  return {};
}

std::string check_password_hash(std::string_view text) {
  const auto parts = split(text, ", \t");
  const bool salted = parts.size() == 2 && ((parts[0] == "salt" && is_hash_name(parts[1]) && parts[1] != "plain") ||
                                            (parts[1] == "salt" && is_hash_name(parts[0]) && parts[0] != "plain"));
  const bool right = salted || (parts.size() == 1 && is_hash_name(parts[0])) ||
                     (!parts.empty() && parts[0] == "pbkdf2" && is_pbkdf2(parts));
  if (text.empty() || right) return {};
  return fmt::format(
      "\"{}\" is no password hash; write plain, md5, sha, sha256, sha512 or bcrypt, one of them with salt before or "
      "after "
      "(salt,sha256), or pbkdf2,sha256,iterations,key length",
      text);
}

}  // namespace sluice
