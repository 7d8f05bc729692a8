// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/block_collector.h"

#include <algorithm>

namespace sluice::coap {

BlockCollector::Verdict BlockCollector::take(const Pdu& response, const std::optional<Block>& block2) {
  const std::span<const std::byte> payload = response.payload();
  const Block block = block2.value_or(Block{});
  if (const auto size = response.option(Option::Size2); size && size->uint().value_or(0) > most_) {
    return Verdict::TooLarge;
  }
  if (!same_representation(response)) {
    body_.clear();
    etag_size_.reset();
    return Verdict::Changed;
  }
  if (block.offset() != body_.size()) return Verdict::Nonsense;
  if (block.more && !is_whole_block(block, payload.size())) return Verdict::Nonsense;
  if (payload.size() > most_ - std::min(most_, body_.size())) return Verdict::TooLarge;
  body_.insert(body_.end(), payload.begin(), payload.end());
  if (!block.more) return Verdict::Whole;
  exponent_ = std::min(exponent_, block.size_exponent);
  return Verdict::More;
}

/// A body is not put together from two representations [RFC 7959 2.4].
bool BlockCollector::same_representation(const Pdu& response) {
  const auto etag = response.option(Option::ETag);
  if (!etag) return true;
  const std::span<const std::byte> known = std::span(etag_).first(etag_size_.value_or(0));
  if (etag_size_ && !std::ranges::equal(known, etag->value)) return false;
  etag_size_ = static_cast<std::uint8_t>(std::min(etag->value.size(), kLongestETag));
  std::ranges::copy(etag->value.first(*etag_size_), etag_.begin());
  return true;
}

/// All blocks but the last are full [RFC 7959 2.2]; under BERT they are several [RFC 8323 6].
bool BlockCollector::is_whole_block(const Block& block, std::size_t size) {
  if (block.size_exponent == Block::kBert) return size > 0 && size % block.size() == 0;
  return size == block.size();
}

}  // namespace sluice::coap
