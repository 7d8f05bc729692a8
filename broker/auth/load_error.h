// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/system/result.hpp>

namespace sluice::auth {

/// Why a file or a setting of this module cannot be used: written by people, so it says where and what was expected.
struct LoadError {
  std::uint32_t line = 0;    ///< from 1; 0: the file as a whole
  std::uint32_t column = 0;  ///< in bytes, from 1; 0: the line as a whole
  std::string what;

  /// "etc/acl.conf:3:14: expected publish, subscribe or pubsub, found 'pub'".
  [[nodiscard]] std::string to_string(std::string_view path) const;
};

template <class T>
using LoadResult = boost::system::result<T, LoadError>;

}  // namespace sluice::auth
