// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/code.h"

namespace sluice::coap {

/// Where the body of a request stands on its way, in one message or in blocks [RFC 7959 2.5]: the peer makes the blocks
/// smaller where it likes, when the first is there or refused, and may begin anew once.
/// Pure. Owner: a request. Thread: the shard.
class BlockSender {
 public:
  /// `size`: of the body in bytes. `exponent`: of the blocks that it is cut into; nullopt: it goes whole. `most`: bytes
  /// of it in one message under BERT, a multiple of 1,024 [RFC 8323 6].
  BlockSender(std::size_t size, std::optional<std::uint8_t> exponent, std::size_t most = 0);

  [[nodiscard]] bool in_blocks() const { return in_blocks_; }
  /// Value of the Block1 option of the next message. Requires: in_blocks().
  [[nodiscard]] Block block() const;
  /// The part of the body in the next message.
  [[nodiscard]] std::size_t offset() const { return offset_; }
  [[nodiscard]] std::size_t length() const;

  enum class Next : std::uint8_t {
    Send,      ///< the next message, or the first one anew
    Answered,  ///< this is the answer to the request
    Nonsense,  ///< what no server says
  };
  /// What the response to the last message means. `block1`: its option.
  [[nodiscard]] Next on_response(Code code, const std::optional<Block>& block1);
  /// Times that the body has been begun; they differ in their Request-Tag [RFC 9175 3.3].
  [[nodiscard]] std::uint32_t attempt() const { return attempt_; }

 private:
  [[nodiscard]] bool more() const { return offset_ + length() < size_; }
  Next go_on(const Block& block1);
  Next begin_anew(std::uint8_t exponent);

  std::size_t size_;
  std::size_t most_;
  std::size_t offset_ = 0;
  std::uint8_t exponent_;  ///< of the blocks, once it goes in blocks
  bool in_blocks_;
  std::uint32_t attempt_ = 1;
  bool lost_once_ = false;  ///< the peer has forgotten its part once (4.08)
};

}  // namespace sluice::coap
