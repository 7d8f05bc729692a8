// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <random>
#include <span>
#include <string>

#include "bench/sluice_bench/client.h"

namespace sluice::bench {

/// How one publisher sends.
struct PublishPlan {
  std::string topic;
  std::uint32_t number = 0;  ///< in the stamps, and the index of its flow
  std::uint64_t fan = 1;     ///< deliveries that each message causes; 0: unknown, not flow-controlled
  std::uint64_t cap = 0;     ///< undelivered messages at one time; 0: only the kernel holds it back
  std::uint64_t limit = 0;   ///< messages to send; 0: no limit
  bool noise = false;        ///< each payload is another one that cannot be compressed
};

/// A client that publishes as fast as it may, or one message when told.
/// Saturated sending is held back by four things: the kernel's socket buffer, the window of unacknowledged QoS 1/2
/// messages, the server's Receive Maximum, and the cap on undelivered messages. The cap makes the load fair to
/// servers that drop QoS 0 when a subscriber's queue grows; what a server drops all the same is reported as lost.
class Publisher : public Client {
 public:
  Publisher(Engine& engine, std::string id, PublishPlan plan, Flow& flow);

  /// Sends what may be sent now, at most kBurst messages; true: there is more.
  bool pump(Nanos now);
  /// Sends one message if it may; false: held back.
  bool send_one(Nanos now);

  static constexpr std::uint64_t kBurst = 128;

 protected:
  void on_up() override { engine().stats().ready.add(); }
  void on_frame(const Frame& frame) override;
  /// For publishers that change the topic from message to message; the length stays.
  virtual void choose_topic(std::span<std::uint8_t> topic);

 private:
  /// How long nothing may arrive before undelivered messages are given up, so that a lossy server does not end the run.
  static constexpr Nanos kGiveUp = kSecond / 2;

  std::uint64_t room(Nanos now);
  std::uint64_t room_by_cap(Nanos now);
  void write_one(Nanos now);
  void make_noise();
  void on_acknowledged() {
    ++acked_;
    engine().stats().acked.add();
  }

  PublishPlan plan_;
  Flow& flow_;
  PublishTemplate packet_;
  std::uint64_t sent_ = 0;
  std::uint64_t acked_ = 0;
  std::uint64_t given_up_ = 0;  ///< deliveries not waited for any more
  std::uint64_t seen_ = 0;      ///< deliveries when progress was last checked
  Nanos progress_ = 0;          ///< when deliveries last grew
  std::minstd_rand noise_;
  std::uint16_t next_id_ = 1;
  bool full_ = false;  ///< the cap was reached; sending goes on when a quarter of it is free
};

}  // namespace sluice::bench
