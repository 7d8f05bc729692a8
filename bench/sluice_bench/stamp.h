// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "bench/sluice_bench/clock.h"

namespace sluice::bench {

/// What a measured message carries at the start of its payload, in host byte order (both ends are this program).
struct Stamp {
  std::uint32_t magic = 0;
  std::uint32_t publisher = 0;
  std::uint64_t sequence = 0;  ///< counts from 0 per publisher
  Nanos sent = 0;
};
inline constexpr std::uint32_t kStampMagic = 0x534C4243;
inline constexpr std::size_t kStampSize = sizeof(Stamp);
static_assert(kStampSize == 24);

/// Requires: room for kStampSize bytes at `at`.
inline void write_stamp(const Stamp& stamp, std::uint8_t* at) { std::memcpy(at, &stamp, kStampSize); }

/// false: the payload is not one of ours.
inline bool read_stamp(std::span<const std::uint8_t> payload, Stamp& stamp) {
  if (payload.size() < kStampSize) return false;
  std::memcpy(&stamp, payload.data(), kStampSize);
  return stamp.magic == kStampMagic;
}

}  // namespace sluice::bench
