// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/clock.h"
#include "shared/base/text_hash.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/parameters.h"
#include "shared/coap/message/peer_table.h"

namespace sluice::coap {

/// The messages that came in and may come again, with what was answered [RFC 7252 4.5]: a request is handled once, and
/// its duplicates get the same bytes. Bounded by number and by bytes of answers: over it the one that would be
/// forgotten next is forgotten early.
/// Owner: the message layer. Thread: the shard. Every call takes constant time, forgetting included (amortised).
class DuplicateCache {
 public:
  DuplicateCache(const Parameters& parameters);

  enum class Seen : std::uint8_t {
    New,         ///< now remembered
    Unanswered,  ///< handled and not answered yet, or never to be answered
    Answered,    ///< `answer` has what was sent
  };
  struct Verdict {
    Seen seen = Seen::New;
    std::span<const std::byte> answer;  ///< until the next call
  };
  /// Looks whether the peer's message was there before, and remembers it.
  Verdict note(PeerId peer, MessageId mid, Type type, TimePoint now);
  /// What duplicates are to be answered with from now on. Nothing if it has been forgotten.
  void set_answer(PeerId peer, MessageId mid, std::span<const std::byte> answer);
  /// Forgets what can come no more. note() does so too: this is for quiet times.
  void forget_expired(TimePoint now);

  [[nodiscard]] std::size_t size() const { return by_key_.size(); }
  [[nodiscard]] std::size_t answer_bytes() const { return answer_bytes_; }
  /// How many were forgotten before their time.
  [[nodiscard]] std::uint64_t forgotten_early() const { return forgotten_early_; }

 private:
  static constexpr std::size_t kInline = 20;
  struct Entry {
    std::uint64_t key = 0;
    TimePoint expires{};
    std::uint32_t next = 0;  ///< of its line
    std::uint32_t length = 0;
    bool answered = false;
    std::array<std::byte, kInline> short_answer{};
    std::unique_ptr<std::byte[]> long_answer;
  };
  /// Entries of one lifetime in the order in which they expire.
  struct Line {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    Duration lifetime{};
  };
  struct KeyHash {
    using is_avalanching = void;
    /// Peers choose the ids and know the order of slots: without a secret they could make every entry collide.
    std::size_t operator()(std::uint64_t key) const {
      return SharedTextHash()({reinterpret_cast<const char*>(&key), sizeof key});
    }
  };

  static std::uint64_t key_of(PeerId peer, MessageId mid);
  static std::span<const std::byte> answer_of(const Entry& entry);
  void insert(std::uint64_t key, Line& line, TimePoint now);
  void forget_expired(Line& line, TimePoint now);
  void forget_next();
  void forget_first(Line& line);

  const std::size_t most_;
  const std::size_t most_bytes_;
  std::deque<Entry> entries_;  ///< slot 0 is none
  std::vector<std::uint32_t> free_;
  boost::unordered_flat_map<std::uint64_t, std::uint32_t, KeyHash> by_key_;
  Line confirmable_;
  Line non_confirmable_;
  std::size_t answer_bytes_ = 0;
  std::uint64_t forgotten_early_ = 0;
};

}  // namespace sluice::coap
