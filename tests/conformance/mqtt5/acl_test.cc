// SPDX-License-Identifier: Apache-2.0
// What a client may not do: reason 0x87, with rules in the syntax of etc/acl.conf.
#include "tests/conformance/mqtt5/mqtt5_test.h"
#include "tests/support/temp_dir.h"

namespace sluice::test {
namespace {

class Mqtt5Acl : public Mqtt5Test {
 protected:
  void SetUp() override {
    start_own_broker({"mqtt.acl_file=" + dir_.write("acl.conf",
                                                    "{deny, all, publish, [\"no/publish\"]}.\n"
                                                    "{deny, all, subscribe, [\"no/subscribe\"]}.\n"
                                                    "{allow, all}.\n")});
  }

 private:
  TempDir dir_;
};

TEST_F(Mqtt5Acl, MQTT_3_4_2_1_MQTT_3_5_2_1_denied_publish_gets_0x87_and_is_dropped) {
  Client subscriber = join();
  subscriber.subscribe("no/publish", 2);
  Client publisher = join();
  publisher.publish("no/publish", "x", 0);
  publisher.send(Publish("no/publish", "x").qos(1, 5));
  publisher.expect_ack(Type::PubAck, 5, 0x87);
  publisher.send(Publish("no/publish", "x").qos(2, 6));
  publisher.expect_ack(Type::PubRec, 6, 0x87);
  subscriber.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Acl, MQTT_3_3_1_5_denied_retained_message_is_not_stored) {
  Client publisher = join();
  publisher.send(Publish("no/publish", "x").qos(1, 5).retain());
  publisher.expect_ack(Type::PubAck, 5, 0x87);
  Client late = join();
  late.subscribe("no/publish", 1);
  late.expect_nothing_more(publisher);
}

TEST_F(Mqtt5Acl, MQTT_3_8_4_7_MQTT_3_9_3_2_denied_filter_gets_0x87_and_the_others_are_granted) {
  Client client = join();
  client.send(Subscribe(5).filter("yes/0", 0).filter("no/subscribe", 1).filter("yes/2", 2));
  EXPECT_EQ(client.expect_ack(Type::SubAck, 5).reasons, (std::vector<unsigned>{0, 0x87, 2}));
  client.expect_nothing_more();
}

TEST_F(Mqtt5Acl, MQTT_3_1_2_8_denied_will_is_not_published) {
  Client watcher = join();
  watcher.subscribe("no/publish");
  join(Connect().id(id("mortal")).will({.topic = "no/publish", .payload = "x"})).vanish();
  watcher.expect_nothing_more();
}

}  // namespace
}  // namespace sluice::test
