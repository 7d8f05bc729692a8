// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "broker/api/types.h"
#include "broker/storage/commit_log.h"
#include "broker/storage/write_batch.h"
#include "shared/base/inline_task.h"
#include "shared/base/shard.h"

namespace sluice::storage {

/// One shard's side of the commit log: gathers the changes of a turn in one batch, which leaves at the turn's end,
/// before anything that the turn sends to other shards; and runs what waits for a batch when it is on disk.
/// Owner: the shard's context. Thread: the shard.
class ShardJournal final : private TurnEnd, private CommitListener {
 public:
  ShardJournal(Shard& shard, CommitLog& log) : shard_(shard), log_(log) {}

  /// The batch of this turn, to be added to.
  WriteBatch& changes() {
    if (!held_) shard_.at_turn_end(*this);
    return batch_;
  }
  /// What changes() gathers in this turn is committed with this ticket.
  [[nodiscard]] CommitTicket ticket() const { return open_; }
  /// Something that lies elsewhere (LateChanges) is to be written with this turn's batch.
  CommitTicket touch() {
    touched_ = true;
    static_cast<void>(changes());
    return open_;
  }
  /// How many changes that are.
  [[nodiscard]] std::size_t gathered() const { return batch_.count(); }
  /// With this ticket everything is committed that was changed so far; 0 if it is already.
  [[nodiscard]] CommitTicket pending() const {
    const CommitTicket last = batch_.empty() && !touched_ ? open_ - 1 : open_;
    return last > committed_ ? last : 0;
  }

  [[nodiscard]] bool is_committed(CommitTicket ticket) const { return ticket <= committed_; }
  /// Runs `task` on this shard once the ticket is committed, in the order of the calls; at once if it is. Tickets of
  /// later calls are not lower.
  void when_committed(CommitTicket ticket, InlineTask task);
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }
  /// Runs `task` when everything changed so far is on its way to the store, so that what is given to the commit log
  /// then is behind it: at once, at the turn's end, or, while the journal is held, at the end of the turn of its
  /// release.
  void when_submitted(InlineTask task);

  /// From now on nothing leaves, until release(): what is to be committed is not known yet.
  void hold() { held_ = true; }
  void release();
  [[nodiscard]] bool held() const { return held_; }

  [[nodiscard]] CommitLog& log() { return log_; }

 private:
  struct Waiter {
    CommitTicket ticket;
    InlineTask task;
  };

  void on_turn_end() override;
  void on_committed(CommitTicket ticket) override;
  void run_committed(CommitTicket ticket);

  Shard& shard_;
  CommitLog& log_;
  WriteBatch batch_;
  std::deque<Waiter> waiting_;
  std::vector<InlineTask> leaving_;  ///< for the turn's end
  CommitTicket open_ = 1;
  CommitTicket committed_ = 0;
  bool touched_ = false;
  bool held_ = false;
};

}  // namespace sluice::storage
