// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "broker/session/queued_message.h"
#include "shared/base/clock.h"
#include "shared/base/ring_buffer.h"

namespace sluice::session {

/// What was sent at QoS 1 and 2 and is not acknowledged for good, in the order of places; a message's place gives its
/// packet id, so that it has the same one whenever it is sent, also by a server that was started anew.
/// Purpose: resending on reconnect keeps the original order and ids [MQTT-4.4.0-1] [MQTT-4.6.0-1].
/// Owner and thread: its session. An id says where its entry lies: O(1). Messages mostly come in the order of their
/// places; those of several publishers, and of priorities, need not.
class InflightWindow {
 public:
  enum class Stage : std::uint8_t { Done, AwaitPubAck, AwaitPubRec, AwaitPubComp };
  /// Of a message that was just sent.
  [[nodiscard]] static Stage first_stage(Qos qos) {
    return qos == Qos::ExactlyOnce ? Stage::AwaitPubRec : Stage::AwaitPubAck;
  }

  struct Entry {
    QueuedMessage queued;  ///< its message is empty from AwaitPubComp on
    TimePoint sent_at;
    Stage stage = Stage::Done;
    bool resend = false;     ///< left from an earlier connection and not yet sent on this one
    bool releasing = false;  ///< its PUBREL waits for the disk
  };

  /// Packet ids are 1 … 65,535.
  [[nodiscard]] static PacketId id_of(Place place) { return static_cast<PacketId>(place % kIds + 1); }

  [[nodiscard]] bool empty() const { return unacknowledged_ == 0; }
  [[nodiscard]] std::size_t size() const { return unacknowledged_; }
  /// How many were sent on the current connection: what the client's Receive Maximum counts [MQTT-3.3.4-9].
  [[nodiscard]] std::size_t outstanding() const { return unacknowledged_ - to_resend_; }
  /// For a message with that place; 0: the next one.
  [[nodiscard]] bool has_room(std::size_t maximum, Place place) const;
  /// The place is not so far from those that are here that the gaps between would have to be bounded.
  [[nodiscard]] bool reaches(Place place, std::size_t maximum) const;
  /// How many wait for nothing but their PUBCOMP. Walks the window.
  [[nodiscard]] std::size_t awaiting_completion() const;
  /// Every message with a lower place has been here.
  [[nodiscard]] Place next() const { return next_; }

  /// Requires: has_room. A message without a place gets the next one. Returns the packet id of the new entry.
  PacketId push(QueuedMessage&& queued, TimePoint now);
  /// Takes back the entry that push() made last.
  QueuedMessage undo_push(PacketId id);
  /// As push(), for a message that an earlier server has sent: it waits for being sent again.
  void push_sent(QueuedMessage queued, Stage stage);

  /// Null for an id that is not in flight. Valid until the next push or complete.
  Entry* find(PacketId id);
  Entry* at_place(Place place);
  /// Its exchange is over. Requires: `entry` is what find() or at_place() has returned.
  void complete(Entry& entry);

  /// A new connection: everything here waits for being sent again.
  void mark_all_for_resend();
  /// The next entry to send again; null when there is none or `maximum` are outstanding. It stays so until resent().
  Entry* next_resend(std::size_t maximum, PacketId& id);
  /// What next_resend() returned is sent.
  void resent(Entry& entry, TimePoint now);

  /// Visits what is unacknowledged, in order: f(PacketId, Entry&).
  template <class F>
  void for_each(F&& f) {
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].stage != Stage::Done) f(id_of(first_ + i), entries_[i]);
    }
  }

 private:
  static constexpr std::uint32_t kIds = 65'535;

  Entry& make_room_for(Place place);
  void trim();

  RingBuffer<Entry> entries_;
  std::size_t unacknowledged_ = 0;
  std::size_t to_resend_ = 0;
  std::size_t resend_cursor_ = 0;  ///< before it nothing waits for being sent again
  Place first_ = kFirstPlace;      ///< of entries_[0]
  Place next_ = kFirstPlace;
};

}  // namespace sluice::session
