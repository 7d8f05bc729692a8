// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

#include "shared/base/clock.h"
#include "shared/net/address.h"

namespace sluice::coap {

/// Values of the Echo option [RFC 9175 2]: who sends one back has received it at its address, and lately. Nothing is
/// kept for a peer: a value is the time at which it was made and a keyed hash of that and the address (HMAC-SHA-256,
/// cut to eight bytes).
/// Thread: the shard.
class EchoGuard {
 public:
  static constexpr auto kFresh = std::chrono::minutes(4);
  static constexpr std::size_t kSize = 12;
  using Value = std::array<std::byte, kSize>;

  /// With a key of its own, which nobody else learns.
  EchoGuard();

  [[nodiscard]] Value make(const SocketAddress& peer, TimePoint now) const;
  /// True if make() made it for that peer within kFresh.
  [[nodiscard]] bool accepts(std::span<const std::byte> value, const SocketAddress& peer, TimePoint now) const;

 private:
  [[nodiscard]] Value sign(std::uint32_t seconds, const SocketAddress& peer) const;

  std::array<unsigned char, 32> key_{};
};

}  // namespace sluice::coap
