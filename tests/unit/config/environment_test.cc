// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/config/tables.h"
#include "broker/app/node_config.h"
#include "broker/mqtt/mqtt_config.h"
#include "broker/transport/transport_config.h"
#include "shared/config/store.h"

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class EnvironmentTest : public testing::Test {
 protected:
  void load(std::vector<const char*> variables) {
    variables.push_back(nullptr);
    store_.load_environment(variables.data());
  }
  ConfigStore store_{app::property_tables()};
};

TEST_F(EnvironmentTest, TheManualsNames) {
  load({"EMQ_NODE_NAME=emq@10.0.0.1", "EMQ_NODE_COOKIE=secret", "EMQ_MAX_PORTS=1024", "EMQ_TCP_PORT=2883",
        "EMQ_SSL_PORT=9883", "EMQ_WS_PORT=9083", "EMQ_WSS_PORT=9084"});
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_EQ(store_.get(app::kNodeName), "emq@10.0.0.1");
  EXPECT_EQ(store_.get(transport::kTcpKeys.address, {"external"}), "2883");
  EXPECT_EQ(store_.get(transport::kSslKeys.address, {"external"}), "9883");
  EXPECT_EQ(store_.raw("listener.ws.external"), "9083");
  EXPECT_EQ(store_.raw("listener.wss.external"), "9084");
  EXPECT_THAT(store_.without_effect(), ElementsAre("node.cookie", "node.max_ports"));
  EXPECT_EQ(store_.origin("node.name"), "environment EMQ_NODE_NAME");
}

TEST_F(EnvironmentTest, APortKeepsTheAddressOfTheFile) {
  store_.override_with("listener.tcp.external=127.0.0.1:1883");
  load({"EMQ_TCP_PORT=2883"});
  EXPECT_EQ(store_.get(transport::kTcpKeys.address, {"external"}), "127.0.0.1:2883");
  load({"EMQ_TCP_PORT=0.0.0.0:3883"});
  EXPECT_EQ(store_.get(transport::kTcpKeys.address, {"external"}), "0.0.0.0:3883");
}

TEST_F(EnvironmentTest, EveryKeyWithTwoUnderscoresForADot) {
  load({"SLUICE_LISTENER__TCP__EXTERNAL__MAX_CLIENTS=7", "EMQ_MQTT__CLIENT__IDLE_TIMEOUT=9s"});
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_EQ(store_.get(transport::kTcpKeys.max_clients, {"external"}), 7U);
  EXPECT_EQ(store_.get(mqtt::kIdleTimeout), std::chrono::seconds(9));
}

TEST_F(EnvironmentTest, SluiceWinsOverEmqWhateverTheOrder) {
  load({"SLUICE_MQTT__MAX_PACKET_SIZE=2MB", "EMQ_MQTT__MAX_PACKET_SIZE=1MB"});
  EXPECT_EQ(store_.get(mqtt::kMaxPacketSize), 2_MB);
}

TEST_F(EnvironmentTest, VariablesOfOthersAreLeftAlone) {
  load({"SLUICE_PORT=tcp://10.0.0.1:1883", "SLUICE_SERVICE_HOST=10.0.0.1", "EMQ_HOME=/opt", "PATH=/bin", "BROKEN"});
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_THAT(store_.notices(), IsEmpty());
}

TEST_F(EnvironmentTest, AnUnknownKeyIsAProblemThatNamesTheVariable) {
  load({"SLUICE_MQTT__MAX_PACKET_SISE=1MB"});
  ASSERT_THAT(store_.problems(), SizeIs(1));
  EXPECT_THAT(store_.problems()[0].to_string(),
              HasSubstr("environment SLUICE_MQTT__MAX_PACKET_SISE: mqtt.max_packet_sise: unknown key; did you mean "
                        "mqtt.max_packet_size?"));
}

}  // namespace
}  // namespace sluice
