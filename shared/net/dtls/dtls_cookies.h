// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "shared/base/clock.h"
#include "shared/net/datagram.h"
#include "shared/net/dtls/dtls_packet.h"

struct evp_mac_ctx_st;  // OpenSSL's EVP_MAC_CTX

namespace sluice {

/// What shows that a peer receives at its address, without a byte of state for it: HMAC-SHA256 over address, port and,
/// for a link-local one, interface, with a secret of this port [RFC 6347 4.2.1].
/// Owner: its port. Thread: its shard.
class DtlsCookies {
 public:
  using Cookie = std::array<std::byte, kCookie>;
  /// A secret makes cookies for so long, and its cookies are good for as long again.
  static constexpr auto kSecretLife = std::chrono::minutes(5);

  explicit DtlsCookies(TimePoint now);
  ~DtlsCookies();

  Cookie make(const DatagramPath& path, TimePoint now);
  bool good(const DatagramPath& path, std::span<const std::byte> cookie, TimePoint now);

 private:
  struct MacFree {
    void operator()(evp_mac_ctx_st* context) const;
  };
  using Mac = std::unique_ptr<evp_mac_ctx_st, MacFree>;

  static Mac new_secret();
  void renew(TimePoint now);
  static Cookie cookie_with(evp_mac_ctx_st* mac, const DatagramPath& path);

  Mac secret_;
  Mac previous_;
  TimePoint made_;
};

}  // namespace sluice
