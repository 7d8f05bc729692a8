// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "shared/coap/codec/option.h"

namespace sluice::coap {

/// Paths and queries between options and text [RFC 7252 6.4, 6.5]. Options carry segments and parameters that are
/// already decoded; percent-encoding exists in URIs, and where a client encodes a second time to get a whole topic into
/// one segment. Any thread.

/// Longest segment of a path [RFC 7252 5.10.1].
inline constexpr std::size_t kMostSegment = 255;

/// nullopt: a '%' that two hexadecimal digits do not follow. RFC 3986 has no meaning for it, and keeping it would make
/// two texts name the same thing. What comes out may hold anything, U+0000 and '/' too; '+' is not a space.
[[nodiscard]] std::optional<std::string> percent_decode(std::string_view text);
/// Appends `segment` so that it can stand between two '/' of a URI [RFC 3986 3.3].
void append_percent_encoded(std::string& out, std::string_view segment);

/// The segments of a path with '/' between them, each as it is: "room 1/state" for two. The first `skip` are left out.
[[nodiscard]] std::string join_segments(std::span<const OptionView> options, std::size_t skip = 0,
                                        Option kind = Option::UriPath);
/// The path of the URI: "/room%201/state", "/" if there are no segments [RFC 7252 6.5].
[[nodiscard]] std::string uri_path(std::span<const OptionView> options, Option kind = Option::UriPath);

/// The opposite of join_segments: an option for each text between two '/', as it is. Without one for "".
/// False, and nothing is added: a segment is longer than kMostSegment.
[[nodiscard]] bool add_segments(Options& options, std::string_view segments, Option kind = Option::UriPath);
/// The opposite of uri_path: percent-decoded segments; the '/' in front may be missing [RFC 7252 6.4].
/// False, and nothing is added: a segment is longer than kMostSegment or holds an invalid escape.
[[nodiscard]] bool add_path(Options& options, std::string_view path, Option kind = Option::UriPath);

/// One Uri-Query option: "key=value", "key=" or "key".
struct QueryParameter {
  std::string_view key;
  std::optional<std::string_view> value;  ///< nullopt: there is no '='
};
/// At the first '='.
[[nodiscard]] QueryParameter split_query(std::string_view text);
/// The first Uri-Query with that key.
[[nodiscard]] std::optional<QueryParameter> find_query(std::span<const OptionView> options, std::string_view key);

}  // namespace sluice::coap
