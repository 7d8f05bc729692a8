// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/block_sender.h"

#include <algorithm>

namespace sluice::coap {

BlockSender::BlockSender(std::size_t size, std::optional<std::uint8_t> exponent, std::size_t most)
    : size_(size), most_(most), exponent_(exponent.value_or(Block::kBert)), in_blocks_(exponent.has_value()) {}

Block BlockSender::block() const {
  Block block{0, more(), exponent_};
  block.number = static_cast<std::uint32_t>(offset_ / block.size());
  return block;
}

std::size_t BlockSender::length() const {
  if (!in_blocks_) return size_;
  const std::size_t unit = Block{0, false, exponent_}.size();
  return std::min(size_ - offset_, exponent_ == Block::kBert ? std::max(unit, most_) : unit);
}

BlockSender::Next BlockSender::on_response(Code code, const std::optional<Block>& block1) {
  if (code == codes::kRequestEntityTooLarge && block1 && offset_ == 0) {
    // Smaller blocks would do [RFC 7959 2.9.3].
    const bool smaller = block1->size() < length() && (!in_blocks_ || block1->size_exponent < exponent_);
    return smaller ? begin_anew(block1->size_exponent) : Next::Answered;
  }
  if (!in_blocks_) return code == codes::kContinue ? Next::Nonsense : Next::Answered;
  if (code == codes::kRequestEntityIncomplete && offset_ > 0 && !lost_once_) {
    lost_once_ = true;
    return begin_anew(exponent_);
  }
  if (!code.is_success()) return Next::Answered;
  if (code == codes::kContinue && (!block1 || !more())) return Next::Nonsense;
  // A server that acts on every block by itself answers each with success [RFC 7959 2.3].
  return block1 && more() ? go_on(*block1) : Next::Answered;
}

BlockSender::Next BlockSender::go_on(const Block& block1) {
  if (block1.number != block().number) return Next::Nonsense;
  offset_ += length();
  // The number counts blocks of the smaller size from here on [RFC 7959 2.5, figure 8].
  exponent_ = std::min(exponent_, block1.size_exponent);
  return Next::Send;
}

BlockSender::Next BlockSender::begin_anew(std::uint8_t exponent) {
  offset_ = 0;
  exponent_ = exponent;
  in_blocks_ = true;
  ++attempt_;
  return Next::Send;
}

}  // namespace sluice::coap
