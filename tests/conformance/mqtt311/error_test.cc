// SPDX-License-Identifier: Apache-2.0
// Chapter 4.8: handling errors; chapter 7.1.1.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Error = Mqtt311Test;

TEST_F(Mqtt311Error, MQTT_4_8_0_1_violation_closes_only_its_own_connection) {
  Client bystander = join();
  bystander.subscribe(topic("a"));
  for (const Bytes& bytes : {Bytes("\x00\x00", 2), Bytes("\x36\x05\x00\x01\x61\x00\x01", 7), Bytes("\x82\x00", 2)}) {
    Client client = join();
    client.send_raw(bytes);
    client.expect_closed();
  }
  bystander.send(Publish(topic("a"), "x"));
  bystander.take(topic("a"), "x");
}

TEST_F(Mqtt311Error, MQTT_4_8_0_1_packets_before_the_violation_count) {
  Client watcher = join();
  watcher.subscribe(topic("a"));
  Client client = join();
  client.send_raw(Publish(topic("a"), "good").bytes(4) + Bytes("\x00\x00", 2));
  client.expect_closed();
  watcher.take(topic("a"), "good");
}

TEST_F(Mqtt311Error, MQTT_4_8_0_1_packet_above_the_largest_size_closes) {
  start_own_broker({"mqtt.max_packet_size=1KB"});
  if (IsSkipped()) return;
  Client client = join();
  client.publish(topic("a"), Bytes(900, 'x'), 1);
  client.send_raw(Publish(topic("a"), Bytes(1100, 'x')).bytes(4));
  client.expect_closed();
}

TEST_F(Mqtt311Error, MQTT_7_0_0_2_MQTT_7_1_1_1_plain_tcp_needs_no_extension) {
  Client client = dial();
  client.send_raw(packet(Type::Connect, 0, field("MQTT") + u8(4) + u8(2) + u16(60) + field(id("c"))));
  client.expect_bytes(Bytes("\x20\x02\x00\x00", 4));
}

}  // namespace
}  // namespace sluice::test
