// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/echo.h"

#include <cstring>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

namespace sluice::coap {
namespace {

std::uint32_t seconds_of(TimePoint when) {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count());
}

}  // namespace

EchoGuard::EchoGuard() {
  if (::RAND_bytes(key_.data(), static_cast<int>(key_.size())) != 1) {
    throw std::runtime_error("no random numbers for the Echo option");
  }
}

EchoGuard::Value EchoGuard::sign(std::uint32_t seconds, const SocketAddress& peer) const {
  std::array<unsigned char, 22> text;
  std::memcpy(text.data(), &seconds, 4);
  std::memcpy(text.data() + 4, peer.ip.data(), 16);
  std::memcpy(text.data() + 20, &peer.port, 2);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned length = 0;
  ::HMAC(::EVP_sha256(), key_.data(), static_cast<int>(key_.size()), text.data(), text.size(), digest.data(), &length);
  Value value;
  std::memcpy(value.data(), &seconds, 4);
  std::memcpy(value.data() + 4, digest.data(), kSize - 4);
  return value;
}

EchoGuard::Value EchoGuard::make(const SocketAddress& peer, TimePoint now) const { return sign(seconds_of(now), peer); }

bool EchoGuard::accepts(std::span<const std::byte> value, const SocketAddress& peer, TimePoint now) const {
  if (value.size() != kSize) return false;
  std::uint32_t seconds = 0;
  std::memcpy(&seconds, value.data(), 4);
  const auto age = seconds_of(now) - seconds;  // a time to come wraps around to a great age
  if (age > static_cast<std::uint32_t>(std::chrono::seconds(kFresh).count())) return false;
  const Value expected = sign(seconds, peer);
  return ::CRYPTO_memcmp(expected.data(), value.data(), kSize) == 0;
}

}  // namespace sluice::coap
