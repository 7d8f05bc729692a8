// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice {

// Checkers for text values with a grammar of their own (Property::check): what is wrong and what to write instead;
// empty means nothing is wrong. An empty text is the absence of a value and always right. Pure.

/// Where a listener binds: "1883", "0.0.0.0:1883", "[::1]:1883", "::1:1883" or "off". Port 0 is ephemeral.
std::string check_listen_address(std::string_view text);
/// One access rule of a listener: "allow all", "deny 192.168.0.0/24", "allow 2001:db8::/32".
std::string check_access_rule(std::string_view text);
/// "burst,rate" in KB and KB per second: "100,10".
std::string check_rate_limit(std::string_view text);
/// "topic/1=10,topic/2=8": priorities from 0 to 255.
std::string check_topic_priorities(std::string_view text);
/// Versions of TLS with commas: "tlsv1.3,tlsv1.2".
std::string check_tls_versions(std::string_view text);
/// Those of them that are known and never offered: they are broken [RFC 8996].
std::vector<std::string> broken_tls_versions(std::string_view text);
/// The server's name, which is a part of topics: "sluice@127.0.0.1".
std::string check_node_name(std::string_view text);
/// How passwords are kept: "plain", "sha256", "salt,sha256", "sha256 salt", "pbkdf2,sha256,4096,32", "bcrypt".
std::string check_password_hash(std::string_view text);

}  // namespace sluice
