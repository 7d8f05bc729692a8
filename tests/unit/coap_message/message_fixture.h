// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shared/coap/message/message_layer.h"
#include "tests/unit/coap_message/manual_shard.h"

namespace sluice::coap::testing {

/// "40 01 12 34" as bytes; spaces do not count.
inline Bytes hex(std::string_view text) {
  Bytes bytes;
  std::string digits;
  for (const char digit : text) {
    if (digit == ' ') continue;
    digits.push_back(digit);
    if (digits.size() < 2) continue;
    bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
    digits.clear();
  }
  return bytes;
}

/// The opposite, in the same form.
inline std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    if (!text.empty()) text.push_back(' ');
    text.push_back(kDigits[static_cast<std::size_t>(byte) >> 4]);
    text.push_back(kDigits[static_cast<std::size_t>(byte) & 15]);
  }
  return text;
}

/// Number `index` of the peers: an address and a port of its own.
inline DatagramPath path_of(std::uint32_t index) {
  DatagramPath path;
  path.remote = *SocketAddress::parse("192.0.2.1:5683");
  path.remote.ip[12] = static_cast<std::uint8_t>(10 + (index >> 24U));
  path.remote.ip[13] = static_cast<std::uint8_t>(index >> 16U);
  path.remote.ip[14] = static_cast<std::uint8_t>(index >> 8U);
  path.remote.ip[15] = static_cast<std::uint8_t>(index);
  path.local_ip = SocketAddress::parse("198.51.100.1:5683")->ip;
  return path;
}

struct FakePort final : DatagramPort {
  struct Sent {
    DatagramPath path;
    Bytes bytes;
  };
  std::vector<Sent> sent;
  bool is_secure = false;
  SocketAddress address = *SocketAddress::parse("0.0.0.0:5683");

  void send(const DatagramPath& path, std::span<const std::byte> bytes) override {
    sent.push_back({path, {bytes.begin(), bytes.end()}});
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return is_secure; }
  const SocketAddress& bound() const override { return address; }
};

/// The layer above: remembers what it is told.
struct FakeEvents final : CarrierEvents {
  struct Arrived {
    PeerId peer;
    ReplyTo to;
    Code code;
    Token token;
    bool multicast;
  };
  std::vector<Arrived> requests;
  std::vector<Arrived> responses;
  std::vector<PeerId> gone;
  std::vector<PeerId> room;
  bool wants_responses = false;
  std::function<void(const Arrived&)> serve = [](const Arrived&) {};
  std::function<void(PeerId)> mourn = [](PeerId) {};
  std::function<void(PeerId)> when_room = [](PeerId) {};

  static Arrived arrived(const Incoming& incoming) {
    const Pdu& pdu = incoming.pdu;
    return {incoming.peer, {incoming.peer, pdu.mid(), pdu.type(), false}, pdu.code(), pdu.token(), incoming.multicast};
  }
  void on_request(const Incoming& incoming) override {
    requests.push_back(arrived(incoming));
    serve(Arrived(requests.back()));
  }
  bool on_response(const Incoming& incoming) override {
    responses.push_back(arrived(incoming));
    return wants_responses;
  }
  void on_peer_gone(PeerId peer) override {
    gone.push_back(peer);
    mourn(peer);
  }
  void on_room(PeerId peer) override {
    room.push_back(peer);
    when_room(peer);
  }
};

struct FakeSink final : OutcomeSink {
  struct Told {
    PeerId peer;
    Cookie cookie;
    Outcome outcome;
    friend bool operator==(const Told&, const Told&) = default;
  };
  std::vector<Told> told;
  std::function<void(const Told&)> then = [](const Told&) {};

  void on_outcome(PeerId peer, Cookie cookie, Outcome outcome) override {
    told.push_back({peer, cookie, outcome});
    then(Told(told.back()));
  }
};

class MessageTest : public ::testing::Test {
 protected:
  using Sent = Carrier::Sent;
  using Confirm = Carrier::Confirm;

  /// Lazily, so that a test can change the parameters before.
  MessageLayer& layer() {
    if (!layer_) layer_ = std::make_unique<MessageLayer>(clock_.shard(), port_, parameters_, events_);
    return *layer_;
  }
  void receive(std::string_view text, std::uint32_t from = 1, bool multicast = false) {
    const Bytes bytes = hex(text);
    receive_bytes(bytes, from, multicast);
  }
  void receive_bytes(std::span<const std::byte> bytes, std::uint32_t from = 1, bool multicast = false) {
    layer().on_datagram({path_of(from), bytes, multicast});
  }
  /// Everything that was sent since the last call.
  std::vector<std::string> sent() {
    std::vector<std::string> all;
    for (const FakePort::Sent& datagram : port_.sent) all.push_back(hex(datagram.bytes));
    port_.sent.clear();
    return all;
  }
  static std::vector<std::string> nothing() { return {}; }
  /// The peer's id; it has been heard of.
  PeerId acquaint(std::uint32_t index = 1) {
    const auto before = events_.requests.size();
    receive("50 01 " + mid_text(static_cast<MessageId>(0xF000 + before)), index);
    port_.sent.clear();
    return events_.requests.back().peer;
  }
  static std::string mid_text(MessageId mid) {
    const Bytes bytes{static_cast<std::byte>(mid >> 8), static_cast<std::byte>(mid & 0xFF)};
    return hex(bytes);
  }
  /// The message id of the datagram sent `back` before the last one.
  std::string sent_mid(std::size_t back = 0) const {
    const Bytes& bytes = port_.sent.at(port_.sent.size() - 1 - back).bytes;
    return hex(std::span(bytes).subspan(2, 2));
  }
  Parts notification(std::string_view payload = "x") {
    Parts parts;
    parts.code = codes::kContent;
    parts.token = Token::from(token_);
    parts.payload = std::as_bytes(std::span(payload));
    return parts;
  }
  Sent send(PeerId peer, Confirm confirm, Cookie cookie) {
    Parts parts = notification();
    return layer().send(peer, parts, confirm, {&sink_, cookie});
  }
  /// Serves every request with 2.05 "hi" at once.
  void answer_at_once() {
    events_.serve = [this](const FakeEvents::Arrived& request) {
      Parts parts = notification("hi");
      parts.token = request.token;
      layer().reply(request.to, parts);
    };
  }

  sluice::testing::ManualShard clock_;
  Parameters parameters_;
  FakePort port_;
  FakeEvents events_;
  FakeSink sink_;
  const Bytes token_ = hex("ab");

 private:
  std::unique_ptr<MessageLayer> layer_;
};

}  // namespace sluice::coap::testing
