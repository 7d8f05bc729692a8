// SPDX-License-Identifier: Apache-2.0
// Enhanced authentication [MQTT5 4.12] with a method that counts down: `"3"` is answered by `"2"`, and so on; "0" is
// right, anything that is no digit is wrong.
#include <cctype>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/mqtt/machine_fixture.h"

namespace sluice::mqtt {
namespace {

using test::Connect;
using test::Prop;
using test::Type;

constexpr unsigned kContinue = 0x18;
constexpr unsigned kReAuthenticate = 0x19;
constexpr unsigned kNotAuthorized = 0x87;
constexpr unsigned kProtocolError = 0x82;

class Countdown final : public EnhancedAuthentication {
 public:
  Step advance(std::span<const std::byte> data) override {
    const std::string_view text(reinterpret_cast<const char*>(data.data()), data.size());
    if (text == "0") return {Reason::Success, bytes("welcome"), "counter"};
    if (text.size() != 1 || std::isdigit(static_cast<unsigned char>(text[0])) == 0)
      return {Reason::NotAuthorized, {}, {}};
    const char next = static_cast<char>(text[0] - 1);
    return {Reason::ContinueAuthentication, bytes({&next, 1}), {}};
  }

 private:
  static std::vector<std::byte> bytes(std::string_view text) {
    const auto view = std::as_bytes(std::span(text));
    return {view.begin(), view.end()};
  }
};

class MachineAuthTest : public MachineTest {
 protected:
  MachineAuthTest() {
    broker_.authentication = [](std::string_view method) {
      return method == "countdown" ? std::make_unique<Countdown>() : nullptr;
    };
  }
  void connect(std::string_view data) {
    receive(Connect().id("c").with(Prop::AuthMethod, "countdown").with(Prop::AuthData, data).bytes(5));
  }
  void auth(unsigned reason, std::string_view data, std::string_view method = "countdown") {
    receive(test::Auth(reason).with(Prop::AuthMethod, method).with(Prop::AuthData, data).bytes(5));
  }
  /// The next packet is an AUTH of the method with this reason and data.
  void expect_auth(unsigned reason, std::string_view data) {
    const test::Packet packet = sent();
    EXPECT_EQ(packet.type, Type::Auth);
    EXPECT_EQ(packet.reason, reason);
    EXPECT_EQ(packet.text(Prop::AuthMethod), "countdown");
    EXPECT_EQ(packet.text(Prop::AuthData), data);
  }
  /// The next packet is of this type, says why, and the connection is closed.
  void expect_ended(Type type, unsigned reason) {
    const test::Packet packet = sent();
    EXPECT_EQ(packet.type, type);
    EXPECT_EQ(packet.reason, reason);
    EXPECT_TRUE(closed_);
  }
  void establish() {
    connect("0");
    ASSERT_EQ(sent().reason, 0U);
  }
};

TEST_F(MachineAuthTest, MQTT_4_12_0_2_MQTT_4_12_0_5_every_step_says_continue_and_names_the_method) {
  connect("2");
  expect_auth(kContinue, "1");
  EXPECT_TRUE(broker_.connects.empty());
  auth(kContinue, "1");
  expect_auth(kContinue, "0");
  auth(kContinue, "0");
  const test::Packet connack = sent();
  EXPECT_EQ(connack.type, Type::ConnAck);
  EXPECT_EQ(connack.reason, 0U);
  EXPECT_EQ(connack.text(Prop::AuthMethod), "countdown");
  EXPECT_EQ(connack.text(Prop::AuthData), "welcome");
  ASSERT_EQ(broker_.connects.size(), 1U);
  EXPECT_TRUE(broker_.connects[0].authenticated);
  EXPECT_EQ(broker_.connects[0].username, "counter");
}

TEST_F(MachineAuthTest, MQTT_4_12_0_5_the_connack_that_follows_at_once_names_the_method_too) {
  connect("0");
  const test::Packet connack = sent();
  EXPECT_EQ(connack.reason, 0U);
  EXPECT_EQ(connack.text(Prop::AuthMethod), "countdown");
  EXPECT_EQ(connack.text(Prop::AuthData), "welcome");
}

TEST_F(MachineAuthTest, MQTT_4_12_0_4_a_refusal_at_any_step_closes) {
  connect("2");
  expect_auth(kContinue, "1");
  auth(kContinue, "wrong");
  expect_ended(Type::ConnAck, kNotAuthorized);
  EXPECT_TRUE(broker_.connects.empty());
}

TEST_F(MachineAuthTest, MQTT_4_12_0_5_another_method_than_in_connect_is_refused) {
  connect("2");
  expect_auth(kContinue, "1");
  auth(kContinue, "1", "other");
  expect_ended(Type::ConnAck, kProtocolError);
}

TEST_F(MachineAuthTest, MQTT_4_12_0_3_re_authentication_during_the_first_one_is_refused) {
  connect("2");
  expect_auth(kContinue, "1");
  auth(kReAuthenticate, "1");
  expect_ended(Type::ConnAck, kProtocolError);
}

TEST_F(MachineAuthTest, MQTT_4_12_1_1_re_authentication_ends_with_auth_and_leaves_the_connection_alone) {
  establish();
  auth(kReAuthenticate, "1");
  expect_auth(kContinue, "0");
  receive(test::packet(Type::PingReq, 0, ""));  // the connection goes on meanwhile
  EXPECT_EQ(sent().type, Type::PingResp);
  auth(kContinue, "0");
  expect_auth(0, "welcome");
  EXPECT_FALSE(closed_);
  EXPECT_EQ(broker_.connects.size(), 1U);
}

TEST_F(MachineAuthTest, MQTT_4_12_1_2_failed_re_authentication_ends_with_disconnect) {
  establish();
  auth(kReAuthenticate, "wrong");
  expect_ended(Type::Disconnect, kNotAuthorized);
}

TEST_F(MachineAuthTest, MQTT_4_12_0_3_an_answer_that_nobody_asked_for_is_refused) {
  establish();
  auth(kContinue, "1");
  expect_ended(Type::Disconnect, kProtocolError);
}

TEST_F(MachineAuthTest, AnUnknownMethodIsRefused) {
  receive(Connect().id("c").with(Prop::AuthMethod, "unknown").bytes(5));
  expect_ended(Type::ConnAck, 0x8C);
}

}  // namespace
}  // namespace sluice::mqtt
