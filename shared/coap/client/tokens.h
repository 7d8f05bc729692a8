// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// Tokens of requests: eight random bytes, which nobody guesses who does not see the request [RFC 7252 5.3.1, 11.4].
/// Owner: a requester. Thread: the shard.
class Tokens {
 public:
  /// Never 0. Throws std::runtime_error if the machine has no random numbers.
  [[nodiscard]] std::uint64_t next();

  [[nodiscard]] static Token to_token(std::uint64_t number);
  /// 0 for a token of another length: it is none of ours.
  [[nodiscard]] static std::uint64_t to_number(const Token& token);

 private:
  std::array<std::uint64_t, 32> random_{};
  std::size_t left_ = 0;
};

}  // namespace sluice::coap
