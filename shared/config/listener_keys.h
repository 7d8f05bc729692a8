// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "shared/config/check.h"
#include "shared/config/property.h"

namespace sluice {

// The keys that every listener of byte streams has: `listener.tcp.$name.backlog`, `listener.ssl.$name.backlog`, …
// One constexpr object per kind of listener holds its rows; the code that opens a listener takes the object.

/// A text that can be a template argument.
template <std::size_t N>
struct FixedText {
  char text[N];
  constexpr FixedText(const char (&from)[N]) { std::copy_n(from, N, text); }  // NOLINT(google-explicit-constructor)
  [[nodiscard]] constexpr std::size_t size() const { return N - 1; }
};

template <FixedText A, FixedText B>
struct JoinedText {
  static constexpr auto kChars = [] {
    std::array<char, A.size() + B.size()> chars{};
    std::copy_n(A.text, A.size(), chars.begin());
    std::copy_n(B.text, B.size(), chars.begin() + A.size());
    return chars;
  }();
  static constexpr std::string_view kView{kChars.data(), kChars.size()};
};

/// "listener.tcp.$name" + ".backlog", alive for ever.
template <FixedText A, FixedText B>
inline constexpr std::string_view kJoined = JoinedText<A, B>::kView;

struct SocketDefaults {
  std::uint32_t acceptors;
  std::uint32_t max_clients;
  std::uint32_t backlog;
};

/// Names begin with the listener's own key; get() takes {name}, `access` takes {name, id}.
struct SocketKeys {
  Property<std::string_view> address;
  Property<std::uint32_t> acceptors;
  Property<std::uint32_t> max_clients;
  Property<std::uint32_t> max_conn_rate;
  Property<std::string_view> zone;
  Property<std::string_view> mountpoint;
  Property<std::string_view> rate_limit;
  Property<std::string_view> access;
  Property<bool> proxy_protocol;
  Property<ConfigDuration> proxy_protocol_timeout;
  Property<std::string_view> peer_cert_as_username;
  Property<std::uint32_t> backlog;
  Property<ConfigDuration> send_timeout;
  Property<bool> send_timeout_close;
  Property<ConfigDuration> close_timeout;
  Property<ByteSize> recbuf;
  Property<ByteSize> sndbuf;
  Property<ByteSize> buffer;
  Property<bool> tune_buffer;
  Property<bool> nodelay;
  Property<bool> reuseaddr;
};

/// The keys of a listener that speaks TLS.
struct TlsKeys {
  Property<ConfigDuration> handshake_timeout;
  Property<std::string_view> tls_versions;
  Property<std::string_view> ciphers;
  Property<std::string_view> keyfile;
  Property<std::string_view> certfile;
  Property<std::string_view> cacertfile;
  Property<std::string_view> dhfile;
  Property<std::string_view> verify;
  Property<bool> fail_if_no_peer_cert;
  Property<bool> secure_renegotiate;
  Property<bool> reuse_sessions;
  Property<bool> honor_cipher_order;
};

template <FixedText Prefix>
constexpr SocketKeys socket_keys(SocketDefaults defaults) {
  using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;
  constexpr auto kNew = Reload::NewConnections;
  constexpr auto kListener = Reload::ListenerRestart;
  return {
      .address = {.name = kJoined<Prefix, "">,
                  .doc = "Where it listens: port, ip:port, [ipv6]:port or off; port 0 takes a free one.",
                  .reload = kListener,
                  .check = check_listen_address},
      .acceptors = {.name = kJoined<Prefix, ".acceptors">,
                    .doc = "Accepted for existing files; every shard accepts for itself.",
                    .def = defaults.acceptors,
                    .min = 1,
                    .max = 65536,
                    .reload = kNew},
      .max_clients = {.name = kJoined<Prefix, ".max_clients">,
                      .doc = "Connections at the same time; further ones are closed at once.",
                      .def = defaults.max_clients,
                      .min = 1,
                      .max = 100'000'000,
                      .reload = kNew},
      .max_conn_rate = {.name = kJoined<Prefix, ".max_conn_rate">,
                        .doc = "New connections per second; others wait in the backlog. 0: no limit but max_clients.",
                        .max = 1'000'000,
                        .reload = kNew},
      .zone = {.name = kJoined<Prefix, ".zone">,
               .doc = "Accepted for existing files; zones come with the cluster.",
               .reload = kNew},
      .mountpoint =
          {.name = kJoined<Prefix, ".mountpoint">,
           .doc = "Put before every topic of its clients; %c is the client id, %u the user name. A client that comes "
                  "back under another one begins a new session.",
           .reload = kNew},
      .rate_limit = {.name = kJoined<Prefix, ".rate_limit">,
                     .doc = "Bytes a client may send: burst,rate in KB and KB per second. Empty: no limit.",
                     .reload = kNew,
                     .check = check_rate_limit},
      .access = {.name = kJoined<Prefix, ".access.$id">,
                 .doc = "Who may connect, tried by number: allow or deny, then all, an address or a network.",
                 .reload = kNew,
                 .check = check_access_rule},
      .proxy_protocol = {.name = kJoined<Prefix, ".proxy_protocol">,
                         .doc = "Every connection begins with a PROXY header, version 1 or 2, from a trusted balancer.",
                         .reload = kNew},
      .proxy_protocol_timeout = {.name = kJoined<Prefix, ".proxy_protocol_timeout">,
                                 .doc = "How long to wait for the PROXY header.",
                                 .def = seconds(3),
                                 .min = milliseconds(100),
                                 .max = hours(1),
                                 .reload = kNew},
      .peer_cert_as_username = {.name = kJoined<Prefix, ".peer_cert_as_username">,
                                .doc = "Take the user name from the client's certificate (behind a balancer: from the "
                                       "PROXY header): cn its common name, dn its whole subject.",
                                .choices = "cn|dn",
                                .reload = kNew},
      .backlog = {.name = kJoined<Prefix, ".backlog">,
                  .doc = "Connections the kernel keeps until they are accepted.",
                  .def = defaults.backlog,
                  .min = 1,
                  .max = 1'000'000,
                  .reload = kListener},
      .send_timeout = {.name = kJoined<Prefix, ".send_timeout">,
                       .doc = "How long a client may read nothing while something waits for it.",
                       .def = seconds(15),
                       .min = milliseconds(100),
                       .max = hours(24),
                       .reload = kNew},
      .send_timeout_close = {.name = kJoined<Prefix, ".send_timeout_close">,
                             .doc = "Close the connection when send_timeout has passed.",
                             .def = true,
                             .reload = kNew},
      .close_timeout = {.name = kJoined<Prefix, ".close_timeout">,
                        .doc = "How long a connection that is being closed may take to say goodbye.",
                        .def = seconds(5),
                        .min = milliseconds(100),
                        .max = hours(1),
                        .reload = kNew},
      .recbuf = {.name = kJoined<Prefix, ".recbuf">,
                 .doc = "The kernel's receive buffer. 0: the kernel's choice.",
                 .max = {256 * 1024 * 1024},
                 .reload = kListener},
      .sndbuf = {.name = kJoined<Prefix, ".sndbuf">,
                 .doc = "The kernel's send buffer. 0: the kernel's choice.",
                 .max = {256 * 1024 * 1024},
                 .reload = kListener},
      .buffer = {.name = kJoined<Prefix, ".buffer">,
                 .doc = "Accepted for existing files; the shards' read buffers are shared by their connections.",
                 .max = {256 * 1024 * 1024},
                 .reload = kNew},
      .tune_buffer = {.name = kJoined<Prefix, ".tune_buffer">,
                      .doc = "Accepted for existing files, as buffer is.",
                      .reload = kNew},
      .nodelay = {.name = kJoined<Prefix, ".nodelay">,
                  .doc = "TCP_NODELAY: send at once.",
                  .def = true,
                  .reload = kNew},
      .reuseaddr = {.name = kJoined<Prefix, ".reuseaddr">,
                    .doc = "SO_REUSEADDR: bind although old connections linger.",
                    .def = true,
                    .reload = kListener},
  };
}

template <FixedText Prefix>
constexpr TlsKeys tls_keys() {
  using std::chrono::hours, std::chrono::milliseconds, std::chrono::seconds;
  constexpr auto kNew = Reload::NewConnections;
  return {
      .handshake_timeout = {.name = kJoined<Prefix, ".handshake_timeout">,
                            .doc = "How long a TLS handshake may take.",
                            .def = seconds(15),
                            .min = milliseconds(100),
                            .max = hours(1),
                            .reload = kNew},
      .tls_versions = {.name = kJoined<Prefix, ".tls_versions">,
                       .doc = "Versions spoken, with commas.",
                       .def = "tlsv1.3,tlsv1.2",
                       .reload = kNew,
                       .check = check_tls_versions},
      .ciphers = {.name = kJoined<Prefix, ".ciphers">,
                  .doc = "OpenSSL names with commas or colons, best first. Empty: OpenSSL's own choice.",
                  .reload = kNew},
      .keyfile = {.name = kJoined<Prefix, ".keyfile">,
                  .doc = "Private key, PEM. Read again on SIGHUP.",
                  .def = "etc/certs/key.pem",
                  .reload = kNew},
      .certfile = {.name = kJoined<Prefix, ".certfile">,
                   .doc = "Certificate and chain, PEM. Read again on SIGHUP.",
                   .def = "etc/certs/cert.pem",
                   .reload = kNew},
      .cacertfile = {.name = kJoined<Prefix, ".cacertfile">,
                     .doc = "Authorities that client certificates are checked against, PEM.",
                     .reload = kNew},
      .dhfile = {.name = kJoined<Prefix, ".dhfile">, .doc = "Diffie-Hellman parameters, PEM.", .reload = kNew},
      .verify = {.name = kJoined<Prefix, ".verify">,
                 .doc = "verify_peer asks clients for a certificate and checks it.",
                 .def = "verify_none",
                 .choices = "verify_peer|verify_none",
                 .reload = kNew},
      .fail_if_no_peer_cert = {.name = kJoined<Prefix, ".fail_if_no_peer_cert">,
                               .doc = "With verify_peer: refuse clients without a certificate.",
                               .reload = kNew},
      .secure_renegotiate = {.name = kJoined<Prefix, ".secure_renegotiate">,
                             .doc = "Accepted for existing files; renegotiation by clients is always refused.",
                             .reload = kNew},
      .reuse_sessions = {.name = kJoined<Prefix, ".reuse_sessions">,
                         .doc = "Session resumption.",
                         .def = true,
                         .reload = kNew},
      .honor_cipher_order = {.name = kJoined<Prefix, ".honor_cipher_order">,
                             .doc = "The server's order of ciphers counts, not the client's.",
                             .def = true,
                             .reload = kNew},
  };
}

}  // namespace sluice
