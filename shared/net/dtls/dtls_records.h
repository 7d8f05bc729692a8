// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "shared/net/dtls/dtls_packet.h"

struct ssl_st;             // OpenSSL's SSL
struct evp_cipher_ctx_st;  // OpenSSL's EVP_CIPHER_CTX

namespace sluice {

/// The AEAD algorithms of DTLS 1.2 [RFC 5288, RFC 6655, RFC 7905].
enum class DtlsAead : std::uint8_t { Aes128Gcm, Aes256Gcm, Aes128Ccm, Aes256Ccm, Aes128Ccm8, Aes256Ccm8, ChaCha20 };

/// OpenSSL's contexts of these algorithms, which take the key of each record anew: an association keeps keys alone.
/// Owner: a port. Thread: its shard.
class DtlsCiphers {
 public:
  DtlsCiphers();
  ~DtlsCiphers();
  /// A context of the algorithm and direction, with the nonce's length set.
  evp_cipher_ctx_st* of(DtlsAead algorithm, bool encrypts);

 private:
  struct Free {
    void operator()(evp_cipher_ctx_st* context) const;
  };
  std::array<std::array<std::unique_ptr<evp_cipher_ctx_st, Free>, 2>, 7> contexts_;
};

/// Which records of an epoch have come [RFC 6347 4.1.2.6].
class ReplayWindow {
 public:
  [[nodiscard]] bool fresh(std::uint64_t sequence) const;
  void mark(std::uint64_t sequence);
  /// Everything up to and including `sequence` counts as seen.
  void close_up_to(std::uint64_t sequence);

 private:
  std::uint64_t highest_ = 0;
  std::uint64_t seen_ = 0;  ///< bit n: highest_ - n
};

/// The records of one association in epoch 1, without OpenSSL's SSL: its keys, its next number, its replay window. An
/// SSL with its buffers takes more than a hundred times as much.
/// Thread: its shard's.
class DtlsRecords {
 public:
  /// Takes over the keys of a finished handshake. `next` is the number of the next record that we send. Nothing if the
  /// suite is no AEAD; then the SSL has to stay.
  static std::optional<DtlsRecords> take_over(const ssl_st* ssl, std::uint64_t next, ReplayWindow window);
  DtlsRecords(const DtlsRecords&) = default;
  DtlsRecords& operator=(const DtlsRecords&) = default;
  ~DtlsRecords();

  /// The least that a protected record has behind its header under the suite that `ssl` agrees on or has agreed on; as
  /// long as there is none, the most that this can be. 0 if the suite is no AEAD.
  static std::size_t least_payload(const ssl_st* ssl);
  /// What a record has beside its content.
  [[nodiscard]] std::size_t overhead() const;
  /// The most content that the peer takes in a record [RFC 6066 4].
  [[nodiscard]] std::size_t most_content() const { return most_content_; }
  /// Writes a record into `into` and returns it; empty: out of numbers, which must not begin again.
  /// Requires: `into` has room for `content` and overhead().
  std::span<const std::byte> seal(DtlsCiphers& ciphers, DtlsContent type, std::span<const std::byte> content,
                                  std::span<std::byte> into);
  /// The content, written into `into`, which is as large as the record. Nothing: not the peer's, or seen before.
  std::optional<std::span<const std::byte>> open(DtlsCiphers& ciphers, const DtlsRecord& record,
                                                 std::span<std::byte> into);

 private:
  using Nonce = std::array<unsigned char, 12>;
  struct Direction {
    std::array<unsigned char, 32> key{};
    Nonce iv{};  ///< its fixed part
  };
  DtlsRecords() = default;
  bool derive(const ssl_st* ssl);
  [[nodiscard]] Nonce nonce_of(const Direction& direction, std::span<const unsigned char, 8> number) const;

  Direction ours_, theirs_;
  std::uint64_t next_ = 0;
  ReplayWindow window_;
  std::uint16_t most_content_ = 0;
  DtlsAead algorithm_{};
};

}  // namespace sluice
