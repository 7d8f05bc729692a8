// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_records.h"

#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/ssl.h>

namespace sluice {
namespace {

constexpr std::size_t kNumber = 8;  ///< epoch and sequence number: what a nonce and the additional data are made of
constexpr std::size_t kNonce = 12;
constexpr std::uint64_t kMostSequence = (std::uint64_t{1} << 48) - 1;
constexpr std::size_t kMostPlain = 1U << 14;

struct Algorithm {
  const char* cipher;
  std::size_t key;
  std::size_t fixed;    ///< bytes of the nonce that come from the handshake
  std::size_t carried;  ///< bytes of the nonce that each record carries
  std::size_t tag;
  bool ccm;
};

constexpr std::array<Algorithm, 7> kAlgorithms{{{"AES-128-GCM", 16, 4, 8, 16, false},
                                                {"AES-256-GCM", 32, 4, 8, 16, false},
                                                {"AES-128-CCM", 16, 4, 8, 16, true},
                                                {"AES-256-CCM", 32, 4, 8, 16, true},
                                                {"AES-128-CCM", 16, 4, 8, 8, true},
                                                {"AES-256-CCM", 32, 4, 8, 8, true},
                                                {"ChaCha20-Poly1305", 32, 12, 0, 16, false}}};

const Algorithm& details(DtlsAead algorithm) { return kAlgorithms[static_cast<std::size_t>(algorithm)]; }

std::optional<DtlsAead> algorithm_of(const SSL_CIPHER* suite) {
  const std::string_view name = ::SSL_CIPHER_get_name(suite);
  const bool short_tag = name.ends_with("CCM8");
  switch (::SSL_CIPHER_get_cipher_nid(suite)) {
    case NID_aes_128_gcm:
      return DtlsAead::Aes128Gcm;
    case NID_aes_256_gcm:
      return DtlsAead::Aes256Gcm;
    case NID_aes_128_ccm:
      return short_tag ? DtlsAead::Aes128Ccm8 : DtlsAead::Aes128Ccm;
    case NID_aes_256_ccm:
      return short_tag ? DtlsAead::Aes256Ccm8 : DtlsAead::Aes256Ccm;
    case NID_chacha20_poly1305:
      return DtlsAead::ChaCha20;
    default:
      return std::nullopt;
  }
}

std::array<unsigned char, kNumber> number_of(std::uint16_t epoch, std::uint64_t sequence) {
  const std::uint64_t value = (std::uint64_t{epoch} << 48) | sequence;
  std::array<unsigned char, kNumber> number;
  for (std::size_t i = 0; i < kNumber; ++i) number[i] = static_cast<unsigned char>(value >> (8 * (kNumber - 1 - i)));
  return number;
}

/// [RFC 5246 6.2.3.3]: number, type, version and length of the content.
using Additional = std::array<unsigned char, kNumber + 5>;
Additional additional_data(std::span<const unsigned char, kNumber> number, DtlsContent type, std::size_t length) {
  Additional data;
  auto* const at = std::copy(number.begin(), number.end(), data.begin());
  at[0] = static_cast<unsigned char>(type);
  at[1] = kDtlsMajor;
  at[2] = kDtls12Minor;
  at[3] = static_cast<unsigned char>(length >> 8);
  at[4] = static_cast<unsigned char>(length);
  return data;
}

/// PRF(master secret, "key expansion", server's random + client's random) [RFC 5246 6.3].
bool expand_keys(const SSL* ssl, std::span<unsigned char> block) {
  std::array<unsigned char, SSL_MAX_MASTER_KEY_LENGTH> secret;
  const std::size_t secret_size = ::SSL_SESSION_get_master_key(::SSL_get_session(ssl), secret.data(), secret.size());
  constexpr std::string_view kLabel = "key expansion";
  std::array<unsigned char, kLabel.size() + 2 * SSL3_RANDOM_SIZE> seed;
  unsigned char* const randoms = std::copy(kLabel.begin(), kLabel.end(), seed.data());
  ::SSL_get_server_random(ssl, randoms, SSL3_RANDOM_SIZE);
  ::SSL_get_client_random(ssl, randoms + SSL3_RANDOM_SIZE, SSL3_RANDOM_SIZE);

  const EVP_MD* const hash = ::SSL_CIPHER_get_handshake_digest(::SSL_get_current_cipher(ssl));
  EVP_KDF* const prf = ::EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr);
  EVP_KDF_CTX* const context = ::EVP_KDF_CTX_new(prf);
  const std::array<OSSL_PARAM, 4> parameters{
      ::OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, const_cast<char*>(::EVP_MD_get0_name(hash)), 0),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret_size),
      ::OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()), ::OSSL_PARAM_construct_end()};
  const bool derived =
      context != nullptr && ::EVP_KDF_derive(context, block.data(), block.size(), parameters.data()) == 1;
  ::EVP_KDF_CTX_free(context);
  ::EVP_KDF_free(prf);
  ::OPENSSL_cleanse(secret.data(), secret.size());
  return derived;
}

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* raw(std::span<std::byte> bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

}  // namespace

void DtlsCiphers::Free::operator()(evp_cipher_ctx_st* context) const { ::EVP_CIPHER_CTX_free(context); }
DtlsCiphers::DtlsCiphers() = default;
DtlsCiphers::~DtlsCiphers() = default;

evp_cipher_ctx_st* DtlsCiphers::of(DtlsAead algorithm, bool encrypts) {
  auto& context = contexts_[static_cast<std::size_t>(algorithm)][encrypts ? 1 : 0];
  if (context != nullptr) return context.get();
  context.reset(::EVP_CIPHER_CTX_new());
  EVP_CIPHER* const cipher = ::EVP_CIPHER_fetch(nullptr, details(algorithm).cipher, nullptr);
  const bool ready = context != nullptr && cipher != nullptr &&
                     ::EVP_CipherInit_ex2(context.get(), cipher, nullptr, nullptr, encrypts ? 1 : 0, nullptr) == 1 &&
                     ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_IVLEN, kNonce, nullptr) == 1;
  ::EVP_CIPHER_free(cipher);
  // A suite was agreed on whose cipher OpenSSL does not have.
  if (!ready) std::abort();
  return context.get();
}

bool ReplayWindow::fresh(std::uint64_t sequence) const {
  if (sequence > highest_) return true;
  const std::uint64_t age = highest_ - sequence;
  return age < 64 && ((seen_ >> age) & 1U) == 0;
}

void ReplayWindow::mark(std::uint64_t sequence) {
  if (sequence > highest_) {
    const std::uint64_t ahead = sequence - highest_;
    seen_ = ahead < 64 ? seen_ << ahead : 0;
    highest_ = sequence;
  }
  seen_ |= std::uint64_t{1} << (highest_ - sequence);
}

void ReplayWindow::close_up_to(std::uint64_t sequence) {
  highest_ = sequence;
  seen_ = ~std::uint64_t{0};
}

std::optional<DtlsRecords> DtlsRecords::take_over(const ssl_st* ssl, std::uint64_t next, ReplayWindow window) {
  const auto algorithm = algorithm_of(::SSL_get_current_cipher(ssl));
  if (!algorithm) return std::nullopt;
  DtlsRecords records;
  records.algorithm_ = *algorithm;
  records.next_ = next;
  records.window_ = window;
  const unsigned int agreed = ::SSL_SESSION_get_max_fragment_length(::SSL_get_session(ssl));
  records.most_content_ = static_cast<std::uint16_t>(agreed == 0 ? kMostPlain : std::size_t{256} << agreed);
  if (!records.derive(ssl)) return std::nullopt;
  return records;
}

DtlsRecords::~DtlsRecords() {
  ::OPENSSL_cleanse(ours_.key.data(), ours_.key.size());
  ::OPENSSL_cleanse(theirs_.key.data(), theirs_.key.size());
}

bool DtlsRecords::derive(const ssl_st* ssl) {
  const Algorithm& its = details(algorithm_);
  std::array<unsigned char, 2 * (32 + kNonce)> block;
  const std::span<unsigned char> used(block.data(), 2 * (its.key + its.fixed));
  if (!expand_keys(ssl, used)) return false;
  const bool server = ::SSL_is_server(ssl) != 0;
  Direction& client_writes = server ? theirs_ : ours_;
  Direction& server_writes = server ? ours_ : theirs_;
  const unsigned char* at = used.data();
  for (Direction* const direction : {&client_writes, &server_writes}) {
    std::copy_n(at, its.key, direction->key.begin());
    at += its.key;
  }
  for (Direction* const direction : {&client_writes, &server_writes}) {
    std::copy_n(at, its.fixed, direction->iv.begin());
    at += its.fixed;
  }
  ::OPENSSL_cleanse(block.data(), block.size());
  return true;
}

std::size_t DtlsRecords::least_payload(const ssl_st* ssl) {
  const SSL_CIPHER* suite = ::SSL_get_pending_cipher(ssl);
  if (suite == nullptr && ::SSL_is_init_finished(ssl) != 0) suite = ::SSL_get_current_cipher(ssl);
  const auto algorithm = suite != nullptr ? algorithm_of(suite) : DtlsAead::Aes128Gcm;
  return algorithm ? details(*algorithm).carried + details(*algorithm).tag : 0;
}

std::size_t DtlsRecords::overhead() const {
  return kDtlsRecordHeader + details(algorithm_).carried + details(algorithm_).tag;
}

DtlsRecords::Nonce DtlsRecords::nonce_of(const Direction& direction,
                                         std::span<const unsigned char, kNumber> number) const {
  Nonce nonce = direction.iv;
  const bool carried = details(algorithm_).carried != 0;
  for (std::size_t i = 0; i < kNumber; ++i) {
    unsigned char& byte = nonce[kNonce - kNumber + i];
    byte = carried ? number[i] : static_cast<unsigned char>(byte ^ number[i]);
  }
  return nonce;
}

std::span<const std::byte> DtlsRecords::seal(DtlsCiphers& ciphers, DtlsContent type, std::span<const std::byte> content,
                                             std::span<std::byte> into) {
  if (next_ > kMostSequence) return {};
  const Algorithm& its = details(algorithm_);
  const auto number = number_of(1, next_++);
  const Nonce nonce = nonce_of(ours_, number);
  const Additional additional = additional_data(number, type, content.size());
  const std::size_t length = its.carried + content.size() + its.tag;
  unsigned char* at = raw(into);
  *at++ = static_cast<unsigned char>(type);
  *at++ = kDtlsMajor;
  *at++ = kDtls12Minor;
  at = std::copy(number.begin(), number.end(), at);
  *at++ = static_cast<unsigned char>(length >> 8);
  *at++ = static_cast<unsigned char>(length);
  at = std::copy_n(number.begin(), its.carried, at);

  EVP_CIPHER_CTX* const context = ciphers.of(algorithm_, true);
  // OpenSSL takes no address at all for the end, with CCM.
  const unsigned char* const from = content.empty() ? at : raw(content);
  const int size = static_cast<int>(content.size());
  const int tag = static_cast<int>(its.tag);
  int wrote = 0;
  // CCM needs the tag's length before its key, and the content's length before anything else.
  const bool sealed = (!its.ccm || ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag, nullptr) == 1) &&
                      ::EVP_EncryptInit_ex2(context, nullptr, ours_.key.data(), nonce.data(), nullptr) == 1 &&
                      (!its.ccm || ::EVP_EncryptUpdate(context, nullptr, &wrote, nullptr, size) == 1) &&
                      ::EVP_EncryptUpdate(context, nullptr, &wrote, additional.data(), additional.size()) == 1 &&
                      ::EVP_EncryptUpdate(context, at, &wrote, from, size) == 1 &&
                      ::EVP_EncryptFinal_ex(context, at + size, &wrote) == 1 &&
                      ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag, at + size) == 1;
  return sealed ? into.first(kDtlsRecordHeader + length) : std::span<std::byte>();
}

std::optional<std::span<const std::byte>> DtlsRecords::open(DtlsCiphers& ciphers, const DtlsRecord& record,
                                                            std::span<std::byte> into) {
  const Algorithm& its = details(algorithm_);
  const bool dtls12 = record.whole[2] == std::byte{kDtls12Minor};
  if (!dtls12 || record.epoch != 1 || record.payload.size() < its.carried + its.tag) return std::nullopt;
  if (!window_.fresh(record.sequence)) return std::nullopt;
  const auto number = number_of(record.epoch, record.sequence);
  const auto sealed = record.payload.subspan(its.carried, record.payload.size() - its.carried - its.tag);
  std::array<unsigned char, kNumber> given = number;
  std::copy_n(raw(record.payload), its.carried, given.begin());
  const Nonce nonce = nonce_of(theirs_, given);
  const Additional additional = additional_data(number, record.type, sealed.size());
  std::array<unsigned char, 16> tag;
  std::copy_n(raw(record.payload.last(its.tag)), its.tag, tag.begin());

  EVP_CIPHER_CTX* const context = ciphers.of(algorithm_, false);
  const int size = static_cast<int>(sealed.size());
  const auto expect_tag = [&] {
    return ::EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, static_cast<int>(its.tag), tag.data()) == 1;
  };
  int wrote = 0;
  const bool opened = (!its.ccm || expect_tag()) &&
                      ::EVP_DecryptInit_ex2(context, nullptr, theirs_.key.data(), nonce.data(), nullptr) == 1 &&
                      (its.ccm ? ::EVP_DecryptUpdate(context, nullptr, &wrote, nullptr, size) == 1 : expect_tag()) &&
                      ::EVP_DecryptUpdate(context, nullptr, &wrote, additional.data(), additional.size()) == 1 &&
                      ::EVP_DecryptUpdate(context, raw(into), &wrote, raw(sealed), size) == 1 &&
                      (its.ccm || ::EVP_DecryptFinal_ex(context, raw(into) + size, &wrote) == 1);
  if (!opened || sealed.size() > most_content_) return std::nullopt;
  window_.mark(record.sequence);
  return into.first(sealed.size());
}

}  // namespace sluice
