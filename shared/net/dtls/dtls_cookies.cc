// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_cookies.h"

#include <cstdlib>
#include <utility>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "shared/net/dtls/dtls_peers.h"

namespace sluice {

void DtlsCookies::MacFree::operator()(evp_mac_ctx_st* context) const { ::EVP_MAC_CTX_free(context); }

DtlsCookies::DtlsCookies(TimePoint now) : secret_(new_secret()), previous_(new_secret()), made_(now) {}

DtlsCookies::~DtlsCookies() = default;

DtlsCookies::Cookie DtlsCookies::make(const DatagramPath& path, TimePoint now) {
  renew(now);
  return cookie_with(secret_.get(), path);
}

bool DtlsCookies::good(const DatagramPath& path, std::span<const std::byte> cookie, TimePoint now) {
  if (cookie.size() != kCookie) return false;
  renew(now);
  for (const Mac* const mac : {&secret_, &previous_}) {
    const Cookie expected = cookie_with(mac->get(), path);
    if (::CRYPTO_memcmp(expected.data(), cookie.data(), kCookie) == 0) return true;
  }
  return false;
}

// Without HMAC, SHA-256 or randomness there is no DTLS at all: nothing that a peer brings about.
DtlsCookies::Mac DtlsCookies::new_secret() {
  std::array<unsigned char, 32> key;
  EVP_MAC* const hmac = ::EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
  Mac mac(::EVP_MAC_CTX_new(hmac));
  ::EVP_MAC_free(hmac);
  std::array<char, 7> digest{"SHA256"};
  const std::array<OSSL_PARAM, 2> parameters{
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0), ::OSSL_PARAM_construct_end()};
  const bool made = mac != nullptr && ::RAND_bytes(key.data(), key.size()) == 1 &&
                    ::EVP_MAC_init(mac.get(), key.data(), key.size(), parameters.data()) == 1;
  ::OPENSSL_cleanse(key.data(), key.size());
  if (!made) std::abort();
  return mac;
}

void DtlsCookies::renew(TimePoint now) {
  if (now < made_ + kSecretLife) return;
  // The next one counts from when it was due, or else the one before would live longer after a silence.
  made_ += kSecretLife;
  if (now >= made_ + kSecretLife) {
    // The one before is too old as well.
    secret_ = new_secret();
    made_ = now;
  }
  previous_ = std::exchange(secret_, new_secret());
}

DtlsCookies::Cookie DtlsCookies::cookie_with(evp_mac_ctx_st* mac, const DatagramPath& path) {
  const DtlsPeerKey key = dtls_peer_key(path);
  Cookie cookie{};
  std::size_t length = 0;
  // Without a key: that of before.
  const bool made = ::EVP_MAC_init(mac, nullptr, 0, nullptr) == 1 &&
                    ::EVP_MAC_update(mac, reinterpret_cast<const unsigned char*>(key.data()), key.size()) == 1 &&
                    ::EVP_MAC_final(mac, reinterpret_cast<unsigned char*>(cookie.data()), &length, kCookie) == 1;
  if (!made) std::abort();
  return cookie;
}

}  // namespace sluice
