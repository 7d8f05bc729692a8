// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <span>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/message/parameters.h"

namespace sluice::coap {

/// The confirmable messages that are not acknowledged yet: each is sent again with growing pauses until it is, or
/// until it is given up [RFC 7252 4.2].
/// Owner: the message layer. Thread: the shard. Every call takes constant time.
class Retransmitter {
 public:
  class Owner {
   public:
    /// Once more the same bytes.
    virtual void retransmit(PeerId peer, std::span<const std::byte> message) = 0;
    /// It has been sent for the last time and MAX_TRANSMIT_WAIT is over. It is out already.
    virtual void give_up(PeerId peer, MessageId mid, Reminder reminder) = 0;

   protected:
    ~Owner() = default;
  };

  Retransmitter(Shard& shard, const Parameters& parameters, Owner& owner);
  ~Retransmitter();

  /// The message has just been sent for the first time.
  void add(PeerId peer, MessageId mid, Bytes message, Reminder reminder);
  struct Taken {
    bool found = false;
    Reminder reminder;
  };
  /// It need not be sent again: acknowledged, reset, withdrawn, or its peer is gone.
  Taken take(PeerId peer, MessageId mid);
  /// Whose message it is; nobody's if it is not here.
  [[nodiscard]] Reminder reminder_of(PeerId peer, MessageId mid) const;
  [[nodiscard]] std::size_t size() const { return pending_.size(); }

 private:
  class Pending;
  struct Key {
    PeerId peer;
    MessageId mid;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    using is_avalanching = void;
    std::size_t operator()(const Key& key) const;
  };

  void expire(Pending& pending, TimePoint now);
  [[nodiscard]] Duration first_timeout();

  Shard& shard_;
  const Parameters& parameters_;
  Owner& owner_;
  std::minstd_rand random_{std::random_device{}()};
  boost::unordered_flat_map<Key, std::unique_ptr<Pending>, KeyHash> pending_;
};

}  // namespace sluice::coap
