// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/mqtt_decoder.h"
#include "tests/support/mqtt_packets.h"

namespace sluice::test {

/// One TCP connection to the broker on loopback and what a test expects on it, in order. Every read has a deadline;
/// whatever else comes, or nothing in time, throws ScriptError, which ends the test with the packet in its message.
/// Nothing is answered by itself: acknowledgements are the test's affair unless a method says so.
class Client {
 public:
  /// Connects the socket; sends nothing.
  Client(std::uint16_t port, int version);
  ~Client();
  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;

  [[nodiscard]] int version() const { return version_; }
  /// The CONNACK that open() got.
  [[nodiscard]] const Packet& connack() const { return connack_; }

  /// Bytes to a peer that may have closed already: what became of them shows in what is expected next.
  void send_raw(std::string_view bytes);
  template <class Builder>
  void send(const Builder& builder) {
    send_raw(builder.bytes(version_));
  }

  /// The next packet, whatever it is.
  Packet next();
  Packet expect(Type type);
  /// An acknowledgement with this packet identifier and reason (0 in MQTT 3).
  Packet expect_ack(Type type, unsigned packet_id, unsigned reason = 0);
  Packet expect_message(std::string_view topic, std::string_view payload);
  void expect_bytes(std::string_view bytes);
  /// The peer closes the connection and sends nothing before.
  void expect_closed();
  /// The peer refuses what it got. MQTT 5: DISCONNECT with one of the reasons, then closed; MQTT 3: closed.
  void expect_refused(std::initializer_list<unsigned> reasons);
  /// The peer refuses a CONNECT that is malformed: closed, in MQTT 5 perhaps after a CONNACK with one of the reasons.
  void expect_connect_refused(std::initializer_list<unsigned> reasons);
  /// Nothing is on its way to this client, neither answered nor published by `publisher`: a marker that `publisher`
  /// publishes now is the next packet.
  void expect_nothing_more(Client& publisher);
  void expect_nothing_more() { expect_nothing_more(*this); }

  /// CONNECT and a CONNACK that accepts.
  Packet open(const Connect& connect);
  /// SUBSCRIBE and its SUBACK; returns the reason code.
  unsigned subscribe(std::string_view filter, unsigned options = 0);
  /// UNSUBSCRIBE and its UNSUBACK.
  void unsubscribe(std::string_view filter);
  /// A message with its whole acknowledgement.
  void publish(std::string_view topic, std::string_view payload, unsigned qos = 0, bool retain = false);
  /// PINGREQ; PINGRESP is the next packet.
  void ping();
  /// The next packet is a message; acknowledges it as its QoS wants. Messages that come before its PUBREL are next().
  Packet take();
  /// take(), and checks what it is.
  Packet take(std::string_view topic, std::string_view payload);
  /// Says DISCONNECT and waits until the broker has closed: then the session is detached.
  void leave(const Disconnect& disconnect = Disconnect());
  /// Ends the connection without a DISCONNECT and waits until the broker has noticed.
  void vanish();
  /// A packet identifier that this client has not used yet.
  unsigned fresh_id() { return ++last_id_; }

 private:
  void close();
  void shut_writing();
  void await_end();
  Packet read_packet();
  /// False at the end of the stream.
  bool fill();

  int fd_ = -1;
  int version_;
  unsigned last_id_ = 1000;
  Bytes buffer_;
  std::deque<Packet> set_aside_;  ///< read already, to be given out first
  Packet connack_;
};

}  // namespace sluice::test
