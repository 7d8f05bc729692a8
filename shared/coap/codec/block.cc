// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/block.h"

namespace sluice::coap {

std::optional<Block> Block::from(const OptionView& option, Bert bert) {
  if (option.value.size() > 3) return std::nullopt;
  const std::uint32_t value = option.uint().value_or(0);
  const Block block{value >> 4U, (value & 8U) != 0, static_cast<std::uint8_t>(value & 7U)};
  if (block.size_exponent == kBert && bert == Bert::Refused) return std::nullopt;
  return block;
}

}  // namespace sluice::coap
