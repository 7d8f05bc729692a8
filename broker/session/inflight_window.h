// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/session/queued_message.h"
#include "shared/base/clock.h"
#include "shared/base/ring_buffer.h"

namespace sluice::session {

/// What was sent at QoS 1 and 2 and is not acknowledged for good, in the order of sending; gives out packet ids.
/// Purpose: resending on reconnect keeps the original order and ids [MQTT-4.4.0-1] [MQTT-4.6.0-1].
/// Owner and thread: its session. Ids run upwards and wrap at 65,535, so an id says where its entry lies: O(1).
class InflightWindow {
 public:
  enum class Stage : std::uint8_t { Done, AwaitPubAck, AwaitPubRec, AwaitPubComp };

  struct Entry {
    QueuedMessage queued;  ///< its message is empty from AwaitPubComp on
    TimePoint sent_at;
    Stage stage = Stage::Done;
    bool resend = false;  ///< left from an earlier connection and not yet sent on this one
  };

  [[nodiscard]] bool empty() const { return unacknowledged_ == 0; }
  [[nodiscard]] std::size_t size() const { return unacknowledged_; }
  /// How many were sent on the current connection: what the client's Receive Maximum counts [MQTT-3.3.4-9].
  [[nodiscard]] std::size_t outstanding() const { return unacknowledged_ - to_resend_; }
  [[nodiscard]] bool has_room(std::size_t maximum) const;
  /// How many wait for nothing but their PUBCOMP. Walks the window.
  [[nodiscard]] std::size_t awaiting_completion() const;

  /// Requires: has_room. Returns the packet id of the new entry.
  PacketId push(QueuedMessage queued, TimePoint now);
  /// Takes back the entry that push() made last.
  QueuedMessage undo_push();

  /// Null for an id that is not in flight. Valid until the next push or complete.
  Entry* find(PacketId id);
  /// The exchange for `id` is over. Requires: find(id) is not null.
  void complete(PacketId id);

  /// A new connection: everything here waits for being sent again.
  void mark_all_for_resend();
  /// The next entry to send again, marked as sent; null when there is none or `maximum` are outstanding.
  Entry* next_resend(std::size_t maximum, PacketId& id, TimePoint now);

  /// What next_resend() returned could not be sent: it stays the next one.
  void postpone(PacketId id);

  /// Visits what is unacknowledged, in order: f(PacketId, Entry&).
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].stage != Stage::Done) f(id_at(i), entries_[i]);
    }
  }

 private:
  /// An entry acknowledged out of turn stays as a gap until those before it are done; this bounds the gaps.
  static constexpr std::size_t kMaxSpan = 65'535;

  [[nodiscard]] PacketId id_at(std::size_t index) const;

  RingBuffer<Entry> entries_;
  std::size_t unacknowledged_ = 0;
  std::size_t to_resend_ = 0;
  std::size_t resend_cursor_ = 0;
  std::uint32_t first_ = 0;  ///< packet id of entries_[0], minus one
};

}  // namespace sluice::session
