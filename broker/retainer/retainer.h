// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/message.h"
#include "broker/retainer/retained_index.h"
#include "broker/retainer/retained_store.h"
#include "broker/router/change_feed.h"
#include "shared/base/clock.h"
#include "shared/base/text_hash.h"
#include "shared/base/thread_annotations.h"

namespace sluice::retainer {

struct RetainerSettings {
  std::size_t max_message_num = 1'000'000;     ///< retainer.max_message_num; 0: nothing is retained
  std::size_t max_payload_size = 64UL * 1024;  ///< retainer.max_payload_size, bytes
  UnixMillis expiry_interval = 0;              ///< retainer.expiry_interval, milliseconds; 0: never
};

enum class StoreResult : std::uint8_t {
  Stored,    ///< the topic's first message
  Replaced,  ///< [MQTT-3.3.1-5]
  Cleared,   ///< an empty payload removed what was there [MQTT-3.3.1-6]
  Nothing,   ///< an empty payload, and nothing was there [MQTT-3.3.1-7]
  TooLarge,  ///< over max_payload_size: not retained, what was there stays; to be routed nevertheless
  Full,      ///< a new topic over max_message_num: not retained; to be routed nevertheless
};

struct RetainedChange {
  enum class Kind : std::uint8_t { Stored, Removed };
  Kind kind;
  MessagePtr message;  ///< Removed: the message that went
};

/// What a topic had before store(): for undo().
struct RetainedBefore {
  MessagePtr message;  ///< null: nothing
  UnixMillis expires_at = 0;
};

/// Where a wildcard look-up continues. Start with a default one; over when `done`.
struct LookupCursor {
  std::size_t stripe = 0;
  IndexCursor place;
  bool done = false;
};

/// The last retained message of every topic [MQTT5 3.3.1.3].
/// Purpose: store, clear and find them, within limits on number, size and age.
/// Thread safety: any thread. Topics are spread over stripes, each with a mutex that is held for one look-up or for a
/// bounded number of steps of a wildcard look-up; never while messages are destroyed or listeners run.
class Retainer {
 public:
  /// `store` outlives the retainer.
  Retainer(const RetainerSettings& settings, RetainedStore& store);
  ~Retainer();
  Retainer(const Retainer&) = delete;
  Retainer& operator=(const Retainer&) = delete;

  /// Reads back what the store kept; look-ups miss what has not been read yet, so loading() tells that they are to
  /// wait. Nothing that the store keeps may be stored or cleared meanwhile. One thread. Returns how many messages there
  /// are.
  std::size_t load(UnixMillis now);
  /// Why load() ended early, and messages are missing; empty: it did not.
  [[nodiscard]] std::string load_problem() const { return store_.load_problem(); }
  /// From expect_load() until load() has ended.
  [[nodiscard]] bool loading() const { return loading_.load(std::memory_order_acquire); }
  /// Before the shards run: load() will be called.
  void expect_load() { loading_.store(true, std::memory_order_release); }
  [[nodiscard]] bool durable() const { return store_.durable(); }
  /// Limits for what is stored from now on (a configuration reload).
  void apply(const RetainerSettings& settings);

  /// Retains a message, or removes the topic's one if the payload is empty. The message expires at its own expiry
  /// or, if it has none, after `expiry_interval`; `$SYS/…` never, and no limit holds for it.
  /// Requires: message->topic() is a valid topic name.
  /// `before`: if given, gets what the topic had.
  StoreResult store(const MessagePtr& message, UnixMillis now, RetainedBefore* before = nullptr);
  /// Takes back what store() did for a message whose publisher is told no. What another publisher has stored since
  /// stays.
  void undo(const MessagePtr& message, const RetainedBefore& before);
  /// False: nothing was there.
  bool clear(std::string_view topic);

  /// The message of one topic; null if there is none or it has expired.
  [[nodiscard]] MessagePtr get(std::string_view topic, UnixMillis now) const;
  /// Appends to `out` at most `max` messages whose topics match, and moves the cursor on. Does a bounded amount of
  /// work: may return with nothing found and the cursor not done; call again, in another turn of the shard.
  /// Messages that are there throughout are found exactly once. Not ordered.
  /// Requires: `filter` is a valid filter without prefix, the same one in every call with one cursor.
  void lookup(std::string_view filter, UnixMillis now, LookupCursor& cursor, std::size_t max,
              std::vector<MessagePtr>& out) const;

  /// Looks at about `budget` messages, continuing where it last ended, and removes the expired ones. Returns how many.
  /// Call it every second or so, from one thread at a time.
  std::size_t sweep(UnixMillis now, std::size_t budget);

  /// retained/count.
  [[nodiscard]] std::size_t count() const { return count_.load(std::memory_order_relaxed); }

  using Listener = std::function<void(const RetainedChange&)>;
  /// Called in order for one topic, on the thread of some writer, with no lock held. Before the shards run.
  void on_change(Listener listener);

 private:
  static constexpr std::size_t kStripes = 8;  // stripe_of takes the hash's upper three bits
  struct alignas(64) Stripe {
    mutable Mutex mutex;
    RetainedIndex index GUARDED_BY(mutex);
  };

  enum class Write : std::uint8_t { Through, MemoryOnly };

  Stripe& stripe_of(std::uint64_t hash) const { return stripes_[hash >> 61]; }
  StoreResult put(const RetainedIndex::Item& item, Write write, RetainedBefore* before = nullptr);
  StoreResult remove(std::string_view topic, RetainedBefore* before = nullptr);
  void note_stored(const RetainedIndex::Item& item);
  void forget(const MessagePtr& message);
  bool reserve(const Message& message);
  void release(const Message& message);
  void refuse(const Message& message, StoreResult why) const;
  [[nodiscard]] UnixMillis expiry_of(const Message& message, UnixMillis now) const;

  std::atomic<std::size_t> max_message_num_;
  std::atomic<std::size_t> max_payload_size_;
  std::atomic<UnixMillis> expiry_interval_;
  RetainedStore& store_;
  const TextHash hash_;
  std::atomic<std::size_t> count_{0};
  std::atomic<std::size_t> own_{0};  ///< of these, `$SYS/…`: outside max_message_num
  mutable std::array<Stripe, kStripes> stripes_;
  std::size_t sweep_stripe_ = 0;
  std::atomic<bool> loading_{false};
  router::ChangeFeed<RetainedChange> changes_;
};

}  // namespace sluice::retainer
