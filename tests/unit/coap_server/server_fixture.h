// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shared/coap/codec/uri.h"
#include "shared/coap/server/server.h"
#include "tests/unit/coap_message/manual_shard.h"

namespace sluice::coap::testing {

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }
inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
/// `size` bytes of which no two blocks are the same.
inline std::string large_text(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) text += std::to_string(i) + ',';
  text.resize(size);
  return text;
}

/// A message that went to the carrier.
struct Answer {
  ReplyTo to;
  Bytes bytes;
  std::shared_ptr<Pdu> pdu;

  [[nodiscard]] Code code() const { return pdu->code(); }
  [[nodiscard]] std::string payload() const { return text_of(pdu->payload()); }
  [[nodiscard]] bool has(Option option) const { return pdu->option(option).has_value(); }
  [[nodiscard]] std::optional<std::uint32_t> number(Option option) const {
    const auto found = pdu->option(option);
    return found ? found->uint() : std::nullopt;
  }
  [[nodiscard]] std::optional<Block> block(Option option) const {
    const auto found = pdu->option(option);
    return found ? Block::from(*found, Block::Bert::Allowed) : std::nullopt;
  }
  [[nodiscard]] std::string text(Option option) const {
    const auto found = pdu->option(option);
    return found ? std::string(found->text()) : "none";
  }
};

struct FakeCarrier final : Carrier {
  std::vector<Answer> answers;
  std::vector<MessageId> acknowledged;
  std::vector<MessageId> rejected;
  std::vector<Confirm> notified;
  std::map<std::uint32_t, int> pins;
  std::set<std::uint32_t> gone;
  std::set<std::uint32_t> not_verified;
  std::uint8_t block = 6;
  std::size_t message = 0;
  bool is_reliable = false;
  std::function<void()> on_reply = [] {};

  void record(const ReplyTo& to, const Parts& parts) {
    Answer answer{to, encode(parts), nullptr};
    answers.push_back(std::move(answer));
    auto parsed = Pdu::parse(answers.back().bytes);
    ASSERT_TRUE(parsed);
    answers.back().pdu = std::make_shared<Pdu>(std::move(*parsed));
  }
  void reply(const ReplyTo& to, Parts& parts) override {
    record(to, parts);
    on_reply();
  }
  void acknowledge(const ReplyTo& to) override { acknowledged.push_back(to.mid); }
  void reject(const ReplyTo& to) override { rejected.push_back(to.mid); }
  Sent send(PeerId peer, Parts& parts, Confirm confirm, Reminder) override {
    notified.push_back(confirm);
    record({peer}, parts);
    return Sent::Yes;
  }
  void withdraw(PeerId, Reminder) override {}
  void pin(PeerId peer) override { ++pins[peer.slot]; }
  void unpin(PeerId peer) override { --pins[peer.slot]; }
  TransportPeer peer(PeerId peer) const override {
    TransportPeer result;
    result.address = *SocketAddress::parse("192.0.2.1:5683");
    result.address.port = static_cast<std::uint16_t>(peer.slot);
    return result;
  }
  bool known(PeerId peer) const override { return !gone.contains(peer.slot); }
  bool verified(PeerId peer) const override { return !not_verified.contains(peer.slot); }
  void set_verified(PeerId peer) override { not_verified.erase(peer.slot); }
  std::size_t credit(PeerId) const override { return 0; }
  Sent probe(PeerId, Reminder) override { return Sent::Yes; }
  std::uint8_t largest_block(PeerId) const override { return block; }
  std::size_t largest_message(PeerId) const override { return message; }
  bool reliable() const override { return is_reliable; }
};

struct FakeHandler final : RequestHandler {
  struct Seen {
    ExchangeId exchange;
    PeerId peer;
    Code code;
    std::string body;
    std::size_t answer_limit;
    std::uint64_t representation;
    bool multicast;
  };
  std::vector<Seen> requests;
  std::vector<PeerId> gone;
  std::function<void(const Seen&)> serve = [](const Seen&) {};
  std::function<void(PeerId)> mourn = [](PeerId) {};

  void on_request(const Request& request) override {
    requests.push_back({request.exchange, request.peer, request.pdu.code(), text_of(request.body), request.answer_limit,
                        request.representation, request.multicast});
    serve(Seen(requests.back()));
  }
  void on_peer_gone(PeerId peer) override {
    gone.push_back(peer);
    mourn(peer);
  }
};

class ServerTest : public ::testing::Test {
 protected:
  Server& server() {
    if (!server_) server_ = std::make_unique<Server>(clock_.shard(), carrier_, parameters_, settings_, handler_);
    return *server_;
  }
  static PeerId peer(std::uint32_t slot = 1) { return {slot, 1}; }

  Parts request(Code code = codes::kGet, std::string_view path = "a") {
    Parts parts;
    parts.type = Type::Confirmable;
    parts.code = code;
    parts.mid = ++mid_;
    parts.token = Token::from(bytes_of("tk"));
    EXPECT_TRUE(add_path(parts.options, path));
    return parts;
  }
  /// Hands it to the server; what it was answered with, if it was at once.
  std::optional<Answer> ask(const Parts& parts, std::uint32_t from = 1, bool multicast = false) {
    const Bytes bytes = encode(parts);
    const auto pdu = Pdu::parse(bytes);
    EXPECT_TRUE(pdu);
    const auto before = carrier_.answers.size();
    server().on_request({peer(from), *pdu, bytes.size(), multicast});
    EXPECT_LE(carrier_.answers.size(), before + 1) << "answered more than once";
    if (carrier_.answers.size() == before) return std::nullopt;
    return carrier_.answers.back();
  }
  std::optional<Answer> get(std::optional<Block> block2 = {}, std::uint32_t from = 1) {
    Parts parts = request();
    if (block2) parts.options.add(Option::Block2, block2->value());
    return ask(parts, from);
  }
  std::optional<Answer> put(const Block& block1, std::string_view payload, std::uint32_t from = 1,
                            std::string_view path = "a") {
    Parts parts = request(codes::kPut, path);
    parts.options.add(Option::Block1, block1.value());
    parts.payload = bytes_of(payload);
    return ask(parts, from);
  }
  void respond(ExchangeId exchange, Code code, std::string_view body = "") {
    server().respond(exchange, {code, {}, {bytes_of(body), nullptr}});
  }
  /// Every request is answered at once with that.
  void serve(Code code, std::string body = "") {
    handler_.serve = [this, code, body](const FakeHandler::Seen& seen) { respond(seen.exchange, code, body); };
  }

  sluice::testing::ManualShard clock_;
  Parameters parameters_;
  ServerSettings settings_;
  FakeCarrier carrier_;
  FakeHandler handler_;

 private:
  MessageId mid_ = 0;
  std::unique_ptr<Server> server_;
};

}  // namespace sluice::coap::testing
