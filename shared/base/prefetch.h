// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace sluice {

/// Asks for the cache lines of an object that is about to be used, so that they come together and not one after the
/// other, as each is looked at. Worth it for objects of which there are more than the caches hold.
inline void prefetch(const void* object, std::size_t bytes) {
  constexpr std::size_t kCacheLine = 64;
  const auto* const begin = static_cast<const char*>(object);
  for (std::size_t offset = 0; offset < bytes; offset += kCacheLine) __builtin_prefetch(begin + offset);
}

}  // namespace sluice
