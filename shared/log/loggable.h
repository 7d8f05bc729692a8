// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::log {

/// A name that a peer chose, fit for a `key=value` of a log line: no control characters, not longer than 128 bytes, and
/// in quotes where it could be taken for more than one value.
inline std::string loggable(std::string_view name) {
  constexpr std::size_t kMost = 128;
  std::string shown(name.substr(0, kMost));
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F' || c == '"'; }, '?');
  const bool plain = !shown.empty() && shown.find_first_of(" =") == std::string::npos;
  return plain ? shown : '"' + shown + '"';
}

}  // namespace sluice::log
