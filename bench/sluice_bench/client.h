// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "bench/sluice_bench/codec.h"
#include "bench/sluice_bench/engine.h"
#include "bench/sluice_bench/stream.h"

namespace sluice::bench {

/// One MQTT connection from connect to close; what it does while it is up is up to the derived class.
/// Owner and thread: its engine. Must outlive the engine's current batch of events (engines destroy clients last).
class Client {
 public:
  Client(Engine& engine, std::string id);
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Opens the connection. Requires: closed.
  void start();
  /// Sends DISCONNECT and waits for the server to close. Without effect unless up.
  void disconnect();
  void ping();
  void on_ready(std::uint32_t events);
  [[nodiscard]] bool up() const { return state_ == State::Up; }
  /// Adds what this client saw of the order of messages.
  virtual void tally(OrderTally&) const {}

 protected:
  /// CONNACK with success has arrived.
  virtual void on_up() = 0;
  /// Any packet but CONNACK and PINGRESP, while up.
  virtual void on_frame(const Frame& frame) = 0;
  /// The connection is closed; `asked`: by disconnect().
  virtual void on_down(bool asked);

  /// Collects output; flush() writes it, at the latest when the handler of an event returns.
  void append(ByteView bytes);
  void flush();
  /// Output that the kernel did not take yet: do not produce more.
  [[nodiscard]] bool choked() const { return !pending_.empty(); }
  void fail(const std::string& why);
  [[nodiscard]] Engine& engine() const { return engine_; }
  [[nodiscard]] Version version() const { return engine_.settings().client.version; }
  /// Unacknowledged QoS 1/2 messages that the server allows (MQTT 5 Receive Maximum).
  [[nodiscard]] std::uint16_t receive_maximum() const { return receive_maximum_; }

 private:
  enum class State : std::uint8_t { Closed, Connecting, Handshaking, AwaitConnack, Up, Closing };

  void opened();
  void shake_hands();
  void send_connect();
  void receive();
  bool receive_once();
  /// Returns the bytes consumed.
  std::size_t handle_frames(ByteView input);
  void handle(const Frame& frame);
  void handle_connack(const Frame& frame);
  void write_pending();
  void close(const std::string& why);

  Engine& engine_;
  std::string id_;
  Stream stream_;
  Bytes pending_;  ///< output that waits for the kernel
  Bytes tail_;     ///< the beginning of a packet whose rest has not arrived
  State state_ = State::Closed;
  std::uint16_t receive_maximum_ = 65535;
};

}  // namespace sluice::bench
