// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/dtls_client.h"

#include <algorithm>
#include <charconv>
#include <cstring>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/err.h>

namespace sluice::bench::coap {

/// One datagram in at a time, any number out.
struct DtlsClient::Transport {
  PeerSocket& socket;
  Peer peer;
  ByteView incoming{};
};

namespace {

constexpr long kMtu = 1400;

int write_datagram(BIO* bio, const char* data, int size) {
  auto* const transport = static_cast<DtlsClient::Transport*>(BIO_get_data(bio));
  transport->socket.send(transport->peer,
                         {reinterpret_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)});
  return size;
}

int read_datagram(BIO* bio, char* into, int size) {
  auto* const transport = static_cast<DtlsClient::Transport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  if (transport->incoming.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(transport->incoming.size(), static_cast<std::size_t>(size));
  std::memcpy(into, transport->incoming.data(), count);
  transport->incoming = {};
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return kMtu;
    default:
      return 0;
  }
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "peer");
  BIO_meth_set_write(method, write_datagram);
  BIO_meth_set_read(method, read_datagram);
  BIO_meth_set_ctrl(method, control);
  return method;
}

void require(bool good, const std::string& what) {
  if (!good) throw std::runtime_error(what + ": " + take_tls_error());
}

/// The key that all identities share; belongs to the context.
int key_index() {
  static const int index = SSL_CTX_get_ex_new_index(
      0, nullptr, nullptr, nullptr,
      [](void*, void* key, CRYPTO_EX_DATA*, int, long, void*) { delete static_cast<Bytes*>(key); });
  return index;
}

int identity_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, nullptr);
  return index;
}

Bytes parse_hex(const std::string& digits) {
  Bytes key;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    std::uint8_t byte = 0;
    const char* const end = digits.data() + i + 2;
    if (std::from_chars(digits.data() + i, end, byte, 16).ptr != end) break;
    key.push_back(byte);
  }
  if (key.empty() || key.size() * 2 != digits.size())
    throw std::runtime_error("--psk wants pairs of hexadecimal digits");
  return key;
}

unsigned psk_of(SSL* session, const char*, char* identity, unsigned identity_size, unsigned char* key,
                unsigned key_size) {
  const auto* const name = static_cast<const std::string*>(SSL_get_ex_data(session, identity_index()));
  const auto* const secret = static_cast<const Bytes*>(SSL_CTX_get_ex_data(SSL_get_SSL_CTX(session), key_index()));
  if (name->size() + 1 > identity_size || secret->size() > key_size) return 0;
  std::memcpy(identity, name->c_str(), name->size() + 1);
  std::ranges::copy(*secret, key);
  return static_cast<unsigned>(secret->size());
}

void use_certificates(SSL_CTX* context, const TlsSettings& tls) {
  if (!tls.ca_file.empty()) {
    require(SSL_CTX_load_verify_locations(context, tls.ca_file.c_str(), nullptr) == 1, tls.ca_file);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  }
  if (tls.certificate.empty()) return;
  require(SSL_CTX_use_certificate_chain_file(context, tls.certificate.c_str()) == 1, tls.certificate);
  require(SSL_CTX_use_PrivateKey_file(context, tls.key.c_str(), SSL_FILETYPE_PEM) == 1, tls.key);
}

}  // namespace

TlsContext make_dtls_context(const TlsSettings& tls, const CoapSettings& coap) {
  TlsContext context(SSL_CTX_new(DTLS_client_method()));
  require(context != nullptr, "DTLS context");
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_QUERY_MTU | SSL_OP_NO_TICKET);
  if (coap.psk_identity.empty()) {
    // The suite that RFC 7252 9.1.3.3 wants, and what others agree to without it.
    require(SSL_CTX_set_cipher_list(context.get(), "ECDHE-ECDSA-AES128-CCM8:ECDHE+AESGCM") == 1, "ciphers");
    use_certificates(context.get(), tls);
  } else {
    require(SSL_CTX_set_cipher_list(context.get(), "PSK-AES128-CCM8") == 1, "ciphers");  // RFC 7252 9.1.3.1
    SSL_CTX_set_ex_data(context.get(), key_index(), std::make_unique<Bytes>(parse_hex(coap.psk)).release());
    SSL_CTX_set_psk_client_callback(context.get(), psk_of);
  }
  return context;
}

DtlsClient::DtlsClient(SSL_CTX* context, PeerSocket& socket, Peer peer, const std::string& identity)
    : transport_(new Transport{socket, peer}), identity_(identity), session_(SSL_new(context)) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = BIO_new(method);
  BIO_set_data(bio, transport_.get());
  BIO_set_init(bio, 1);
  SSL_set_bio(session_.get(), bio, bio);
  SSL_set_mtu(session_.get(), kMtu);
  SSL_set_ex_data(session_.get(), identity_index(), &identity_);
  SSL_set_connect_state(session_.get());
}

DtlsClient::~DtlsClient() = default;

DtlsClient::Status DtlsClient::on_datagram(ByteView bytes) {
  transport_->incoming = bytes;
  const Status status = step();
  transport_->incoming = {};
  return status;
}

DtlsClient::Status DtlsClient::on_time() {
  if (DTLSv1_handle_timeout(session_.get()) >= 0) return Status::Going;
  error_ = "DTLS: the server does not answer";
  return Status::Failed;
}

void DtlsClient::say(ByteView message) { SSL_write(session_.get(), message.data(), static_cast<int>(message.size())); }

ByteView DtlsClient::hear(ByteView datagram, std::span<std::uint8_t> into) {
  ERR_clear_error();
  transport_->incoming = datagram;
  const int got = SSL_read(session_.get(), into.data(), static_cast<int>(into.size()));
  transport_->incoming = {};
  return into.first(static_cast<std::size_t>(std::max(got, 0)));
}

DtlsClient::Status DtlsClient::step() {
  ERR_clear_error();
  const int returned = SSL_do_handshake(session_.get());
  if (returned == 1) return Status::Done;
  if (SSL_get_error(session_.get(), returned) == SSL_ERROR_WANT_READ) return Status::Going;
  error_ = "DTLS: " + take_tls_error();
  return Status::Failed;
}

}  // namespace sluice::bench::coap
