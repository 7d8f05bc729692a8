// SPDX-License-Identifier: Apache-2.0
// Chapters 3.12 to 3.14: PINGREQ, PINGRESP, DISCONNECT.
#include "tests/conformance/mqtt311/mqtt311_test.h"

namespace sluice::test {
namespace {

using Mqtt311Ping = Mqtt311Test;
using Mqtt311Disconnect = Mqtt311Test;

TEST_F(Mqtt311Ping, MQTT_3_12_4_1_every_pingreq_is_answered) {
  Client client = join();
  client.send_raw(Bytes("\xC0\x00\xC0\x00\xC0\x00", 6));
  client.expect_bytes(Bytes("\xD0\x00\xD0\x00\xD0\x00", 6));
}

TEST_F(Mqtt311Disconnect, MQTT_3_14_4_1_server_closes_after_disconnect) {
  Client client = join();
  client.send_raw(Bytes("\xE0\x00", 2));
  client.expect_closed();
}

TEST_F(Mqtt311Disconnect, MQTT_3_14_4_2_nothing_after_disconnect_is_processed) {
  Client watcher = join();
  watcher.subscribe(topic("a"));
  Client client = join();
  client.send_raw(Disconnect().bytes(4) + Publish(topic("a"), "late").bytes(4));
  client.expect_closed();
  watcher.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test
