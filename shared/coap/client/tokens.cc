// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/tokens.h"

#include <cstring>
#include <stdexcept>

#include <openssl/rand.h>

namespace sluice::coap {

std::uint64_t Tokens::next() {
  for (;;) {
    if (left_ == 0) {
      if (::RAND_bytes(reinterpret_cast<unsigned char*>(random_.data()), sizeof random_) != 1) {
        throw std::runtime_error("no random numbers for the tokens of CoAP requests");
      }
      left_ = random_.size();
    }
    if (const std::uint64_t number = random_.at(--left_); number != 0) return number;
  }
}

Token Tokens::to_token(std::uint64_t number) {
  Token token;
  static_assert(sizeof number == sizeof token.bytes);
  std::memcpy(token.bytes.data(), &number, sizeof number);
  token.size = sizeof number;
  return token;
}

std::uint64_t Tokens::to_number(const Token& token) {
  std::uint64_t number = 0;
  if (token.size == sizeof number) std::memcpy(&number, token.bytes.data(), sizeof number);
  return number;
}

}  // namespace sluice::coap
