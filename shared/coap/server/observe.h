// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shared/base/clock.h"

namespace sluice::coap {

/// The values of the Observe option of one observation: 24 bits that grow with every notification, also over a restart
/// of the server, since they never fall behind the clock [RFC 7641 4.4]: 1,024 to the second, so that a value comes
/// again after more than four hours, when order no longer depends on it (128 s, [RFC 7641 3.4]).
class ObserveSequence {
 public:
  static constexpr std::uint32_t kMask = 0xFF'FFFF;

  [[nodiscard]] std::uint32_t next(UnixMillis now) {
    const auto clock = static_cast<std::uint32_t>(now * 1024 / 1000) & kMask;
    const std::uint32_t following = (last_ + 1) & kMask;
    // Notifications in quick succession run ahead of the clock, never far; else the clock is ahead, however far.
    last_ = last_ != kNone && ((following - clock) & kMask) < kFarAhead ? following : clock;
    return last_;
  }

 private:
  static constexpr std::uint32_t kNone = kMask + 1;
  static constexpr std::uint32_t kFarAhead = 1U << 20U;

  std::uint32_t last_ = kNone;
};

/// Whether a confirmation came after the first transmission, or only after another one.
enum class Confirmation : std::uint8_t { InTime, Late };

/// How fast one observer is notified [RFC 7641 4.5.1]: a window of notifications that it has not confirmed yet, which
/// grows with every confirmation and shrinks when one is late. The last one of a window is confirmable, and so is the
/// first after a while [RFC 7641 4.5]: what is not confirmable costs nothing to lose, and still follows
/// the peer's pace.
/// Pure: no clock, no I/O. Owner: whoever notifies.
class NotificationPacing {
 public:
  static constexpr std::uint8_t kFirstWindow = 4;
  static constexpr TimePoint kLongAgo{TimePoint::min().time_since_epoch() / 2};

  /// `most`: the widest window, at least 1, which is one notification in each round trip. `confirm_every`: at most 24
  /// hours. `begun`: when the observer registered; by default the first notification is confirmable.
  NotificationPacing(std::uint8_t most, Duration confirm_every, TimePoint begun = kLongAgo)
      : most_(most), window_(std::min(kFirstWindow, most)), confirm_every_(confirm_every), confirmed_at_(begun) {}

  /// False: wait for a confirmation.
  [[nodiscard]] bool may_send() const { return sent_ < window_; }
  /// True if the next notifications, so many at a time, have to be confirmable, whatever they carry.
  [[nodiscard]] bool must_confirm(TimePoint now, std::size_t notifications = 1) const {
    return sent_ + notifications >= window_ || now - confirmed_at_ >= confirm_every_;
  }
  /// A notification leaves.
  void sent() { ++sent_; }
  /// The observer has confirmed one: everything before it is out of the way.
  void confirmed(TimePoint now, Confirmation when = Confirmation::InTime) {
    confirmed_at_ = now;
    sent_ = 0;
    const unsigned window = when == Confirmation::InTime ? window_ * 2U : window_ / 2U;
    window_ = static_cast<std::uint8_t>(std::clamp<unsigned>(window, 1, most_));
  }
  /// What is not confirmed will not be: it went to somewhere else.
  void restart() {
    sent_ = 0;
    window_ = std::min(kFirstWindow, most_);
  }

 private:
  std::uint8_t most_;
  std::uint8_t window_;
  std::size_t sent_ = 0;
  Duration confirm_every_;
  TimePoint confirmed_at_;
};

}  // namespace sluice::coap
