// SPDX-License-Identifier: Apache-2.0
// mqtt.session.overflow with live shards: places are promised, refusals are told, alarms begin and end.
#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "broker/management/alarms.h"
#include "broker/session/client_session.h"
#include "broker/session/session_probe.h"
#include "tests/support/eventually.h"
#include "tests/unit/management/live_core.h"

namespace sluice::management {
namespace {

using session::Overflow;

session::SessionSettings settings(std::size_t max_length) {
  session::SessionSettings made;
  made.queue.max_length = max_length;
  return made;
}

/// A client that acknowledges what it gets a little later, and now and then does not read.
class Peer final : private DeliverySink {
 public:
  Peer(session::SessionManager& sessions, Shard& shard, std::string id)
      : sessions_(sessions), shard_(shard), id_(std::move(id)) {}

  void connect() {
    on_shard(shard_, [&] {
      ConnectRequest request = LiveCore::request(id_);
      request.clean_start = false;
      request.session_expiry_seconds = 3600;
      pending_ = sessions_.connect(std::move(request), *this,
                                   [this](ConnectResult result) { handle_ = std::move(result.handle); });
    });
  }
  void subscribe(std::string_view filter, Qos qos = Qos::AtLeastOnce) {
    const SubscribeRequest request{.filter = filter, .options = {.qos = qos}};
    on_shard(shard_, [&] { handle_->subscribe(std::span(&request, 1), 0); });
  }
  void go_away() {
    on_shard(shard_, [&] {
      handle_.close({.kind = CloseKind::Normal, .reason = Reason::Success, .session_expiry_seconds = {}});
    });
  }
  /// The session ends, too.
  void end() {
    on_shard(shard_, [&] {
      if (!handle_) return;
      handle_.close({.kind = CloseKind::Normal, .reason = Reason::Success, .session_expiry_seconds = 0});
    });
  }
  Reason publish(std::string_view topic, Qos qos = Qos::AtLeastOnce, bool retain = false,
                 std::string_view payload = "payload") {
    return on_shard(shard_, [&] { return publish_here(topic, qos, retain, payload); });
  }
  /// On the shard.
  Reason publish_here(std::string_view topic, Qos qos, bool retain, std::string_view payload) {
    return handle_
        ->publish({.topic = topic,
                   .payload = std::as_bytes(std::span(payload)),
                   .properties = {},
                   .qos = qos,
                   .retain = retain,
                   .packet_id = static_cast<PacketId>(1 + next_id_++ % 60'000),
                   .expiry_seconds = {}})
        .reason;
  }
  [[nodiscard]] std::size_t received() const { return received_.load(); }
  [[nodiscard]] Shard& shard() { return shard_; }
  void read_badly() { bad_.store(true); }

 private:
  DeliveryResult deliver(const Delivery& delivery) override {
    if (bad_.load() && ++offered_ % 5 == 0) {
      shard_.post([this] {
        if (handle_) handle_->writable();
      });
      return DeliveryResult::Busy;
    }
    received_.fetch_add(1);
    if (delivery.qos == Qos::AtMostOnce) return DeliveryResult::Accepted;
    answer(delivery.qos == Qos::ExactlyOnce ? Ack::PubRec : Ack::PubAck, delivery.packet_id);
    return DeliveryResult::Accepted;
  }
  void deliver_release(PacketId id) override { answer(Ack::PubComp, id); }
  void answer(Ack ack, PacketId id) {
    shard_.post([this, ack, id] {
      if (handle_) handle_->acknowledge(ack, id, Reason::Success);
    });
  }
  void on_committed(CommitTicket) override {}
  void on_session_ended(Reason) override { handle_.forget(); }

  session::SessionManager& sessions_;
  Shard& shard_;
  const std::string id_;
  std::unique_ptr<PendingConnect> pending_;
  ClientHandle handle_;
  std::atomic<std::size_t> received_{0};
  std::atomic<bool> bad_{false};
  std::size_t offered_ = 0;
  std::size_t next_id_ = 0;
};

class OverflowTest : public ::testing::Test {
 protected:
  explicit OverflowTest(Overflow overflow = Overflow::Refuse, std::size_t max_length = 2)
      : live_(overflow, settings(max_length)),
        events_(std::make_unique<EventPublisher>(live_.sessions(), "n@h")),
        alarms_(std::make_unique<Alarms>(*events_)) {}
  ~OverflowTest() override {
    for (const auto& peer : peers_) peer->end();
    live_.stop();
    alarms_.reset();
    events_.reset();
  }

  Peer& join(std::string id, std::size_t shard) {
    Peer& peer = *peers_.emplace_back(std::make_unique<Peer>(live_.sessions(), live_.shard(shard), std::move(id)));
    peer.connect();
    return peer;
  }
  /// The session of `id`, away, subscribed to `filter`.
  Peer& away(const std::string& id, std::string_view filter, std::size_t shard = 1) {
    Peer& peer = join(id, shard);
    peer.subscribe(filter);
    peer.go_away();
    return peer;
  }
  bool alarm(std::string_view id) {
    for (const ActiveAlarm& one : alarms_->active()) {
      if (one.id == id) return true;
    }
    return false;
  }
  std::size_t promised(std::string_view id) { return live_.core().table.promised(*live_.core().registry.find(id)); }
  /// Everything that was posted has been done.
  void settle() {
    for (int i = 0; i < 4; ++i) {
      on_shard(live_.shard(0), [] {});
      on_shard(live_.shard(1), [] {});
    }
  }

  LiveCore live_;
  std::unique_ptr<EventPublisher> events_;
  std::unique_ptr<Alarms> alarms_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

TEST_F(OverflowTest, NobodyGetsWhatOneSessionRefuses) {
  away("full", "t");
  Peer& other = join("other", 0);
  other.subscribe("#");
  Peer& publisher = join("publisher", 0);
  EXPECT_EQ(publisher.publish("t"), Reason::Success);
  EXPECT_EQ(publisher.publish("t", Qos::ExactlyOnce), Reason::Success);
  settle();
  EXPECT_EQ(publisher.publish("t"), Reason::QuotaExceeded);
  EXPECT_EQ(publisher.publish("t", Qos::ExactlyOnce), Reason::QuotaExceeded);
  settle();
  EXPECT_EQ(other.received(), 2U);
  EXPECT_EQ(promised("other"), 0U);
  EXPECT_EQ(publisher.publish("t", Qos::AtMostOnce), Reason::Success) << "QoS 0 needs no place";
  settle();
  EXPECT_EQ(other.received(), 3U);
}

TEST_F(OverflowTest, ARefusalIsOneAlarmUntilThereIsRoom) {
  Peer& full = away("full", "t");
  Peer& publisher = join("publisher", 0);
  publisher.publish("t");
  publisher.publish("t");
  settle();
  EXPECT_FALSE(alarm("queue_full/full"));
  const std::uint64_t before = session::probe().queues_overflowed.value();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(publisher.publish("t"), Reason::QuotaExceeded);
  settle();
  EXPECT_TRUE(alarm("queue_full/full"));
  EXPECT_EQ(session::probe().queues_overflowed.value(), before + 1);
  full.connect();
  settle();
  EXPECT_FALSE(alarm("queue_full/full"));
  EXPECT_EQ(publisher.publish("t"), Reason::Success);
  settle();
  EXPECT_EQ(full.received(), 3U);
}

TEST_F(OverflowTest, AnAlarmEndsWithTheSession) {
  Peer& full = away("full", "t");
  Peer& publisher = join("publisher", 0);
  for (int i = 0; i < 4; ++i) publisher.publish("t");
  settle();
  ASSERT_TRUE(alarm("queue_full/full"));
  ConnectRequest clean = LiveCore::request("full");
  FakeClient& next = live_.make_client(1);
  EXPECT_EQ(next.connect(std::move(clean)), Reason::Success);
  settle();
  EXPECT_FALSE(alarm("queue_full/full"));
  EXPECT_FALSE(alarm("queue_high_watermark/full"));
  EXPECT_EQ(full.received(), 0U);
}

TEST_F(OverflowTest, AnAlarmEndsWhenTheLimitIsRaised) {
  away("full", "t");
  Peer& publisher = join("publisher", 0);
  for (int i = 0; i < 4; ++i) publisher.publish("t");
  settle();
  ASSERT_TRUE(alarm("queue_full/full"));
  for (std::size_t i = 0; i < 2; ++i) {
    on_shard(live_.shard(i), [&] { live_.sessions().reconfigure(live_.shard(i), settings(100)); });
  }
  settle();
  EXPECT_FALSE(alarm("queue_full/full"));
  EXPECT_EQ(publisher.publish("t"), Reason::Success);
}

TEST_F(OverflowTest, AnotherMemberOfASharedGroupTakesIt) {
  Peer& reader = join("reader", 0);
  reader.subscribe("$share/g/t");
  away("a", "$share/g/t");
  reader.go_away();
  Peer& publisher = join("publisher", 1);
  for (int i = 0; i < 4; ++i) {
    EXPECT_EQ(publisher.publish("t"), Reason::Success) << i;
    settle();
  }
  EXPECT_EQ(publisher.publish("t"), Reason::QuotaExceeded) << "both are full";
  EXPECT_EQ(promised("a"), 0U);
  EXPECT_EQ(promised("reader"), 0U);
  settle();
  EXPECT_TRUE(alarm("queue_full/a"));
  EXPECT_TRUE(alarm("queue_full/reader"));
}

TEST_F(OverflowTest, ARefusedMessageIsNotRetained) {
  away("full", "t");
  Peer& publisher = join("publisher", 0);
  publisher.publish("t", Qos::AtLeastOnce, true, "first");
  publisher.publish("t", Qos::AtLeastOnce, true, "second");
  settle();
  const MessagePtr before = live_.core().retainer.get("t", unix_millis());
  ASSERT_TRUE(before);
  EXPECT_EQ(publisher.publish("t", Qos::AtLeastOnce, true, "third"), Reason::QuotaExceeded);
  EXPECT_EQ(live_.core().retainer.get("t", unix_millis()), before);
  EXPECT_EQ(publisher.publish("t", Qos::AtLeastOnce, true, ""), Reason::QuotaExceeded);
  EXPECT_EQ(live_.core().retainer.get("t", unix_millis()), before);
}

class DropTest : public OverflowTest {
 protected:
  DropTest() : OverflowTest(Overflow::Drop) {}
};

TEST_F(DropTest, IsOneAlarmUntilThereIsRoom) {
  Peer& full = away("full", "t");
  Peer& publisher = join("publisher", 0);
  const std::uint64_t before = session::probe().queues_overflowed.value();
  const std::uint64_t dropped = session::probe().dropped_queue_full.value();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(publisher.publish("t"), Reason::Success);
  settle();
  EXPECT_TRUE(alarm("queue_full/full"));
  EXPECT_EQ(session::probe().queues_overflowed.value(), before + 1);
  EXPECT_EQ(session::probe().dropped_queue_full.value(), dropped + 48);
  full.connect();
  settle();
  EXPECT_FALSE(alarm("queue_full/full"));
  EXPECT_EQ(full.received(), 2U);
}

class OverflowStressTest : public OverflowTest {
 protected:
  OverflowStressTest() : OverflowTest(Overflow::Refuse, 50) {}
  /// From `publisher`'s shard, without waiting for them. Returns how many deliveries of them are owed.
  static std::size_t burst(Peer& publisher, int round) {
    constexpr int kMessages = 1000;
    return on_shard(publisher.shard(), [&] {
      std::size_t owed = 0;
      for (int i = 0; i < kMessages; ++i) {
        const bool shared = (i + round) % 3 == 0;
        const Reason answer = publisher.publish_here(shared ? "shared" : "plain", Qos::AtLeastOnce, false, "");
        if (answer == Reason::Success) owed += shared ? 1 : kReaders;
      }
      return owed;
    });
  }

  static constexpr std::size_t kReaders = 4;
};

TEST_F(OverflowStressTest, NoPlaceIsLostAndNothingThatWasTaken) {
  constexpr int kRounds = 600;
  Peer& publisher = join("publisher", 0);
  Peer& second = join("second", 1);
  std::vector<Peer*> readers;
  for (std::size_t i = 0; i < kReaders; ++i) {
    Peer& reader = join("reader" + std::to_string(i), i % 2);
    reader.subscribe("plain", i < 2 ? Qos::AtLeastOnce : Qos::ExactlyOnce);
    reader.subscribe("$share/g/shared");
    readers.push_back(&reader);
  }
  readers[1]->read_badly();
  readers[2]->read_badly();
  const std::uint64_t dropped = session::probe().dropped_queue_full.value();
  std::size_t owed = 0;
  for (int round = 0; round < kRounds; ++round) {
    owed += burst(publisher, round);
    owed += burst(second, round);
    Peer& reader = *readers[static_cast<std::size_t>(round) % readers.size()];
    if (round % 3 == 0) {
      reader.go_away();
      owed += burst(publisher, round);
      reader.connect();
    }
  }
  EXPECT_TRUE(test::eventually([&] {
    std::size_t left = 0;
    for (std::size_t i = 0; i < readers.size(); ++i) {
      const std::string id = "reader" + std::to_string(i);
      const SessionRef ref = *live_.core().registry.find(id);
      left += promised(id) + on_shard(live_.shard(i % 2), [&] {
                const session::ClientSession& session = *live_.core().table.find(ref, i % 2);
                return session.queued() + session.inflight();
              });
    }
    return left == 0;
  }));
  EXPECT_EQ(session::probe().dropped_queue_full.value(), dropped);
  EXPECT_GT(owed, 10'000U);
  std::size_t received = 0;
  for (const Peer* const reader : readers) received += reader->received();
  EXPECT_GE(received, owed) << "what was sent again after a reconnect came twice";
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(publisher.publish("plain"), Reason::Success);
    settle();
  }
}

}  // namespace
}  // namespace sluice::management
