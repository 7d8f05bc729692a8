// SPDX-License-Identifier: Apache-2.0
#include "shared/config/check.h"

#include <arpa/inet.h>
#include <array>
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

bool is_listen_address(std::string_view text) {
  if (text == "off") return true;
  const auto colon = text.rfind(':');
  const auto port = parse_number(colon == std::string_view::npos ? text : text.substr(colon + 1));
  if (!port || *port > 65535) return false;
  if (colon == std::string_view::npos) return true;
  const auto host = text.substr(0, colon);
  const bool brackets = host.starts_with('[') && host.ends_with(']');
  if (brackets) return is_ip(std::string(host.substr(1, host.size() - 2)), AF_INET6);
  return is_ip(std::string(host), AF_INET) || is_ip(std::string(host), AF_INET6);
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

bool is_digest(std::string_view text) { return is_choice("md5|sha|sha256|sha512", text); }

bool is_password_hash(const std::vector<std::string_view>& words) {
  const bool pbkdf2 = !words.empty() && words[0] == "pbkdf2";
  if (words.size() == 1) return is_digest(words[0]) || pbkdf2 || is_choice("plain|bcrypt", words[0]);
  if (words.size() == 2 && words[0] == "salt") return is_digest(words[1]) || words[1] == "bcrypt";
  if (words.size() == 2 && words[1] == "salt") return is_digest(words[0]);
  return words.size() == 4 && pbkdf2 && is_choice("md5|sha|sha224|sha256|sha384|sha512", words[1]) &&
         parse_number(words[2]).value_or(0) > 0 && parse_number(words[3]).value_or(0) > 0;
}

}  // namespace

std::string check_listen_address(std::string_view text) {
  if (text.empty() || is_listen_address(text)) return {};
  return fmt::format("\"{}\" is no address to listen on; write a port, ip:port, [ipv6]:port or off", text);
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

std::vector<std::string> broken_tls_versions(std::string_view text) {
  std::vector<std::string> broken;
  for (const auto part : split(text, ",")) {
    if (is_choice("tlsv1|tlsv1.1", part)) broken.emplace_back(part);
  }
  return broken;
}

std::string check_node_name(std::string_view text) {
  if (text.find_first_of("+#") == std::string_view::npos) return {};
  return fmt::format("\"{}\" cannot be part of a topic; write a name without + and #, such as sluice@127.0.0.1", text);
}

std::string check_password_hash(std::string_view text) {
  if (text.empty() || is_password_hash(split(text, ", \t"))) return {};
  return fmt::format(
      "\"{}\" is no password hash; write plain, md5, sha, sha256, sha512, a digest with salt before or behind it "
      "(salt,sha256), bcrypt, or pbkdf2,sha256,iterations,key length",
      text);
}

}  // namespace sluice
