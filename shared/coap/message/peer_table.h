// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/clock.h"
#include "shared/base/ring_buffer.h"
#include "shared/base/text_hash.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"
#include "shared/net/datagram.h"

namespace sluice::coap {

/// What is on its way to a peer, or waits for its turn.
struct PeerTraffic {
  struct Waiting {
    Bytes message;  ///< encoded; its message id is given when it leaves
    Reminder reminder;
  };
  /// A non-confirmable message that a Reset may still answer [RFC 7641 3.6].
  struct Sent {
    MessageId mid = 0;
    Reminder reminder;
  };
  static constexpr std::size_t kRemembered = 4;

  RingBuffer<Waiting> waiting;
  std::array<Sent, kRemembered> non_confirmable{};
  std::uint8_t next_sent = 0;
  bool room_wanted = false;        ///< somebody was told that too many wait
  bool starved = false;            ///< it waits for a message id that may be used again
  std::optional<MessageId> asked;  ///< of the ping that went out in place of a message for which there is no credit
  boost::container::small_vector<MessageId, 4> outstanding;  ///< confirmable and not acknowledged yet: at most NSTART
};

/// What an endpoint knows of a peer.
struct Peer {
  DatagramPath path;
  std::uint32_t generation = 1;
  MessageId next_mid = 0;
  /// It has shown that it receives what is sent to its address: DTLS, an Echo option, an acknowledgement.
  bool verified = false;
  bool in_use = false;
  std::uint32_t pins = 0;  ///< who needs it to stay: exchanges, observations, what is outstanding
  /// Bytes that may be sent to it unasked while it is not verified: three times what came from it, less what went.
  std::uint32_t credit = 0;
  TimePoint last_heard{};
  std::uint32_t newer = 0;  ///< slots of its neighbours in the order of last_heard, while it is not pinned
  std::uint32_t older = 0;
  std::unique_ptr<PeerTraffic> traffic;
};

/// The peers of one endpoint, found by address in constant time, in a bounded number. When there is no place, the one
/// that was silent longest goes, unless it is pinned.
/// Owner: the message layer. Thread: the shard.
class PeerTable {
 public:
  explicit PeerTable(std::size_t most) : most_(most), slots_(1) {}

  /// Nobody if it is not known.
  [[nodiscard]] PeerId find(const DatagramPath& path) const;
  /// Makes a place; nobody if every peer that there is is pinned. `evicted` gets the one that had to go, if one had.
  PeerId insert(const DatagramPath& path, TimePoint now, PeerId& evicted);
  /// nullptr: gone.
  [[nodiscard]] Peer* get(PeerId id);
  /// It was heard of just now, and `path` is the way it came; what came to a group does not tell which way to answer.
  void touch(PeerId id, const DatagramPath& path, TimePoint now);
  void erase(PeerId id);
  /// It stays until unpin() was called as often. Requires: it is known.
  void pin(PeerId id);
  /// Nothing happens if it is gone.
  void unpin(PeerId id);
  /// The one that was silent longest of those that are not pinned; nobody if there is none.
  [[nodiscard]] PeerId oldest() const { return {oldest_, oldest_ == 0 ? 0 : slots_[oldest_].generation}; }
  [[nodiscard]] std::size_t size() const { return by_path_.size(); }

 private:
  /// Address and port, and for a link-local address the interface.
  struct Key {
    std::array<char, 22> bytes;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    using is_avalanching = void;
    std::size_t operator()(const Key& key) const { return SharedTextHash()({key.bytes.data(), key.bytes.size()}); }
  };

  static Key key_of(const DatagramPath& path);
  void link_newest(std::uint32_t slot);
  void unlink(std::uint32_t slot);

  const std::size_t most_;
  std::deque<Peer> slots_;  ///< slot 0 is nobody
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_map<Key, std::uint32_t, KeyHash> by_path_;
  std::uint32_t newest_ = 0;
  std::uint32_t oldest_ = 0;
};

}  // namespace sluice::coap
