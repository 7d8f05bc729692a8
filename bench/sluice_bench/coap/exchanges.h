// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "bench/sluice_bench/clock.h"
#include "bench/sluice_bench/coap/message.h"
#include "bench/sluice_bench/coap/message_ids.h"
#include "bench/sluice_bench/coap/peer_socket.h"
#include "bench/sluice_bench/coap/source_address.h"

namespace sluice::bench::coap {

using Token = std::array<std::uint8_t, 4>;

/// What has become of all confirmable requests of a run.
struct ExchangeTally {
  std::uint64_t sent = 0;  ///< requests, not datagrams
  std::uint64_t answered = 0;
  std::uint64_t retransmitted = 0;
  std::uint64_t lost = 0;        ///< given up after kMaxRetransmit, or reset by the server
  std::uint64_t duplicates = 0;  ///< answers that came again although nothing was retransmitted
};

/// A bounded number of confirmable requests under way, each sent again until it is answered [RFC 7252 4.2].
/// Every answer is checked: token, peer, and the message id if it is an acknowledgement.
/// Thread: that of its socket.
class Exchanges {
 public:
  static constexpr Nanos kAckTimeout = 2 * kSecond;
  static constexpr unsigned kMaxRetransmit = 4;

  /// One request from start() until it is answered or lost.
  struct Exchange {
    Peer peer = 0;
    std::uint16_t id = 0;
    Token token{};
    Bytes bytes;     ///< for the caller to write, between start() and send()
    Nanos sent = 0;  ///< for the first time

   private:
    friend class Exchanges;
    std::uint16_t uses_ = 0;  ///< of this place, so that a late answer to an earlier one is told from this one's
    bool open_ = false;
    bool acknowledged_ = false;  ///< the answer comes on its own [RFC 7252 5.2.2]
    unsigned tries_ = 0;
    Nanos due_ = 0;
  };

  /// Requires: a window of 1 to 65536.
  Exchanges(PeerSocket& socket, MessageIds& ids, std::size_t window);

  [[nodiscard]] bool full() const { return free_.empty(); }
  [[nodiscard]] bool idle() const { return free_.size() == places_.size(); }
  /// The next request of a peer, to be written and sent; nullptr: its message ids are used up. Requires: not full.
  Exchange* start(Peer peer);
  void send(Exchange& exchange, Nanos now);

  /// The exchange that the message ends, valid until the next start(); nullptr if it ends none. Acknowledges an answer
  /// that wants it.
  const Exchange* accept(Peer peer, const Message& message);
  /// Sends again what is due.
  void retransmit(Nanos now);
  /// When retransmit() has to be called at the latest.
  [[nodiscard]] Nanos deadline() const { return idle() ? kNever : check_; }
  [[nodiscard]] const ExchangeTally& tally() const { return tally_; }

 private:
  static constexpr Nanos kCheckInterval = 100 * kMillisecond;

  Exchange* find_by_token(Peer peer, ByteView token);
  Exchange* find_by_id(Peer peer, std::uint16_t id);
  void on_empty(Peer peer, const Message& message);
  void close(Exchange& exchange);

  PeerSocket& socket_;
  MessageIds& ids_;
  std::vector<Exchange> places_;
  std::vector<std::uint32_t> free_;
  Nanos check_ = 0;
  ExchangeTally tally_;
};

}  // namespace sluice::bench::coap
