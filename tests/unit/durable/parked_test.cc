// SPDX-License-Identifier: Apache-2.0
// What is published while the sessions of an earlier server are being restored.
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/session/parked_messages.h"
#include "tests/support/eventually.h"
#include "tests/unit/durable/servers_test.h"

namespace sluice::session {
namespace {

using test::eventually;

/// A message that needs a 32nd of the room, or a bit less.
std::string payload_of(int number) {
  std::string payload(ParkedMessages::kMostBytes / 32 - 256, '.');
  return payload.replace(0, 4, std::to_string(1000 + number));
}

MessagePtr message_of(int number) {
  const std::string payload = payload_of(number);
  return Message::create(
      {.topic = "t", .payload = std::as_bytes(std::span(payload)), .properties = {}, .publisher = {}});
}

int number_of(std::string_view payload) { return std::stoi(std::string(payload.substr(0, 4))) - 1000; }

int number_of(const Message& message) {
  const auto payload = message.payload();
  return number_of({reinterpret_cast<const char*>(payload.data()), payload.size()});
}

TEST(ParkedMessages, WhatHasNoRoomIsRefusedAndTheRestComesInItsOrder) {
  ParkedMessages parked;
  parked.begin();
  std::size_t bytes = 0;
  int taken = 0;
  for (; parked.add(message_of(taken)); ++taken) bytes += message_of(taken)->footprint();
  EXPECT_EQ(taken, 32);
  EXPECT_LE(bytes, ParkedMessages::kMostBytes);
  EXPECT_GT(bytes + message_of(0)->footprint(), ParkedMessages::kMostBytes);
  EXPECT_TRUE(parked.add(Message::create({.topic = "small", .payload = {}, .properties = {}, .publisher = {}})));
  EXPECT_EQ(number_of(*parked.take()), 0);
  EXPECT_TRUE(parked.add(message_of(taken))) << "there is room for one again";
  EXPECT_FALSE(parked.add(message_of(taken)));
  for (int i = 1; i < taken; ++i) EXPECT_EQ(number_of(*parked.take()), i);
  EXPECT_EQ(parked.take()->topic(), "small");
  EXPECT_EQ(number_of(*parked.take()), taken);
  EXPECT_TRUE(parked.active());
  EXPECT_EQ(parked.take(), nullptr);
  EXPECT_FALSE(parked.active());
}

class ParkedTest : public ServersTest {
 protected:
  /// A server that has a session to restore, and does not get to its end.
  void restore_slowly() {
    start();
    connected("away").subscribe("t", Qos::ExactlyOnce);
    core_.reset();
    store_->hold_scan(storage::Table::Subscriptions);
    start();
  }
  TestClient& publisher() {
    TestClient& client = core_->client(1);
    client.connect("publisher", {.clean_start = true, .expiry = 0});
    return client;
  }
};

TEST_F(ParkedTest, OnlyWhatHasNoRoomIsRefusedAndTheRestIsAcknowledgedWhenAllSessionsHaveIt) {
  restore_slowly();
  TestClient& publisher = this->publisher();
  std::vector<std::string> taken;
  for (int i = 0; i < 40; ++i) {
    const std::string payload = payload_of(i);
    const Reason reason = publisher.publish_async("t", payload, i % 2 == 0 ? Qos::AtLeastOnce : Qos::ExactlyOnce);
    EXPECT_EQ(reason, i < 32 ? Reason::Success : Reason::QuotaExceeded) << i;
    if (!is_error(reason)) taken.push_back(payload);
  }
  EXPECT_EQ(publisher.publish_async("t", "small", Qos::AtLeastOnce), Reason::Success);
  taken.emplace_back("small");
  EXPECT_TRUE(publisher.acknowledged().empty()) << "a session could have missed it";

  store_->let_scan();
  EXPECT_TRUE(eventually([&] { return publisher.acknowledged().size() == taken.size(); }));
  EXPECT_EQ(publisher.acknowledged(), taken);
  EXPECT_EQ(publisher.publish("t", "later", Qos::AtLeastOnce), Reason::Success);
  taken.emplace_back("later");
  TestClient& away = core_->client();
  EXPECT_TRUE(away.connect("away", {}));
  EXPECT_EQ(away.payloads(taken.size()), taken);
}

TEST_F(ParkedTest, AReadIsPutOffUntilWhatWasPublishedIsInPlace) {
  start();
  core_->await_restored();
  EXPECT_EQ(connected("earlier").publish_and_read("kept", "old", Qos::AtLeastOnce), "old");
  core_.reset();
  restore_slowly();
  TestClient& publisher = this->publisher();
  EXPECT_TRUE(eventually([&] { return !core_->retainer().loading(); }));
  for (const Qos qos : {Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce}) {
    EXPECT_EQ(publisher.publish_and_read("kept", "parked", qos), "server_busy");
  }
  store_->let_scan();
  core_->await_restored();
  for (const Qos qos : {Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce}) {
    const std::string payload = "new " + std::to_string(static_cast<int>(qos));
    EXPECT_EQ(publisher.publish_and_read("kept", payload, qos), payload) << "committed or not";
  }
}

TEST_F(ParkedTest, AServerThatEndsMeanwhileHasAcknowledgedNothing) {
  restore_slowly();
  TestClient& publisher = this->publisher();
  publisher.publish_async("t", "lost", Qos::AtLeastOnce);
  EXPECT_TRUE(publisher.acknowledged().empty());
  store_->fail_read_after(0);  // what is restored cannot be read on
  store_->let_scan();
  EXPECT_THROW(core_->await_restored(), ServerLost);
  EXPECT_TRUE(publisher.acknowledged().empty());
  core_.reset();
  start();
  EXPECT_TRUE(core_->client().connect("away", {}));
}

}  // namespace
}  // namespace sluice::session
