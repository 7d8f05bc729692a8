// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "tests/unit/net_dtls/dtls_fixture.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace sluice::test {

/// An OpenSSL client of its own, at an address of its own on a test's network. Blocking; gives up after kPatience.
class TestPeer {
 public:
  struct How {
    std::string psk_identity = "sensor";
    std::string psk = "secret key of it";
    std::string certificate;            ///< "client" for client-cert.pem and client-key.pem; empty: none
    std::string ciphers;                ///< empty: all
    bool by_certificate = false;        ///< no PSK
    ssl_session_st* session = nullptr;  ///< to resume
    int fragment_mode = 0;              ///< of RFC 6066, 1: 512 bytes
  };

  TestPeer(DtlsTest& test, DatagramPath path, const How& how);
  TestPeer(DtlsTest& test, DatagramPath path) : TestPeer(test, path, How{}) {}
  ~TestPeer();
  TestPeer(const TestPeer&) = delete;
  TestPeer& operator=(const TestPeer&) = delete;

  /// Empty, or why the handshake failed; "nothing came" after `patience`.
  std::string handshake(std::chrono::milliseconds patience = kPatience);
  /// One call of the handshake, without waiting for an answer: sends what is to be sent.
  void begin();
  /// One more, with the next datagram from the port. False: none came.
  bool go_on();
  void send(std::string_view text);
  /// The next datagram's content; "closed" after close_notify, otherwise why there is none.
  std::string receive(std::chrono::milliseconds patience = kPatience);
  std::string echo(std::string_view text) {
    send(text);
    return receive();
  }
  void close();

  [[nodiscard]] ssl_st* ssl() { return ssl_; }
  [[nodiscard]] const DatagramPath& path() const { return path_; }
  [[nodiscard]] const std::string& last_sent() const { return last_sent_; }

  std::function<bool(std::string_view)> loses;  ///< true: the network loses what this peer sends
  bool holds_back = false;                      ///< nothing is delivered: see last_sent()

  // For the BIO.
  std::optional<std::string> next_input();
  void output(std::string datagram);

 private:
  std::string failure(int result);

  DtlsTest& test_;
  DatagramPath path_;
  How how_;
  ssl_ctx_st* context_;
  ssl_st* ssl_;
  std::deque<std::string> input_;
  std::string last_sent_;
};

}  // namespace sluice::test
