// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/net_dtls/test_peer.h"

#include <algorithm>
#include <cstring>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sluice::test {
namespace {

TestPeer& peer_of(BIO* bio) { return *static_cast<TestPeer*>(::BIO_get_data(bio)); }

int read_datagram(BIO* bio, char* into, int room) {
  ::BIO_clear_retry_flags(bio);
  const auto datagram = peer_of(bio).next_input();
  if (!datagram) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t size = std::min(datagram->size(), static_cast<std::size_t>(room));
  std::memcpy(into, datagram->data(), size);
  return static_cast<int>(size);
}

int write_datagram(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_retry_flags(bio);
  peer_of(bio).output(std::string(bytes, static_cast<std::size_t>(size)));
  return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* method() {
  static BIO_METHOD* const made = [] {
    BIO_METHOD* const its = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "test network");
    ::BIO_meth_set_read(its, read_datagram);
    ::BIO_meth_set_write(its, write_datagram);
    ::BIO_meth_set_ctrl(its, control);
    return its;
  }();
  return made;
}

unsigned int give_psk(SSL* ssl, const char*, char* identity, unsigned int, unsigned char* key, unsigned int) {
  const auto* const how = static_cast<const TestPeer::How*>(SSL_get_app_data(ssl));
  std::strcpy(identity, how->psk_identity.c_str());
  std::memcpy(key, how->psk.data(), how->psk.size());
  return static_cast<unsigned int>(how->psk.size());
}

unsigned int short_wait(SSL*, unsigned int) { return 100'000; }

}  // namespace

TestPeer::TestPeer(DtlsTest& test, DatagramPath path, const How& how)
    : test_(test), path_(path), how_(how), context_(::SSL_CTX_new(::DTLS_client_method())) {
  ::SSL_CTX_load_verify_file(context_, (certificates() + "cacert.pem").c_str());
  ::SSL_CTX_set_options(context_, SSL_OP_NO_QUERY_MTU);
  if (!how_.by_certificate) ::SSL_CTX_set_psk_client_callback(context_, give_psk);
  if (!how_.certificate.empty()) {
    const std::string file = certificates() + how_.certificate;
    ::SSL_CTX_use_certificate_file(context_, (file + "-cert.pem").c_str(), SSL_FILETYPE_PEM);
    ::SSL_CTX_use_PrivateKey_file(context_, (file + "-key.pem").c_str(), SSL_FILETYPE_PEM);
  }
  if (!how_.ciphers.empty()) {
    EXPECT_EQ(::SSL_CTX_set_cipher_list(context_, how_.ciphers.c_str()), 1);
  }
  ::SSL_CTX_set_verify(context_, how_.by_certificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (how_.fragment_mode != 0) {
    ::SSL_CTX_set_tlsext_max_fragment_length(context_, static_cast<std::uint8_t>(how_.fragment_mode));
  }
  ssl_ = ::SSL_new(context_);
  SSL_set_app_data(ssl_, &how_);
  ::SSL_set_mtu(ssl_, 1400);
  ::DTLS_set_timer_cb(ssl_, short_wait);
  if (how_.session != nullptr) ::SSL_set_session(ssl_, how_.session);
  BIO* const bio = ::BIO_new(method());
  ::BIO_set_data(bio, this);
  ::BIO_set_init(bio, 1);
  ::SSL_set_bio(ssl_, bio, bio);
  ::SSL_set_connect_state(ssl_);
}

TestPeer::~TestPeer() {
  ::SSL_free(ssl_);
  ::SSL_CTX_free(context_);
}

std::optional<std::string> TestPeer::next_input() {
  if (input_.empty()) return std::nullopt;
  std::string datagram = std::move(input_.front());
  input_.pop_front();
  return datagram;
}

void TestPeer::output(std::string datagram) {
  last_sent_ = std::move(datagram);
  if (holds_back || (loses && loses(last_sent_))) return;
  test_.deliver(path_, last_sent_);
}

std::string TestPeer::failure(int result) {
  if (::SSL_get_error(ssl_, result) == SSL_ERROR_ZERO_RETURN) return "closed";
  const char* const reason = ::ERR_reason_error_string(::ERR_get_error());
  return reason != nullptr ? reason : "no reason";
}

std::string TestPeer::handshake(std::chrono::milliseconds patience) {
  const auto deadline = Clock::now() + patience;
  while (Clock::now() < deadline) {
    ::ERR_clear_error();
    const int result = ::SSL_do_handshake(ssl_);
    if (result == 1) return {};
    if (::SSL_get_error(ssl_, result) != SSL_ERROR_WANT_READ) return failure(result);
    if (auto datagram = test_.network.receive(path_, std::chrono::milliseconds(50))) {
      input_.push_back(std::move(*datagram));
    } else if (DTLSv1_handle_timeout(ssl_) < 0) {
      return "sent too often";
    }
  }
  return "nothing came";
}

void TestPeer::begin() { ::SSL_do_handshake(ssl_); }

bool TestPeer::go_on() {
  auto datagram = test_.network.receive(path_, kPatience);
  if (!datagram) return false;
  input_.push_back(std::move(*datagram));
  ::SSL_do_handshake(ssl_);
  return true;
}

void TestPeer::send(std::string_view text) { ::SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }

std::string TestPeer::receive(std::chrono::milliseconds patience) {
  std::string text(16384, '\0');
  const auto deadline = Clock::now() + patience;
  do {
    ::ERR_clear_error();
    const int got = ::SSL_read(ssl_, text.data(), static_cast<int>(text.size()));
    if (got > 0) return text.substr(0, static_cast<std::size_t>(got));
    if (::SSL_get_error(ssl_, got) != SSL_ERROR_WANT_READ) return failure(got);
    if (auto datagram = test_.network.receive(path_, std::chrono::milliseconds(20))) {
      input_.push_back(std::move(*datagram));
    }
  } while (Clock::now() < deadline);
  return "nothing came";
}

void TestPeer::close() { ::SSL_shutdown(ssl_); }

}  // namespace sluice::test
