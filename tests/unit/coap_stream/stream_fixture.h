// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "shared/base/shard.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/stream/stream_carrier.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// What a transport without a network does, as a test sees it. Outlives the transport.
struct Wire {
  Bytes sent;
  std::size_t room = std::numeric_limits<std::size_t>::max();  ///< bytes that the stream still takes
  std::size_t writes = 0;
  bool paused = false;
  bool shut = false;       ///< closed by our side, in order
  bool destroyed = false;  ///< no use any more
  TransportEvents* events = nullptr;
};

class FakeStream final : public Transport {
 public:
  explicit FakeStream(std::shared_ptr<Wire> wire) : wire_(std::move(wire)) {}
  ~FakeStream() override { wire_->destroyed = true; }

  void start(TransportEvents& events) override { wire_->events = &events; }
  std::size_t write(std::span<const iovec> buffers) override;
  void pause_reading() override { wire_->paused = true; }
  void resume_reading() override { wire_->paused = false; }
  void shutdown() override { wire_->shut = true; }
  void move_to(Shard&, InlineTask) override { FAIL(); }
  [[nodiscard]] const TransportPeer& peer() const override { return peer_; }

 private:
  std::shared_ptr<Wire> wire_;
  TransportPeer peer_;
};

/// "7.01 2=0480 4=", "2.05 #7f 12=2a |payload": code, token, options, payload.
std::string describe(const Pdu& pdu);
/// Every frame of a stream, whole ones only.
std::vector<std::string> describe_all(std::span<const std::byte> stream);
Bytes from_hex(std::string_view hex);
std::string to_hex(std::span<const std::byte> bytes);

/// A message to be sent.
struct Frame {
  explicit Frame(Code code) { parts.code = code; }
  Frame& token(std::string_view hex);
  Frame& option(unsigned number, std::string_view hex = {});
  Frame& payload(std::string text);
  [[nodiscard]] Bytes bytes() const;

  Parts parts;

 private:
  std::string text_;
};
Bytes join(std::initializer_list<Bytes> parts);
/// The CSM of a peer with nothing special.
Bytes plain_csm();
Bytes get(std::string_view token_hex, std::string_view path = "a");

/// A running shard. Everything of the test's happens in turns of it.
class ShardTest : public ::testing::Test {
 protected:
  ShardTest() : shards_(1) { shards_.start(); }

  Shard& shard() { return shards_.at(0); }
  /// Runs `task` in a turn of the shard, and returns when the turn has ended.
  template <class F>
  void turn(F task) {
    run(std::function<void()>(std::move(task)));
    run([] {});
  }
  /// As if so much time had passed.
  void pass(Duration time);
  void stop() { shards_.stop(); }

 private:
  void run(const std::function<void()>& task);

  ShardGroup shards_;
  TimePoint now_ = Clock::now();
};

/// A carrier with connections over wires; the layer above notes what it gets, and answers what the test lets it.
class StreamTest : public ShardTest, public CarrierEvents, public OutcomeSink {
 protected:
  ~StreamTest() override;

  /// With the settings as they are now. A connection without a CSM.
  PeerId connect();
  /// One whose CSM has come; what was sent so far is forgotten.
  PeerId connect_introduced(Bytes csm = plain_csm());
  void arrive(std::span<const std::byte> bytes);
  void arrive(std::span<const std::byte> bytes, const std::shared_ptr<Wire>& wire);
  /// The messages that went out since the last call.
  std::vector<std::string> sent();
  void answer(std::string_view token_hex, Code code = codes::kContent, std::string_view payload = {});
  /// Takes more from now on, so many bytes.
  void make_room(std::size_t bytes = std::numeric_limits<std::size_t>::max());
  void lose(ErrorCode why = {});

  StreamSettings settings;
  std::unique_ptr<StreamCarrier> carrier;
  std::shared_ptr<Wire> wire;  ///< of the connection that was opened last
  PeerId peer;                 ///< it

  std::vector<std::string> requests;
  std::vector<std::string> responses;
  std::vector<PeerId> gone;
  std::vector<PeerId> room;
  std::vector<std::pair<Cookie, Outcome>> outcomes;
  std::function<void(const Incoming&)> when_request;  ///< unset: it is left unanswered
  bool expects_responses = true;

 private:
  void on_request(const Incoming& incoming) override;
  bool on_response(const Incoming& incoming) override;
  void on_peer_gone(PeerId id) override { gone.push_back(id); }
  void on_room(PeerId id) override { room.push_back(id); }
  void on_outcome(PeerId, Cookie cookie, Outcome outcome) override { outcomes.emplace_back(cookie, outcome); }

  std::size_t seen_ = 0;  ///< of what the wire sent
};

}  // namespace sluice::coap
