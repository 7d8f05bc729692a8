// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// What has to be known of a request to answer it.
struct Exchange {
  ExchangeId id = 0;
  ReplyTo to{};
  Token token{};
  Code method{};
  bool multicast = false;
  bool answered = false;
  bool if_none_match = false;                 ///< see Request
  bool size_asked = false;                    ///< Size2 option in the request [RFC 7959 4]
  std::optional<std::uint8_t> not_wanted{};   ///< No-Response: a bit for each class [RFC 7967 2.1]
  std::size_t answer_limit = 0;               ///< see Request
  std::uint64_t representation = 0;           ///< see Request
  std::optional<Block> block1{};              ///< the last block of its body, to be answered with
  std::optional<Block> block2{};              ///< the block that it asks for
  std::uint8_t largest_block = Block::kBert;  ///< of a notification: what its observer asked for
};

}  // namespace sluice::coap
