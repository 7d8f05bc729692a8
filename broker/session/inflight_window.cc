// SPDX-License-Identifier: Apache-2.0
#include "broker/session/inflight_window.h"

#include <algorithm>
#include <utility>

namespace sluice::session {

bool InflightWindow::has_room(std::size_t maximum, Place place) const {
  if (outstanding() >= maximum || to_resend_ > 0) return false;
  return reaches(place == 0 ? next_ : place, maximum);
}

bool InflightWindow::reaches(Place place, std::size_t maximum) const {
  if (entries_.empty()) return true;
  // A client that never acknowledges its oldest message must not make us remember 65,535 gaps behind it.
  const Place span = std::max(place, first_ + entries_.size() - 1) - std::min(place, first_);
  return span < std::min<std::size_t>(kIds, std::max<std::size_t>(1024, 2 * maximum));
}

std::size_t InflightWindow::awaiting_completion() const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) count += entries_[i].stage == Stage::AwaitPubComp ? 1 : 0;
  return count;
}

InflightWindow::Entry& InflightWindow::make_room_for(Place place) {
  if (entries_.empty()) {
    first_ = place;
    resend_cursor_ = 0;
  }
  for (; place < first_; --first_) {
    entries_.push_front({});
    ++resend_cursor_;
  }
  while (place >= first_ + entries_.size()) entries_.extend_back();
  ++unacknowledged_;
  return entries_[place - first_];
}

PacketId InflightWindow::push(QueuedMessage&& queued, TimePoint now) {
  if (queued.place == 0) queued.place = next_;
  const Place place = queued.place;
  next_ = std::max(next_, place + 1);
  Entry& entry = make_room_for(place);
  entry.stage = first_stage(queued.qos);
  entry.queued = std::move(queued);
  entry.sent_at = now;
  return id_of(place);
}

void InflightWindow::push_sent(QueuedMessage queued, Stage stage) {
  next_ = std::max(next_, queued.place + 1);
  Entry& entry = make_room_for(queued.place);
  entry = {std::move(queued), {}, stage, true};
  ++to_resend_;
  resend_cursor_ = 0;
}

QueuedMessage InflightWindow::undo_push(PacketId id) {
  Entry& entry = *find(id);
  QueuedMessage queued = std::move(entry.queued);
  entry = Entry{};
  --unacknowledged_;
  if (queued.place + 1 == first_ + entries_.size()) entries_.pop_back();
  trim();
  return queued;
}

InflightWindow::Entry* InflightWindow::find(PacketId id) {
  if (id == 0) return nullptr;
  const auto index = static_cast<std::size_t>((id - 1U + kIds - first_ % kIds) % kIds);
  if (index >= entries_.size() || entries_[index].stage == Stage::Done) return nullptr;
  return &entries_[index];
}

InflightWindow::Entry* InflightWindow::at_place(Place place) {
  if (place < first_ || place >= first_ + entries_.size()) return nullptr;
  Entry& entry = entries_[place - first_];
  return entry.stage == Stage::Done ? nullptr : &entry;
}

void InflightWindow::complete(Entry& entry) {
  if (entry.resend) --to_resend_;
  entry = Entry{};
  --unacknowledged_;
  trim();
}

void InflightWindow::trim() {
  while (!entries_.empty() && entries_.front().stage == Stage::Done) {
    entries_.skip_front();
    ++first_;
    if (resend_cursor_ > 0) --resend_cursor_;
  }
}

void InflightWindow::mark_all_for_resend() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].resend = entries_[i].stage != Stage::Done;
    entries_[i].releasing = false;
  }
  to_resend_ = unacknowledged_;
  resend_cursor_ = 0;
}

InflightWindow::Entry* InflightWindow::next_resend(std::size_t maximum, PacketId& id) {
  if (to_resend_ == 0 || outstanding() >= maximum) return nullptr;
  while (!entries_[resend_cursor_].resend) ++resend_cursor_;
  id = id_of(first_ + resend_cursor_);
  return &entries_[resend_cursor_];
}

void InflightWindow::resent(Entry& entry, TimePoint now) {
  entry.resend = false;
  entry.sent_at = now;
  --to_resend_;
}

}  // namespace sluice::session
