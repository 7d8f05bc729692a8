// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <string_view>

namespace sluice {

/// A keyed hash of short texts. The keys are random for every object, so that a client cannot choose topics that
/// collide. Multiply-and-fold: a few nanoseconds for a topic; not cryptographic.
/// Thread safety: immutable.
class TextHash {
 public:
  TextHash() {
    std::random_device source;
    first_ = (std::uint64_t{source()} << 32) | source();
    second_ = (std::uint64_t{source()} << 32) | source() | 1U;
  }

  [[nodiscard]] std::uint64_t operator()(std::string_view text) const {
    std::uint64_t hash = first_ ^ (text.size() * kOdd);
    const char* at = text.data();
    std::size_t left = text.size();
    for (; left > 8; at += 8, left -= 8) hash = fold(hash ^ load<std::uint64_t>(at), second_);
    return fold(fold(hash ^ tail(at, left), second_), first_ | 1U);
  }

  /// The hash of `text_hash`'s text below the number `scope`.
  [[nodiscard]] std::uint64_t within(std::uint32_t scope, std::uint64_t text_hash) const {
    return fold(text_hash ^ (scope * kOdd), second_);
  }

 private:
  static constexpr std::uint64_t kOdd = 0x9E37'79B9'7F4A'7C15;
  __extension__ using Wide = unsigned __int128;

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }

  template <class T>
  static T load(const char* at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return value;
  }

  /// The last 0 to 8 bytes as a number; the length is part of the hash already.
  static std::uint64_t tail(const char* at, std::size_t left) {
    if (left == 8) return load<std::uint64_t>(at);
    if (left >= 4) return (std::uint64_t{load<std::uint32_t>(at)} << 32) | load<std::uint32_t>(at + left - 4);
    if (left == 0) return 0;
    const auto byte = [at](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    return byte(0) | (byte(left / 2) << 8) | (byte(left - 1) << 16);
  }

  std::uint64_t first_;
  std::uint64_t second_;
};

/// A hasher for containers whose keys come from peers; all of them share its random keys.
struct SharedTextHash {
  using is_avalanching = void;
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    static const TextHash hash;
    return hash(text);
  }
};

}  // namespace sluice
