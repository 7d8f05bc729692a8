// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "broker/auth/acl.h"
#include "broker/auth/load_error.h"

namespace sluice::auth {

/// Reads the manual's etc/acl.conf (5.11.2, 8.12, 10.7.2): Erlang terms, each ended by a full stop.
///
///   rule   = "{" permit "," "all" "}" "." | "{" permit "," who "," access "," "[" [topic {"," topic}] "]" "}" "."
///   permit = "allow" | "deny"
///   who    = "all" | "{" "ipaddr" "," text "}" | "{" ("user" | "client") "," ("all" | text) "}"
///          | "{" ("'and'" | "'or'") "," "[" who {"," who} "]" "}"
///   access = "publish" | "subscribe" | "pubsub"
///   topic  = text | "{" "eq" "," text "}"
///   text   = string with Erlang's escapes | "<<" string ["/utf8"] ">>"
///
/// Atoms may be quoted with '…'; `%` begins a comment. Text is UTF-8. A filter that no topic can match ("a/#/b",
/// "a+") is an error: a denial that silently denies nothing would be worse.
[[nodiscard]] LoadResult<std::vector<AclRule>> parse_acl(std::string_view text);

/// The same for a file of at most kMaxAclFile bytes.
[[nodiscard]] LoadResult<std::vector<AclRule>> load_acl_file(const std::filesystem::path& path);

inline constexpr std::size_t kMaxAclFile = 64 * 1024 * 1024;
/// How deep 'and' and 'or' may be nested.
inline constexpr unsigned kMaxAclDepth = 16;

}  // namespace sluice::auth
