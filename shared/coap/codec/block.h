// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/coap/codec/option.h"

namespace sluice::coap {

/// Value of a Block1 or Block2 option [RFC 7959 2.2].
struct Block {
  std::uint32_t number = 0;  ///< at most kMostNumber
  bool more = false;
  std::uint8_t size_exponent = 6;  ///< SZX: 0 is 16 bytes, 6 is 1,024; 7 is BERT, over streams only [RFC 8323 6]

  static constexpr std::uint32_t kMostNumber = (1U << 20) - 1;
  static constexpr std::uint8_t kBert = 7;

  /// Bytes in a block; under BERT the unit of its number.
  [[nodiscard]] constexpr std::size_t size() const {
    return std::size_t{16} << (size_exponent < 6 ? size_exponent : 6);
  }
  [[nodiscard]] constexpr std::size_t offset() const { return number * size(); }
  /// nullopt: longer than three bytes, or the reserved SZX 7 where there is no BERT.
  enum class Bert : bool { Refused, Allowed };
  static std::optional<Block> from(const OptionView& option, Bert bert = Bert::Refused);
  [[nodiscard]] std::uint32_t value() const { return (number << 4) | (more ? 8U : 0U) | size_exponent; }

  friend bool operator==(const Block&, const Block&) = default;
};

}  // namespace sluice::coap
