// SPDX-License-Identifier: Apache-2.0
#include "tests/conformance/coap/coap_test.h"

namespace sluice::test {

void CoapTest::start(const std::vector<std::string>& settings) {
  std::vector<std::string> all = {"coap.bind.udp.1=127.0.0.1:0", "coap.bind.dtls.1=off", "coap.bind.tcp.1=127.0.0.1:0",
                                  "coap.bind.tls.1=off", "coap.echo=off"};
  all.insert(all.end(), settings.begin(), settings.end());
  start_own_broker(all);
}

coap::Message CoapTest::request(unsigned method, std::string_view topic, std::string_view client) const {
  return coap::con(method).path("mqtt").path(topic).query("c=" + id(client));
}

coap::Message CoapTest::put(std::string_view topic, std::string_view payload) const {
  return request(coap::kPut, topic).body(payload);
}

coap::Message CoapTest::keep(std::string_view topic, std::string_view payload) const {
  return put(topic, payload).query("retain=1");
}

coap::Message CoapTest::observe(std::string_view topic, std::string_view token) const {
  return get(topic).with(coap::kObserve, 0U).tokened(token);
}

coap::Message CoapTest::forget(std::string_view topic, std::string_view token) const {
  return get(topic).with(coap::kObserve, 1U).tokened(token);
}

coap::Message CoapTest::unconfirmed(coap::Message message) {
  message.kind = coap::Kind::Non;
  return message;
}

void CoapTest::retain(std::string_view topic, std::string_view payload) { join().publish(topic, payload, 1, true); }

Client CoapTest::watcher(std::string_view topic) {
  Client client = join();
  client.subscribe(topic, 1);
  return client;
}

std::string long_text(std::size_t size) {
  std::string text;
  for (std::size_t line = 0; text.size() < size; ++line) {
    const std::string number = std::to_string(line);
    text += "block " + std::string(9 - number.size(), '.') + number + "\n";
  }
  text.resize(size);
  return text;
}

coap::Message slice(coap::Message request, std::string_view body, std::uint32_t number, unsigned szx) {
  const std::size_t size = std::size_t{16} << szx;
  const std::string_view part = body.substr(std::min(number * size, body.size()), size);
  request.mid.reset();
  request.token.reset();
  return request.body(part).block1(number, (number + 1) * size < body.size(), szx);
}

}  // namespace sluice::test
