// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::coap {

/// A peer of one endpoint, as long as the endpoint knows it: `generation` tells it from a later one in the same slot.
/// Slot 0 is nobody.
struct PeerId {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const { return slot != 0; }
  friend bool operator==(PeerId, PeerId) = default;
};

/// What the sender of a message wants to be reminded of when it learns what became of it.
using Cookie = std::uint64_t;

/// What became of a message that was sent with a reminder.
enum class Outcome : std::uint8_t {
  Acknowledged,  ///< by an ACK; over a stream: it is on its way
  Reset,         ///< the peer does not know what it is about
  TimedOut,      ///< never acknowledged [RFC 7252 4.2]
  PeerGone,      ///< the peer, its association or its connection is gone
};

class OutcomeSink {
 public:
  /// Never from within the call that sent the message.
  virtual void on_outcome(PeerId peer, Cookie cookie, Outcome outcome) = 0;

 protected:
  ~OutcomeSink() = default;
};

/// Who is told what became of a message; no sink: nobody. The sink outlives the carrier's use of it.
struct Reminder {
  OutcomeSink* sink = nullptr;
  Cookie cookie = 0;

  friend bool operator==(Reminder, Reminder) = default;
};

}  // namespace sluice::coap
