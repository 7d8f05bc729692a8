// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/api/types.h"
#include "shared/base/clock.h"

namespace sluice::session {

/// Packet ids of QoS 2 messages that were taken from the client and not released by it: what makes a resent PUBLISH
/// no second message [MQTT-4.3.3-10].
/// Owner and thread: its session. Bounded: `mqtt.session.max_awaiting_rel`; an id older than
/// `mqtt.session.await_rel_timeout` gives way when the room is needed, not before.
class InboundQos2 {
 public:
  enum class Outcome : std::uint8_t { New, Duplicate, Full };

  /// `maximum` 0: no limit but that of the ids; `timeout` 0: none gives way. `forgotten(PacketId)` is told of those
  /// that gave way.
  template <class F>
  Outcome receive(PacketId id, std::size_t maximum, Duration timeout, TimePoint now, F&& forgotten) {
    if (received_.contains(id)) return Outcome::Duplicate;
    if (maximum != 0 && received_.size() >= maximum && !make_room(timeout, now, forgotten)) return Outcome::Full;
    received_.emplace(id, now);
    return Outcome::New;
  }
  /// False if the id was not awaiting release.
  bool release(PacketId id) { return received_.erase(id) > 0; }
  /// The message was refused after all: its id is free again.
  void forget(PacketId id) { received_.erase(id); }
  [[nodiscard]] bool contains(PacketId id) const { return received_.contains(id); }
  /// As an earlier server left it.
  void restore(PacketId id, TimePoint since) { received_.emplace(id, since); }
  /// Visits every id: f(PacketId).
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [id, since] : received_) f(id);
  }
  [[nodiscard]] std::size_t size() const { return received_.size(); }

 private:
  template <class F>
  bool make_room(Duration timeout, TimePoint now, F&& forgotten) {
    if (timeout == Duration::zero()) return false;
    return boost::unordered::erase_if(received_, [&](const auto& item) {
             const bool old = item.second + timeout <= now;
             if (old) forgotten(item.first);
             return old;
           }) > 0;
  }

  boost::unordered_flat_map<PacketId, TimePoint> received_;
};

}  // namespace sluice::session
