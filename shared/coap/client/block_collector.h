// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// The body of a response that comes in blocks [RFC 7959 2.4], as it is put together. Memory grows with what has come,
/// never with what is announced.
/// Pure. Owner: a request. Thread: the shard.
class BlockCollector {
 public:
  /// `most`: bytes of a body. `exponent`: of the largest blocks to ask for.
  BlockCollector(std::size_t most, std::uint8_t exponent) : most_(most), exponent_(exponent) {}

  enum class Verdict : std::uint8_t {
    Whole,     ///< body() is complete
    More,      ///< wanted() is to be asked for
    Changed,   ///< the representation is another one now; wanted() is its first block
    TooLarge,  ///< the body is, or is announced to be, over the limit
    Nonsense,  ///< not the block that was asked for, or of another size than it says
  };
  /// A successful response. `block2`: its option, without one its payload is all that there is.
  [[nodiscard]] Verdict take(const Pdu& response, const std::optional<Block>& block2);
  [[nodiscard]] Block wanted() const { return {static_cast<std::uint32_t>(body_.size() / unit()), false, exponent_}; }
  [[nodiscard]] const Bytes& body() const { return body_; }
  [[nodiscard]] Bytes take_body() { return std::move(body_); }

 private:
  static constexpr std::size_t kLongestETag = 8;

  [[nodiscard]] std::size_t unit() const { return Block{0, false, exponent_}.size(); }
  [[nodiscard]] bool same_representation(const Pdu& response);
  [[nodiscard]] static bool is_whole_block(const Block& block, std::size_t size);

  const std::size_t most_;
  std::uint8_t exponent_;
  Bytes body_;
  std::array<std::byte, kLongestETag> etag_{};
  std::optional<std::uint8_t> etag_size_;  ///< nullopt: the representation has none
};

}  // namespace sluice::coap
