// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <unordered_map>
#include <vector>

#include "shared/base/clock.h"
#include "shared/base/inline_task.h"
#include "shared/base/poller.h"
#include "shared/base/timing_wheel.h"
#include "shared/base/turn_right.h"

namespace boost::asio {
class io_context;  // NOLINT(readability-identifier-naming): named by Asio
}

namespace sluice {

class ShardGroup;

/// Work that runs once, at the end of the turn in which it was asked for: flushing a connection's output.
/// Thread: its shard. Destroying it takes it off the list.
class TurnEnd {
 public:
  TurnEnd() = default;
  TurnEnd(const TurnEnd&) = delete;
  TurnEnd& operator=(const TurnEnd&) = delete;

 protected:
  ~TurnEnd();
  virtual void on_turn_end() = 0;

 private:
  friend class Shard;
  class Shard* owner_ = nullptr;  ///< set while it waits for the end of the turn
  std::size_t index_ = 0;
};

/// Says that something on this shard uses Asio's io_context: only then does the loop go through Asio's reactor, which
/// costs two system calls more per wake-up. Held by every stream that runs on Asio.
/// Thread: the shard's.
class AsioUse {
 public:
  explicit AsioUse(class Shard& shard);
  ~AsioUse();
  AsioUse(const AsioUse&) = delete;
  AsioUse& operator=(const AsioUse&) = delete;

 private:
  Shard& shard_;
};

/// Something that lives on a shard after its owner has let go, and ends by itself: a connection that still says
/// goodbye. Owner: the shard, from Shard::lodge() to Shard::move_out().
class Lodger {
 public:
  virtual ~Lodger() = default;
};

/// What a task costs whoever runs it: Large is worth a core of its own (bytes to encrypt, to compress).
enum class TaskSize : bool { Small, Large };

/// One event loop with a thread of its own. A connection, its session and its timers live on one shard and take no
/// lock.
///
/// A turn: ready descriptors and Asio handlers, then tasks from other shards, due timers, then every TurnEnd; what
/// was posted to other shards in the turn leaves as one batch with one wake-up. A few small tasks for a shard that
/// sleeps are run at once by the thread that has them, which is cheaper than to wake it (docs/adr/0005): "the shard's
/// thread" is whoever runs its turn.
/// Thread safety: `post` from any thread; everything else from the shard's turn (or before it runs).
class Shard {
 public:
  Shard(ShardGroup& group, std::size_t index);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// The shard whose turn this thread runs; nullptr on other threads.
  static Shard* current();

  [[nodiscard]] std::size_t index() const { return index_; }
  [[nodiscard]] ShardGroup& group() { return group_; }
  /// For what Asio and Beast do, under an AsioUse; a user includes <boost/asio/io_context.hpp>.
  boost::asio::io_context& io();
  Poller& poller() { return poller_; }
  TimingWheel& wheel() { return wheel_; }
  /// The time at which this turn began.
  [[nodiscard]] TimePoint now() const { return now_; }
  /// The shard's read buffer: valid until the next handler of the shard runs. kReadBuffer bytes.
  std::span<std::byte> read_buffer() { return {read_buffer_.get(), kReadBuffer}; }

  /// Runs `task` on this shard in a later turn (or later in this one). FIFO per posting thread.
  void post(InlineTask task, TaskSize size = TaskSize::Small);
  /// Queues `work` for the end of this turn; a second call in the turn changes nothing.
  void at_turn_end(TurnEnd& work);
  /// Keeps it, until it moves out or the loop ends.
  void lodge(std::unique_ptr<Lodger> lodger);
  /// Destroys it.
  void move_out(Lodger& lodger);

  static constexpr std::size_t kReadBuffer = 256 * 1024;
  /// Of one turn, for all sleeping shards together: more are worth a core of their own.
  static constexpr std::size_t kMostTasksForSleepers = 4;

 private:
  friend class ShardGroup;
  friend class TurnEnd;
  friend class AsioUse;
  class WakeUp;
  struct Reactor;
  struct Batch {
    Batch* next = nullptr;
    std::vector<InlineTask> tasks;
    TaskSize largest = TaskSize::Small;

    void add(InlineTask task, TaskSize size);
    [[nodiscard]] bool for_sleepers() const {
      return tasks.size() <= kMostTasksForSleepers && largest == TaskSize::Small;
    }
  };

  void run();
  void wait();
  void wait_directly();
  void wait_through_asio();
  void run_asio(bool work_waits);
  void quiet_asio();
  [[nodiscard]] int milliseconds_until(TimePoint due) const;
  void drain_inbox();
  /// Destroys unrun what waits. False: nothing did. The shard does not run.
  bool discard_inbox();
  void run_turn_ends();
  void send_outboxes();
  void push(Batch* batch);
  void wake_if_asleep();
  void run_for_sleeper(TimePoint now);
  void arm_poller();
  void arm_tick();
  void stop();

  ShardGroup& group_;
  const std::size_t index_;
  Poller poller_;
  TimingWheel wheel_;
  std::unique_ptr<Reactor> reactor_;  ///< Asio's side; behind a pointer so that few files compile Asio
  TimePoint now_;
  std::unique_ptr<std::byte[]> read_buffer_;
  std::vector<TurnEnd*> turn_ends_;
  std::vector<std::unique_ptr<Batch>> outbox_;  ///< one per shard, filled during a turn
  std::unique_ptr<WakeUp> wake_up_;
  std::unordered_map<Lodger*, std::unique_ptr<Lodger>> lodgers_;
  TimePoint sleeps_until_{};  ///< of the wait under way
  std::size_t asio_users_ = 0;
  bool asio_quiet_ = true;  ///< nothing of Asio's is outstanding, our own waits included
  bool poller_armed_ = false;
  bool poller_ready_ = false;
  bool tick_armed_ = false;
  bool stopping_ = false;
  alignas(64) std::atomic<Batch*> inbox_{nullptr};
  TurnRight right_;
};

/// All shards of the process.
class ShardGroup {
 public:
  /// `count` 0: one per core this process may run on.
  explicit ShardGroup(std::size_t count);
  ~ShardGroup();

  [[nodiscard]] std::size_t size() const { return shards_.size(); }
  Shard& at(std::size_t index) { return *shards_[index]; }

  void start();
  /// Ends the loops after their current turn and joins the threads. Tasks not yet run are destroyed unrun.
  void stop();
  /// Runs `task` on every shard and waits until all have. Not from a shard's thread.
  void run_on_all(const std::function<void(Shard&)>& task);

 private:
  std::vector<std::unique_ptr<Shard>> shards_;
  std::vector<std::thread> threads_;
};

}  // namespace sluice
