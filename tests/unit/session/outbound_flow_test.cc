// SPDX-License-Identifier: Apache-2.0
#include "broker/session/outbound_flow.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::session {
namespace {

using std::chrono::seconds;

/// A client and a session that write down what happens to them.
class Recorder final : public DeliverySink, public OutboundEvents {
 public:
  DeliveryResult deliver(const Delivery& delivery) override {
    if (next != DeliveryResult::Accepted) return next;
    log.push_back(std::string(delivery.dup ? "dup " : "") + std::string(delivery.message->topic()) + "#" +
                  std::to_string(delivery.packet_id));
    return DeliveryResult::Accepted;
  }
  void deliver_release(PacketId id) override { log.push_back("release #" + std::to_string(id)); }
  void on_session_ended(Reason) override {}
  void on_sent(const QueuedMessage&) override {}
  void on_committed(CommitTicket) override {}
  void on_acked(const QueuedMessage&) override {}
  void on_dropped(const QueuedMessage& queued, DropReason why) override {
    log.push_back("dropped " + std::string(queued.message->topic()) + " " + std::string(drop_reason_name(why)));
  }
  void on_settled(const QueuedMessage&) override {}
  void on_received(const QueuedMessage&) override {}
  bool release_to_client(PacketId id) override {
    log.push_back((releases_wait ? "release waits #" : "release #") + std::to_string(id));
    return releases_wait;
  }
  void load(std::vector<Place>) override {}
  void on_watermark(bool high) override { log.push_back(high ? "high" : "low"); }
  void on_overflow(std::string_view topic) override { log.push_back("overflow " + std::string(topic)); }
  void on_overflow_over() override { log.push_back("overflow over"); }

  std::vector<std::string> take() { return std::exchange(log, {}); }

  DeliveryResult next = DeliveryResult::Accepted;
  bool releases_wait = false;
  std::vector<std::string> log;
};

using Log = std::vector<std::string>;

class OutboundFlowTest : public testing::Test {
 protected:
  void send(std::string_view topic, Qos qos = Qos::AtLeastOnce, UnixMillis expires_at = 0) {
    QueuedMessage queued;
    queued.message =
        Message::create({.topic = topic, .payload = {}, .properties = {}, .publisher = {}, .expires_at = expires_at});
    queued.qos = qos;
    flow_.deliver(std::move(queued), now_, wall_);
  }
  Reason ack(Ack kind, PacketId id, Reason reason = Reason::Success) {
    return flow_.acknowledge(kind, id, reason, now_, wall_);
  }

  Recorder recorder_;
  SessionSettings settings_;
  OutboundFlow flow_{recorder_, settings_};
  TimePoint now_{};
  UnixMillis wall_ = 1000;
};

TEST_F(OutboundFlowTest, MQTT_3_3_4_9_no_more_than_the_client_takes_then_in_order) {
  flow_.attach(recorder_, 2);
  for (const char* topic : {"a", "b", "c", "d"}) send(topic);
  EXPECT_EQ(recorder_.take(), (Log{"a#1", "b#2"}));
  EXPECT_EQ(ack(Ack::PubAck, 2), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"c#3"}));
  EXPECT_EQ(ack(Ack::PubAck, 2), Reason::PacketIdentifierNotFound);
  EXPECT_EQ(ack(Ack::PubAck, 1), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"d#4"}));
}

TEST_F(OutboundFlowTest, MQTT_4_3_3_qos2_is_released_once_received_and_over_once_completed) {
  flow_.attach(recorder_, 10);
  send("a", Qos::ExactlyOnce);
  EXPECT_EQ(ack(Ack::PubAck, 1), Reason::PacketIdentifierNotFound);
  EXPECT_EQ(ack(Ack::PubComp, 1), Reason::PacketIdentifierNotFound);
  EXPECT_EQ(ack(Ack::PubRec, 1), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"a#1", "release #1"}));
  EXPECT_EQ(ack(Ack::PubComp, 1), Reason::Success);
  EXPECT_TRUE(flow_.idle());
}

TEST_F(OutboundFlowTest, MQTT_4_3_3_4_an_error_in_pubrec_ends_the_exchange) {
  flow_.attach(recorder_, 10);
  send("a", Qos::ExactlyOnce);
  EXPECT_EQ(ack(Ack::PubRec, 1, Reason::QuotaExceeded), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"a#1"}));
  EXPECT_TRUE(flow_.idle());
}

TEST_F(OutboundFlowTest, MQTT_4_4_0_1_reconnect_sends_again_with_dup_and_the_same_ids_before_anything_new) {
  flow_.attach(recorder_, 10);
  send("a");
  send("b", Qos::ExactlyOnce);
  send("c", Qos::ExactlyOnce);
  ack(Ack::PubRec, 2);
  recorder_.take();
  flow_.detach();
  send("d");
  EXPECT_EQ(recorder_.take(), Log{});
  flow_.attach(recorder_, 2);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"dup a#1", "release #2"}));
  ack(Ack::PubAck, 1);
  EXPECT_EQ(recorder_.take(), (Log{"dup c#3"}));
  ack(Ack::PubComp, 2);
  EXPECT_EQ(recorder_.take(), (Log{"d#4"}));
}

TEST_F(OutboundFlowTest, AClientThatDoesNotReadGetsEverythingLaterInOrder) {
  flow_.attach(recorder_, 10);
  recorder_.next = DeliveryResult::Busy;
  send("a");
  send("b");
  EXPECT_EQ(recorder_.take(), Log{});
  recorder_.next = DeliveryResult::Accepted;
  flow_.writable(now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"a#1", "b#2"}));
}

TEST_F(OutboundFlowTest, MQTT_3_1_2_25_a_message_too_large_for_the_client_counts_as_delivered) {
  flow_.attach(recorder_, 10);
  recorder_.next = DeliveryResult::Dropped;
  send("big");
  EXPECT_EQ(recorder_.take(), (Log{"dropped big too_large"}));
  EXPECT_TRUE(flow_.idle());
}

TEST_F(OutboundFlowTest, MQTT_3_3_2_5_what_expired_in_the_queue_is_not_sent) {
  send("old", Qos::AtLeastOnce, wall_ + 500);
  send("new");
  wall_ += 500;
  flow_.attach(recorder_, 10);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"dropped old expired", "new#1"}));
}

TEST_F(OutboundFlowTest, RetrySendsAgainWhatIsOldEnough) {
  flow_.attach(recorder_, 10);
  send("a");
  now_ += seconds(15);
  send("b");
  recorder_.take();
  now_ += seconds(10);
  flow_.retry(now_ - seconds(20), now_);
  EXPECT_EQ(recorder_.take(), (Log{"dup a#1"}));
  flow_.retry(now_ - seconds(20), now_);
  EXPECT_EQ(recorder_.take(), Log{}) << "it was sent again just now";
}

TEST_F(OutboundFlowTest, WatermarksAreToldOnceEach) {
  settings_.queue.max_length = 10;
  settings_.queue.high_watermark = 0.6;
  settings_.queue.low_watermark = 0.2;
  for (int i = 0; i < 9; ++i) send("a");
  EXPECT_EQ(recorder_.take(), (Log{"high"}));
  flow_.attach(recorder_, 100);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take().back(), "low");
}

TEST_F(OutboundFlowTest, AnAlarmEndsWithTheLastMessageWhereTheLowWatermarkIsZero) {
  settings_.queue.max_length = 10;
  settings_.queue.low_watermark = 0;
  for (int i = 0; i < 9; ++i) send("a");
  recorder_.take();
  flow_.attach(recorder_, 100);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take().back(), "low");
}

TEST_F(OutboundFlowTest, TheAlarmEndsWithTheSession) {
  settings_.queue.max_length = 10;
  for (int i = 0; i < 9; ++i) send("a");
  recorder_.take();
  flow_.end_alarms();
  EXPECT_EQ(recorder_.take(), (Log{"low"}));
}

TEST_F(OutboundFlowTest, AnOverflowIsToldOnceUntilTheQueueHasFallenToTheLowWatermark) {
  settings_.queue = {.max_length = 4, .priorities = {}, .low_watermark = 0.5, .high_watermark = 1};
  for (const char* topic : {"a", "b", "c", "d"}) send(topic);
  EXPECT_EQ(recorder_.take(), Log{});
  send("e");
  send("f");
  EXPECT_EQ(recorder_.take(), (Log{"dropped a queue_full", "overflow e", "dropped b queue_full"}));
  flow_.attach(recorder_, 1);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"c#1"})) << "3 of 4 still wait";
  ack(Ack::PubAck, 1);
  EXPECT_EQ(recorder_.take(), (Log{"d#2", "overflow over"}));
  flow_.detach();
  for (const char* topic : {"g", "h", "i"}) send(topic);
  EXPECT_EQ(recorder_.take(), (Log{"dropped e queue_full", "overflow i"})) << "another episode";
}

TEST_F(OutboundFlowTest, WherePromisesAreKeptOnlyWhatWasNotPromisedGivesWay) {
  settings_.queue = {.max_length = 2, .keeps_promises = true, .priorities = {}, .high_watermark = 1};
  send("a");
  send("zero", Qos::AtMostOnce);
  send("b");
  EXPECT_EQ(recorder_.take(), (Log{"dropped zero queue_full", "overflow b"}));
  send("late zero", Qos::AtMostOnce);
  send("not promised");
  EXPECT_EQ(recorder_.take(), (Log{"dropped late zero queue_full", "dropped not promised queue_full"}));
  QueuedMessage promised;
  promised.message = Message::create({.topic = "promised", .payload = {}, .properties = {}, .publisher = {}});
  promised.qos = Qos::AtLeastOnce;
  promised.reserved = true;
  flow_.deliver(std::move(promised), now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"high"})) << "and longer than its limit for once";
  EXPECT_EQ(flow_.queued_above_qos0(), 3U);
}

TEST_F(OutboundFlowTest, ARefusalBeginsAnOverflowToo) {
  settings_.queue = {.max_length = 2, .priorities = {}, .high_watermark = 1};
  send("a");
  send("b");
  flow_.note_refused("c");
  flow_.note_refused("d");
  EXPECT_EQ(recorder_.take(), (Log{"overflow c"}));
  flow_.end_alarms();
  EXPECT_EQ(recorder_.take(), (Log{"overflow over"}));
}

TEST_F(OutboundFlowTest, ARefusalThatComesLateIsOverAtOnce) {
  settings_.queue.max_length = 2;
  flow_.note_refused("c");
  EXPECT_EQ(recorder_.take(), (Log{"overflow c", "overflow over"}));
}

TEST_F(OutboundFlowTest, AlarmsThatNewLimitsDoNotJustifyEnd) {
  settings_.queue.max_length = 4;
  for (const char* topic : {"a", "b", "c", "d", "e"}) send(topic);
  EXPECT_EQ(recorder_.take(), (Log{"high", "dropped a queue_full", "overflow e"}));
  settings_.queue.max_length = 5;
  flow_.on_new_limits();
  EXPECT_EQ(recorder_.take(), (Log{"overflow over"})) << "4 of 5 are above the high watermark still";
  settings_.queue.max_length = 100;
  flow_.on_new_limits();
  EXPECT_EQ(recorder_.take(), (Log{"low"}));
  settings_.queue.max_length = 4;
  flow_.on_new_limits();
  EXPECT_EQ(recorder_.take(), (Log{"high"}));
}

TEST_F(OutboundFlowTest, HoweverOftenAPubRecComesItsReleaseWaitsOnce) {
  flow_.attach(recorder_, 10);
  send("a", Qos::ExactlyOnce);
  recorder_.take();
  recorder_.releases_wait = true;
  for (int i = 0; i < 3; ++i) EXPECT_EQ(ack(Ack::PubRec, 1), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"release waits #1"}));
  EXPECT_TRUE(flow_.take_release(1));
  EXPECT_FALSE(flow_.take_release(1));
  // The next one may wait again, and so may that of another connection.
  EXPECT_EQ(ack(Ack::PubRec, 1), Reason::Success);
  EXPECT_EQ(recorder_.take(), (Log{"release waits #1"}));
  flow_.detach();
  flow_.attach(recorder_, 10);
  flow_.resume(now_, wall_);
  EXPECT_EQ(recorder_.take(), (Log{"release waits #1"}));
  EXPECT_EQ(ack(Ack::PubComp, 1), Reason::Success);
  EXPECT_FALSE(flow_.take_release(1));
}

}  // namespace
}  // namespace sluice::session
