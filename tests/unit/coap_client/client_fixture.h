// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shared/coap/codec/uri.h"
#include "shared/coap/endpoint.h"
#include "tests/unit/coap_message/message_fixture.h"
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {

/// Who asks: remembers what it is told.
struct FakeAsker final : ResponseHandler {
  struct Heard {
    RequestId request;
    Code code;
    std::string body;
    bool last;
  };
  struct Failed {
    RequestId request;
    Failure why;
    friend bool operator==(const Failed&, const Failed&) = default;
  };
  std::vector<Heard> answers;
  std::vector<Failed> failures;
  std::function<void(const coap::Answer&)> then = [](const coap::Answer&) {};

  void on_answer(const coap::Answer& answer) override {
    answers.push_back({answer.request, answer.pdu.code(), text_of(answer.body), answer.last});
    then(answer);
  }
  void on_failure(RequestId request, PeerId, Failure why) override { failures.push_back({request, why}); }

  [[nodiscard]] std::vector<std::string> bodies() const {
    std::vector<std::string> all;
    for (const Heard& heard : answers) all.push_back(heard.body);
    return all;
  }
};

/// A message that the client sent.
struct Asked {
  Bytes bytes;
  Pdu pdu;

  explicit Asked(Bytes its_bytes) : bytes(std::move(its_bytes)), pdu(*Pdu::parse(bytes)) {}
  [[nodiscard]] std::string payload() const { return text_of(pdu.payload()); }
  [[nodiscard]] bool has(Option option) const { return pdu.option(option).has_value(); }
  [[nodiscard]] std::optional<std::uint32_t> number(Option option) const {
    const auto found = pdu.option(option);
    return found ? found->uint() : std::nullopt;
  }
  [[nodiscard]] std::optional<Block> block(Option option) const {
    const auto found = pdu.option(option);
    return found ? Block::from(*found) : std::nullopt;
  }
};

/// A client on a port that the test holds the other end of.
class ClientTest : public ::testing::Test {
 protected:
  DatagramEndpoint& endpoint() {
    if (!endpoint_) {
      endpoint_ =
          std::make_unique<DatagramEndpoint>(clock_.shard(), port_, parameters_, ServerSettings(), handler_, settings_);
    }
    return *endpoint_;
  }
  Requester& requester() { return endpoint().requester(); }
  PeerId peer(std::uint32_t index = 1) { return endpoint().messages().peer_at(path_of(index)); }

  static Outgoing outgoing(Code method = codes::kGet, std::string_view path = "a") {
    Outgoing request;
    request.method = method;
    EXPECT_TRUE(add_path(request.options, path));
    return request;
  }
  RequestId ask(const Outgoing& request, std::uint32_t of = 1) {
    return requester().request(peer(of), request, asker_);
  }
  RequestId get() { return ask(outgoing()); }
  RequestId observe() {
    Outgoing request = outgoing();
    request.observe = true;
    return ask(request);
  }
  RequestId put(const std::string& body) {
    Outgoing request = outgoing(codes::kPut);
    request.body.bytes = bytes_of(body);
    return ask(request);
  }

  /// What was sent since the last call and was not empty; one message.
  std::optional<Asked> sent() {
    std::vector<Bytes> all;
    for (FakePort::Sent& datagram : port_.sent) {
      if (datagram.bytes.size() > 4) all.push_back(std::move(datagram.bytes));
    }
    port_.sent.clear();
    EXPECT_LE(all.size(), 1U) << "more than one message";
    if (all.empty()) return std::nullopt;
    return Asked(std::move(all.front()));
  }
  /// As bytes, all of them.
  std::vector<std::string> sent_bytes() {
    std::vector<std::string> all;
    for (const FakePort::Sent& datagram : port_.sent) all.push_back(hex(datagram.bytes));
    port_.sent.clear();
    return all;
  }
  void receive(const Parts& parts, std::uint32_t from = 1) {
    const Bytes bytes = encode(parts);
    endpoint().events().on_datagram({path_of(from), bytes, false});
  }
  void receive(std::string_view text, std::uint32_t from = 1) {
    const Bytes bytes = hex(text);
    endpoint().events().on_datagram({path_of(from), bytes, false});
  }
  /// A response in the acknowledgement of `question`.
  static Parts answer_to(const Asked& question, Code code, std::string_view payload = "") {
    Parts parts;
    parts.type = Type::Acknowledgement;
    parts.mid = question.pdu.mid();
    parts.code = code;
    parts.token = question.pdu.token();
    parts.payload = bytes_of(payload);
    return parts;
  }
  void acknowledge(const Asked& question) {
    Parts parts = answer_to(question, codes::kEmpty);
    parts.token = {};
    receive(parts);
  }
  /// A response in a message of its own.
  Parts separate(const Asked& question, Code code, std::string_view payload = "", Type type = Type::Confirmable) {
    Parts parts = answer_to(question, code, payload);
    parts.type = type;
    parts.mid = ++peers_mid_;
    return parts;
  }
  Parts notification(const Asked& registration, std::uint32_t sequence, std::string_view payload,
                     Type type = Type::NonConfirmable) {
    Parts parts = separate(registration, codes::kContent, payload, type);
    parts.options.add(Option::Observe, sequence);
    return parts;
  }
  /// An observation that the peer has agreed to; what was sent for it.
  Asked establish() {
    id_ = observe();
    Asked registration = *sent();
    Parts agreed = answer_to(registration, codes::kContent, "first");
    agreed.options.add(Option::Observe, 10U);
    receive(agreed);
    return registration;
  }

  sluice::testing::ManualShard clock_;
  FakePort port_;
  FakeHandler handler_;
  FakeAsker asker_;
  Parameters parameters_;
  ClientSettings settings_;
  RequestId id_ = 0;

 private:
  MessageId peers_mid_ = 0x7000;
  std::unique_ptr<DatagramEndpoint> endpoint_;
};

using Lines = std::vector<std::string>;

}  // namespace sluice::coap::testing
