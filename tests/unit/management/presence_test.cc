// SPDX-License-Identifier: Apache-2.0
#include "broker/management/presence.h"

#include <memory>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "tests/unit/management/live_core.h"

namespace sluice::management {
namespace {

using Json = nlohmann::json;

hooks::ClientInfo client() {
  hooks::ClientInfo info;
  info.client_id = "c1";
  info.username = "u";
  info.address = *SocketAddress::parse("127.0.0.1:1000");
  info.protocol = Protocol::Mqtt311;
  return info;
}

TEST(ConnectedJson, IsTheContracts) {
  EXPECT_EQ(connected_json(client(), Reason::Success, 1'432'648'482'999),
            R"({"clientid":"c1","username":"u","ipaddress":"127.0.0.1","clean_sess":true,"protocol":4,"connack":0,)"
            R"("ts":1432648482})");
}

TEST(ConnectedJson, WithoutUserName) {
  hooks::ClientInfo anonymous = client();
  anonymous.username = {};
  EXPECT_EQ(Json::parse(connected_json(anonymous, Reason::Success, 0)).at("username"), "undefined");
}

TEST(ConnectedJson, EscapesWhatClientsChoose) {
  hooks::ClientInfo odd = client();
  odd.client_id = "a\"b\\c\n";
  odd.username = "\xFF";
  const Json json = Json::parse(connected_json(odd, Reason::Success, 0));
  EXPECT_EQ(json.at("clientid"), "a\"b\\c\n");
  EXPECT_EQ(json.at("username"), "\xEF\xBF\xBD");
}

TEST(DisconnectedJson, IsTheContracts) {
  EXPECT_EQ(disconnected_json(client(), Reason::Success, 1'432'648'486'000),
            R"({"clientid":"c1","username":"u","reason":"normal","ts":1432648486})");
}

TEST(DisconnectWord, IsEmqsWhereEmqHadOne) {
  EXPECT_EQ(disconnect_word(Reason::Success), "normal");
  EXPECT_EQ(disconnect_word(Reason::DisconnectWithWill), "normal");
  EXPECT_EQ(disconnect_word(Reason::UnspecifiedError), "closed");
  EXPECT_EQ(disconnect_word(Reason::SessionTakenOver), "conflict");
  EXPECT_EQ(disconnect_word(Reason::AdministrativeAction), "kick");
  EXPECT_EQ(disconnect_word(Reason::KeepAliveTimeout), "keepalive_timeout");
  EXPECT_EQ(disconnect_word(Reason::MalformedPacket), "malformed_packet");
}

TEST(ConnackCode, DependsOnTheVersion) {
  EXPECT_EQ(connack_code(Reason::Success, Protocol::Mqtt311), 0);
  EXPECT_EQ(connack_code(Reason::Success, Protocol::Mqtt5), 0);
  EXPECT_EQ(connack_code(Reason::UnsupportedProtocolVersion, Protocol::Mqtt31), 1);
  EXPECT_EQ(connack_code(Reason::ClientIdentifierNotValid, Protocol::Mqtt311), 2);
  EXPECT_EQ(connack_code(Reason::ServerBusy, Protocol::Mqtt311), 3);
  EXPECT_EQ(connack_code(Reason::BadUserNameOrPassword, Protocol::Mqtt311), 4);
  EXPECT_EQ(connack_code(Reason::NotAuthorized, Protocol::Mqtt311), 5);
  EXPECT_EQ(connack_code(Reason::NotAuthorized, Protocol::Mqtt5), 0x87);
}

class PresenceTest : public ::testing::Test {
 protected:
  PresenceTest()
      : events_(std::make_unique<EventPublisher>(live_.sessions(), "n@h")),
        presence_(std::make_unique<Presence>(*events_, Qos::AtLeastOnce)) {
    watcher_ = &live_.join("watcher", 0);
    watcher_->subscribe("$SYS/brokers/n@h/clients/#", Qos::AtLeastOnce);
  }
  ~PresenceTest() override {
    live_.stop();
    presence_.reset();
    events_.reset();
  }
  Json await(const std::string& topic) {
    const auto message = watcher_->await("$SYS/brokers/n@h/clients/" + topic);
    EXPECT_TRUE(message) << topic;
    if (!message) return {};
    EXPECT_EQ(message->qos, Qos::AtLeastOnce);
    EXPECT_FALSE(message->retain);
    return Json::parse(message->payload);
  }

  LiveCore live_;
  std::unique_ptr<EventPublisher> events_;
  std::unique_ptr<Presence> presence_;
  FakeClient* watcher_;
};

TEST_F(PresenceTest, TellsOfComingAndGoing) {
  FakeClient& guest = live_.join("guest", 1);
  const Json connected = await("guest/connected");
  EXPECT_EQ(connected.at("clientid"), "guest");
  EXPECT_EQ(connected.at("ipaddress"), "127.0.0.1");
  EXPECT_EQ(connected.at("connack"), 0);
  guest.close(CloseKind::Abnormal, Reason::UnspecifiedError);
  EXPECT_EQ(await("guest/disconnected").at("reason"), "closed");
}

TEST_F(PresenceTest, TellsOfRefusedClientsWithTheirCode) {
  ConnectRequest request = LiveCore::request("refused");
  request.client_id = std::string(2000, 'r');
  EXPECT_EQ(live_.make_client(1).connect(request), Reason::ClientIdentifierNotValid);
  EXPECT_EQ(await(request.client_id + "/connected").at("connack"), 2);
}

TEST_F(PresenceTest, IdsThatNoTopicCanHaveAreEncoded) {
  live_.join("a/+/#", 1);
  EXPECT_EQ(await("a/%2B/%23/connected").at("clientid"), "a/+/#");
}

TEST(EventPublisher, MakesNothingBeforeAnybodyCouldHear) {
  LiveCore live;
  auto events = std::make_unique<EventPublisher>(live.sessions(), "n@h");
  const auto publish = [&] {
    return on_shard(live.shard(0), [&] {
      bool made = false;
      const auto payload = [&] {
        made = true;
        return std::string("x");
      };
      events->publish("clients", "c", "connected", payload, Qos::AtMostOnce);
      return made;
    });
  };
  FakeClient& client = live.join("c");
  client.subscribe("a/#");
  EXPECT_FALSE(publish());
  client.subscribe("$share/g/$SYS/brokers/#");
  EXPECT_TRUE(publish());
  EXPECT_TRUE(client.await("$SYS/brokers/n@h/clients/c/connected"));
  live.stop();
  events.reset();
}

}  // namespace
}  // namespace sluice::management
