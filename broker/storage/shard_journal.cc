// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/shard_journal.h"

#include <algorithm>
#include <utility>

namespace sluice::storage {
namespace {

/// Of room that is made for the next turn's batch beforehand, because the last one needed it.
constexpr std::size_t kMostReserved = 256UL * 1024;

}  // namespace

void ShardJournal::when_committed(CommitTicket ticket, InlineTask task) {
  if (ticket <= committed_) {
    task();
    return;
  }
  waiting_.push_back({ticket, std::move(task)});
}

void ShardJournal::when_submitted(InlineTask task) {
  if (batch_.empty() && !touched_) {
    task();
  } else {
    leaving_.push_back(std::move(task));
  }
}

void ShardJournal::release() {
  held_ = false;
  if (!batch_.empty() || touched_) shard_.at_turn_end(*this);
}

void ShardJournal::on_turn_end() {
  if (held_ || (batch_.empty() && !touched_)) return;
  touched_ = false;
  const std::size_t bytes = batch_.bytes();
  log_.submit(std::exchange(batch_, {}), this, open_++);
  batch_.reserve(std::min(bytes, kMostReserved));
  for (InlineTask& task : std::exchange(leaving_, {})) task();
}

void ShardJournal::on_committed(CommitTicket ticket) {
  shard_.post([this, ticket] { run_committed(ticket); });
}

void ShardJournal::run_committed(CommitTicket ticket) {
  committed_ = ticket;
  while (!waiting_.empty() && waiting_.front().ticket <= ticket) {
    InlineTask task = std::move(waiting_.front().task);
    waiting_.pop_front();
    task();
  }
}

}  // namespace sluice::storage
