// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/broker_fixture.h"
#include "tests/support/coap_wire.h"

namespace sluice::test {

/// Base of the suites that speak CoAP with a broker of their own process. A test name carries the ids of
/// docs/conformance/coap.md, written with underscores: RFC7252_4_2_1. MQTT clients of the fixture (join()) show what
/// a CoAP client's requests do, and publish what it observes.
class CoapTest : public BrokerTest {
 protected:
  CoapTest() : BrokerTest(5) {}
  void SetUp() override { start(); }

  /// A broker with free CoAP ports on UDP and TCP and no challenges for unknown addresses, and with these settings.
  void start(const std::vector<std::string>& settings = {});

  /// A CoAP endpoint on an address of its own; an MQTT identity comes with its requests.
  coap::Endpoint node(const std::string& local = "127.0.0.1") {
    return coap::Endpoint(broker().port("coap:udp:1"), local);
  }
  coap::Stream stream() { return coap::Stream(broker().port("coap:tcp:1")); }

  /// A confirmable request for /mqtt/{topic} of the client `client`.
  [[nodiscard]] coap::Message request(unsigned method, std::string_view topic, std::string_view client = "node") const;
  [[nodiscard]] coap::Message get(std::string_view topic) const { return request(coap::kGet, topic); }
  [[nodiscard]] coap::Message put(std::string_view topic, std::string_view payload) const;
  /// put() that leaves a retained message.
  [[nodiscard]] coap::Message keep(std::string_view topic, std::string_view payload) const;
  [[nodiscard]] coap::Message observe(std::string_view topic, std::string_view token) const;
  [[nodiscard]] coap::Message forget(std::string_view topic, std::string_view token) const;
  /// The same requests without confirmation.
  [[nodiscard]] static coap::Message unconfirmed(coap::Message message);

  /// A retained message that an MQTT client leaves.
  void retain(std::string_view topic, std::string_view payload);
  /// An MQTT client that is subscribed to the topic with QoS 1.
  Client watcher(std::string_view topic);
};

/// A text of this size in which no two blocks of 16 bytes are the same.
[[nodiscard]] std::string long_text(std::size_t size);

/// What the client of a block-wise download has in the end [RFC 7959, 2.4].
struct Download {
  std::string body;
  std::vector<coap::Message> responses;
};
/// Asks for block after block, in the size that the server chose, until a block says that it is the last one.
/// `send` makes an exchange and returns the response.
template <class Send>
Download download(const coap::Message& request, coap::Message first, Send send) {
  Download result{.body = first.payload, .responses = {std::move(first)}};
  while (true) {
    const auto block = result.responses.back().block(coap::kBlock2);
    if (!block || !block->more) return result;
    coap::Message more = request;
    more.mid.reset();
    more.token.reset();
    std::erase_if(more.options, [](const auto& option) { return option.first == coap::kBlock2; });
    more.block2(static_cast<std::uint32_t>(result.body.size() / block->size()), block->szx);
    result.responses.push_back(send(std::move(more)));
    result.body += result.responses.back().payload;
  }
}

/// One block of a body, as a request with Block1 [RFC 7959, 2.5].
[[nodiscard]] coap::Message slice(coap::Message request, std::string_view body, std::uint32_t number, unsigned szx);

}  // namespace sluice::test
