// SPDX-License-Identifier: Apache-2.0
#include "broker/session/inflight_window.h"

#include <algorithm>
#include <utility>

namespace sluice::session {
namespace {

constexpr std::uint32_t kIds = 65'535;  // packet ids are 1 … 65,535

InflightWindow::Stage first_stage(Qos qos) {
  return qos == Qos::ExactlyOnce ? InflightWindow::Stage::AwaitPubRec : InflightWindow::Stage::AwaitPubAck;
}

}  // namespace

bool InflightWindow::has_room(std::size_t maximum) const {
  if (outstanding() >= maximum || to_resend_ > 0) return false;
  // A client that never acknowledges its oldest message must not make us remember 65,535 gaps behind it.
  return entries_.size() < std::min(kMaxSpan, std::max<std::size_t>(1024, 2 * maximum));
}

PacketId InflightWindow::id_at(std::size_t index) const { return static_cast<PacketId>((first_ + index) % kIds + 1); }

std::size_t InflightWindow::awaiting_completion() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) count += entries_[i].stage == Stage::AwaitPubComp ? 1 : 0;
  return count;
}

PacketId InflightWindow::push(QueuedMessage queued, TimePoint now) {
  const Stage stage = first_stage(queued.qos);
  entries_.push_back({std::move(queued), now, stage, false});
  ++unacknowledged_;
  return id_at(entries_.size() - 1);
}

QueuedMessage InflightWindow::undo_push() {
  QueuedMessage queued = std::move(entries_.back().queued);
  entries_.pop_back();
  --unacknowledged_;
  return queued;
}

InflightWindow::Entry* InflightWindow::find(PacketId id) {
  if (id == 0) return nullptr;
  const std::size_t index = (id - 1U + kIds - first_) % kIds;
  if (index >= entries_.size() || entries_[index].stage == Stage::Done) return nullptr;
  return &entries_[index];
}

void InflightWindow::complete(PacketId id) {
  Entry& done = *find(id);
  if (done.resend) --to_resend_;
  done = Entry{};
  --unacknowledged_;
  while (!entries_.empty() && entries_.front().stage == Stage::Done) {
    static_cast<void>(entries_.pop_front());
    first_ = (first_ + 1) % kIds;
    if (resend_cursor_ > 0) --resend_cursor_;
  }
}

void InflightWindow::mark_all_for_resend() {
  for (std::size_t i = 0; i < entries_.size(); ++i) entries_[i].resend = entries_[i].stage != Stage::Done;
  to_resend_ = unacknowledged_;
  resend_cursor_ = 0;
}

InflightWindow::Entry* InflightWindow::next_resend(std::size_t maximum, PacketId& id, TimePoint now) {
  if (to_resend_ == 0 || outstanding() >= maximum) return nullptr;
  while (!entries_[resend_cursor_].resend) ++resend_cursor_;
  Entry& entry = entries_[resend_cursor_];
  id = id_at(resend_cursor_);
  entry.resend = false;
  entry.sent_at = now;
  --to_resend_;
  return &entry;
}

void InflightWindow::postpone(PacketId id) {
  find(id)->resend = true;
  ++to_resend_;
  resend_cursor_ = 0;
}

}  // namespace sluice::session
