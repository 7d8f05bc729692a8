// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <span>
#include <string_view>

#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/stream/signals.h"
#include "shared/coap/stream/stream_home.h"
#include "shared/metrics/registry.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// One peer on one byte stream [RFC 8323 3 to 6]. Both sides say the same: a CSM first, then requests, responses and
/// signals. Parsed where the transport read it; what was produced in a turn leaves at its end.
/// Owner: the carrier, which destroys it at the end of the turn in which it ended. Thread: the shard.
class StreamConnection final : private TransportEvents, private WheelTimer, private TurnEnd {
 public:
  StreamConnection(StreamHome& home, PeerId id, std::unique_ptr<Transport> transport);
  ~StreamConnection();

  /// Sends our CSM and begins to read.
  void start();

  // For the carrier; all of them while open() only.
  void reply(const Parts& parts);
  /// A request of this connection ends without an answer.
  void end_quietly();
  Carrier::Sent send(const Parts& parts, Carrier::Confirm confirm, Reminder reminder);
  Carrier::Sent probe(Reminder reminder);
  /// Asks the peer to end the connection [RFC 8323 5.5]; ends it if the peer does not in time.
  void release();
  /// Input that was too much for one turn goes on.
  void go_on();
  /// Tells those who still wait for something that there will be no more.
  void tell_gone();

  [[nodiscard]] bool open() const { return !closed_; }
  [[nodiscard]] const TransportPeer& peer() const { return transport_->peer(); }
  [[nodiscard]] const Capabilities& capabilities() const { return capabilities_; }

 private:
  enum class State : std::uint8_t {
    AwaitCsm,   ///< the peer has not introduced itself
    Open,       ///< everything goes
    Releasing,  ///< we sent Release: the peer should end the connection
    Draining,   ///< the peer sent Release: what came before is answered
    Finishing,  ///< nothing but what is in the output is left to do
  };
  /// The part of a message that has come.
  struct Tail {
    Bytes bytes;
    TimePoint since{};
    std::size_t counted = 0;  ///< in StreamHome::unfinished
  };
  enum class Unfinished : bool { SameMessage, NewMessage };
  static constexpr TimePoint kNever = TimePoint::max();
  static constexpr unsigned kMessagesPerTurn = 256;
  static constexpr std::size_t kFlushAt = 128 * 1024;
  static constexpr std::size_t kMostProbes = 8;
  static constexpr std::size_t kSmallTail = 4 * 1024;
  static constexpr Duration kCoarseFrom = std::chrono::seconds(10);

  // TransportEvents.
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_writable() override;
  void on_closed(ErrorCode why) override;
  void on_timer(TimePoint now) override;
  void on_turn_end() override;

  // Bytes to messages.
  void consume(std::span<const std::byte> bytes);
  std::size_t feed(std::span<const std::byte> bytes);
  std::size_t whole_frame(std::span<const std::byte> rest);
  void keep_tail(Unfinished what);
  void drop_tail();
  [[nodiscard]] bool accepts_input() const;
  void resume_if_possible();

  // Messages.
  void on_frame(std::span<const std::byte> frame);
  void on_request(const Pdu& pdu, std::size_t bytes);
  void on_signal(const Pdu& pdu);
  void on_csm(const Pdu& csm);
  void on_ping(const Pdu& ping);
  void on_pong(const Pdu& pong);
  void on_release(const Pdu& release);
  void on_abort(const Pdu& abort);
  void settle();

  // What goes out.
  StreamTraffic& traffic();
  void transmit(const Parts& parts);
  void flush();
  void tell_room();
  [[nodiscard]] std::size_t backlog() const { return blocked_ ? traffic_->output.pending() : 0; }
  [[nodiscard]] bool too_large_for_peer(const Parts& parts) const;
  Token next_ping_token();

  // Time and the end.
  void enter(State state, TimePoint until);
  void arm(TimePoint now);
  void expire_probes(TimePoint now);
  void ping_if_silent(TimePoint now);
  void abort(const metrics::Counter& counter, std::string_view diagnosis, std::uint16_t bad_csm_option = 0);
  void close();
  void log_line(std::string_view what, std::string_view reason) const;

  StreamHome& home_;
  const PeerId id_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Tail> tail_;
  std::unique_ptr<StreamTraffic> traffic_;  ///< only while it is needed
  TimePoint last_input_;
  /// Until when is waited for what the state waits for: the CSM, the end, in Open a sign of life after a Ping.
  TimePoint waits_until_ = kNever;
  Capabilities capabilities_;
  std::uint32_t last_ping_ = 0;  ///< the token of our last Ping
  State state_ = State::AwaitCsm;
  bool blocked_ = false;      ///< the transport took less than was offered
  bool held_ = false;         ///< reading rests
  bool later_ = false;        ///< input goes on in the next turn
  bool dispatching_ = false;  ///< a request is being handed over
  bool lost_ = false;         ///< the transport is of no use any more
  bool closed_ = false;
};

}  // namespace sluice::coap
