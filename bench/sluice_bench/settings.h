// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "bench/sluice_bench/codec.h"

namespace sluice::bench {

/// Everything the command line can say. Set by options.cc before anything runs, constant afterwards.

struct TlsSettings {
  bool enabled = false;
  std::string ca_file;  ///< empty: the server's certificate is not verified
  std::string certificate;
  std::string key;
  std::string version;  ///< "1.2", "1.3" or empty: what both sides like best
};

struct ClientSettings {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: 1883, with TLS 8883
  Version version = Version::V311;
  std::string username;
  std::string password;
  std::string id_prefix = "sluice_bench";
  std::uint16_t keep_alive = 300;  ///< seconds
  bool clean = true;
  TlsSettings tls;
};

struct LoadSettings {
  std::size_t count = 0;            ///< clients (of the scenario's main kind); 0: the command's default
  std::size_t start_number = 0;     ///< of the first client
  double connect_interval_ms = 0;   ///< between two connects
  std::size_t connect_window = 50;  ///< connects at one time
  std::string topic;
  std::uint8_t qos = 0;
  bool retain = false;
  std::size_t size = 64;              ///< payload bytes
  double message_interval_ms = 1000;  ///< `pub`: per client
  double rate = 0;                    ///< messages a second in total; 0: as many as the server takes
  std::size_t window = 20;            ///< unacknowledged QoS 1/2 messages per publisher
  std::size_t inflight_cap = 0;       ///< undelivered messages per publisher; 0: the scenario's default
  std::uint64_t messages = 0;         ///< in total; 0: bounded by time
  double warmup_s = 1;
  double duration_s = 5;
  double timeout_s = 60;  ///< for connecting, subscribing and draining
};

struct ScenarioSettings {
  std::size_t subscribers = 0;  ///< fanin, fanout, filters: 0 is the scenario's default
  std::size_t filters = 1000;
  double ping_interval_s = 36;  ///< idle, ping
  double settle_s = 1;          ///< before memory is read
  double churn_s = 0;           ///< filters: unsubscribe + subscribe for so long
  bool subscribe = true;        ///< connect, tls: subscribe in each cycle
};

struct CoapSettings {
  std::string path;          ///< coap-put: PUT there, with no client id; empty: each peer to a topic of its own
  bool one_topic = false;    ///< coap-observe: all observers observe the same
  std::string psk_identity;  ///< coaps-connect; empty: certificates
  std::string psk;           ///< its key, in hexadecimal digits
};

struct Settings {
  std::string command;   ///< conn, sub, pub, run
  std::string scenario;  ///< of run
  std::size_t threads = 1;
  int server_pid = 0;  ///< 0: unknown, nothing of the server is measured
  bool json = false;
  ClientSettings client;
  LoadSettings load;
  ScenarioSettings plan;
  CoapSettings coap;
};

}  // namespace sluice::bench
