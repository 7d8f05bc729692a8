// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/duplicates.h"

#include <algorithm>
#include <utility>

namespace sluice::coap {

DuplicateCache::DuplicateCache(const Parameters& parameters)
    : most_(std::max<std::size_t>(parameters.max_duplicates, 1)), most_bytes_(parameters.duplicate_bytes), entries_(1) {
  confirmable_.lifetime = parameters.exchange_lifetime();
  non_confirmable_.lifetime = parameters.non_lifetime();
}

/// A generation is cut to 16 bits: for two peers to be taken for one, a slot would have to change hands 65,536 times
/// within EXCHANGE_LIFETIME.
std::uint64_t DuplicateCache::key_of(PeerId peer, MessageId mid) {
  return (std::uint64_t{peer.slot} << 32) | ((std::uint64_t{peer.generation} & 0xFFFFU) << 16) | mid;
}

std::span<const std::byte> DuplicateCache::answer_of(const Entry& entry) {
  return {entry.long_answer ? entry.long_answer.get() : entry.short_answer.data(), entry.length};
}

DuplicateCache::Verdict DuplicateCache::note(PeerId peer, MessageId mid, Type type, TimePoint now) {
  forget_expired(now);
  const std::uint64_t key = key_of(peer, mid);
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    const Entry& entry = entries_[found->second];
    if (!entry.answered) return {Seen::Unanswered, {}};
    return {Seen::Answered, answer_of(entry)};
  }
  if (by_key_.size() >= most_) forget_next();
  insert(key, type == Type::Confirmable ? confirmable_ : non_confirmable_, now);
  return {};
}

void DuplicateCache::insert(std::uint64_t key, Line& line, TimePoint now) {
  std::uint32_t slot = 0;
  if (!free_.empty()) {
    slot = free_.back();
    free_.pop_back();
  } else {
    slot = static_cast<std::uint32_t>(entries_.size());
    entries_.emplace_back();
  }
  Entry& entry = entries_[slot];
  entry.key = key;
  entry.expires = now + line.lifetime;
  if (line.last != 0) entries_[line.last].next = slot;
  line.last = slot;
  if (line.first == 0) line.first = slot;
  by_key_.emplace(key, slot);
}

void DuplicateCache::set_answer(PeerId peer, MessageId mid, std::span<const std::byte> answer) {
  const auto found = by_key_.find(key_of(peer, mid));
  if (found == by_key_.end()) return;
  Entry& entry = entries_[found->second];
  if (entry.long_answer) answer_bytes_ -= entry.length;
  entry.long_answer.reset();
  entry.answered = true;
  entry.length = static_cast<std::uint32_t>(answer.size());
  if (answer.size() <= kInline) {
    std::ranges::copy(answer, entry.short_answer.begin());
    return;
  }
  entry.long_answer = std::make_unique<std::byte[]>(answer.size());
  std::ranges::copy(answer, entry.long_answer.get());
  answer_bytes_ += answer.size();
  while (answer_bytes_ > most_bytes_ && by_key_.size() > 1) forget_next();
}

void DuplicateCache::forget_expired(TimePoint now) {
  forget_expired(confirmable_, now);
  forget_expired(non_confirmable_, now);
}

void DuplicateCache::forget_expired(Line& line, TimePoint now) {
  while (line.first != 0 && entries_[line.first].expires <= now) forget_first(line);
}

void DuplicateCache::forget_next() {
  ++forgotten_early_;
  if (confirmable_.first == 0) return forget_first(non_confirmable_);
  if (non_confirmable_.first == 0) return forget_first(confirmable_);
  const bool confirmable_first = entries_[confirmable_.first].expires <= entries_[non_confirmable_.first].expires;
  forget_first(confirmable_first ? confirmable_ : non_confirmable_);
}

void DuplicateCache::forget_first(Line& line) {
  const std::uint32_t slot = line.first;
  Entry& entry = entries_[slot];
  line.first = entry.next;
  if (line.first == 0) line.last = 0;
  by_key_.erase(entry.key);
  if (entry.long_answer) answer_bytes_ -= entry.length;
  entry = Entry();
  free_.push_back(slot);
}

}  // namespace sluice::coap
