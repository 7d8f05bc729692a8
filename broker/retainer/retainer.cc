// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/retainer.h"

#include <algorithm>
#include <utility>

#include "broker/retainer/retainer_probe.h"
#include "broker/router/topic_rules.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::retainer {
namespace {

/// One call of `lookup` looks at about so many topics: below 0.2 ms.
constexpr std::size_t kStepsPerLookup = 512;
/// `sweep` lets others in after so many entries.
constexpr std::size_t kEntriesPerLock = 512;

const RetainerProbe& probe() {
  static const RetainerProbe counters;
  return counters;
}

/// What the broker says of itself is bounded by what it has to say, and does not spend what clients may keep.
bool is_own(const Message& message) { return message.topic().starts_with("$SYS/"); }

}  // namespace

Retainer::Retainer(const RetainerSettings& settings, RetainedStore& store) : store_(store) {
  apply(settings);
  probe();
}

Retainer::~Retainer() { probe().count.add(-static_cast<std::int64_t>(count())); }

void Retainer::apply(const RetainerSettings& settings) {
  max_message_num_.store(settings.max_message_num, std::memory_order_relaxed);
  max_payload_size_.store(settings.max_payload_size, std::memory_order_relaxed);
  expiry_interval_.store(settings.expiry_interval, std::memory_order_relaxed);
}

bool Retainer::reserve(const Message& message) {
  const std::size_t before = count_.fetch_add(1, std::memory_order_relaxed);
  const bool own = is_own(message);
  const std::size_t own_count =
      own ? own_.fetch_add(1, std::memory_order_relaxed) : own_.load(std::memory_order_relaxed);
  if (own || before - std::min(before, own_count) < max_message_num_.load(std::memory_order_relaxed)) {
    probe().count.add(1);
    return true;
  }
  count_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void Retainer::release(const Message& message) {
  count_.fetch_sub(1, std::memory_order_relaxed);
  if (is_own(message)) own_.fetch_sub(1, std::memory_order_relaxed);
  probe().count.add(-1);
}

UnixMillis Retainer::expiry_of(const Message& message, UnixMillis now) const {
  if (is_own(message)) return 0;
  if (message.expires_at() != 0) return message.expires_at();
  const UnixMillis interval = expiry_interval_.load(std::memory_order_relaxed);
  return interval == 0 ? 0 : now + interval;
}

void Retainer::refuse(const Message& message, StoreResult why) const {
  static log::RateLimit limit(1);
  probe().dropped.add();
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  const bool large = why == StoreResult::TooLarge;
  log::get("retainer")
      .warn("message not retained: topic={} size={} limit={} raise {} to keep it ({} like this not shown)",
            log::loggable(message.topic()), message.payload().size(),
            (large ? max_payload_size_ : max_message_num_).load(std::memory_order_relaxed),
            large ? "retainer.max_payload_size" : "retainer.max_message_num", hushed);
}

StoreResult Retainer::store(const MessagePtr& message, UnixMillis now, RetainedBefore* before) {
  if (message->payload().empty()) return remove(message->topic(), before);
  if (!is_own(*message) && message->payload().size() > max_payload_size_.load(std::memory_order_relaxed)) {
    refuse(*message, StoreResult::TooLarge);
    return StoreResult::TooLarge;
  }
  const StoreResult result = put({message, expiry_of(*message, now)}, Write::Through, before);
  if (result == StoreResult::Full) refuse(*message, result);
  changes_.deliver();
  return result;
}

void Retainer::undo(const MessagePtr& message, const RetainedBefore& before) {
  const std::uint64_t hash = hash_(message->topic());
  Stripe& stripe = stripe_of(hash);
  {
    const MutexLock guard(stripe.mutex);
    const RetainedIndex::Item* const now = stripe.index.find(hash, message->topic());
    const MessagePtr ours = message->payload().empty() ? MessagePtr() : message;
    if ((now == nullptr ? MessagePtr() : now->message) != ours) return;
    const RetainedIndex::Item item{before.message, before.expires_at};
    if (!before.message) {
      if (ours) forget(stripe.index.erase(hash, message->topic()));
    } else if (ours) {
      static_cast<void>(stripe.index.replace(hash, item));
      note_stored(item);
    } else if (reserve(*before.message)) {
      stripe.index.insert(hash, item);
      note_stored(item);
    }
  }
  changes_.deliver();
}

StoreResult Retainer::put(const RetainedIndex::Item& item, Write write, RetainedBefore* before) {
  const std::uint64_t hash = hash_(item.message->topic());
  Stripe& stripe = stripe_of(hash);
  MessagePtr previous;  // destroyed after the lock has been let go
  const MutexLock guard(stripe.mutex);
  if (const RetainedIndex::Item* const known = stripe.index.find(hash, item.message->topic())) {
    if (before != nullptr) *before = {known->message, known->expires_at};
    previous = stripe.index.replace(hash, item);
  } else if (reserve(*item.message)) {
    stripe.index.insert(hash, item);
  } else {
    return StoreResult::Full;
  }
  if (write == Write::Through) note_stored(item);
  return previous != nullptr ? StoreResult::Replaced : StoreResult::Stored;
}

void Retainer::note_stored(const RetainedIndex::Item& item) {
  store_.put(item.message, item.expires_at);
  changes_.record({RetainedChange::Kind::Stored, item.message});
}

StoreResult Retainer::remove(std::string_view topic, RetainedBefore* before) {
  const std::uint64_t hash = hash_(topic);
  Stripe& stripe = stripe_of(hash);
  MessagePtr gone;
  {
    const MutexLock guard(stripe.mutex);
    if (before != nullptr) {
      if (const RetainedIndex::Item* const known = stripe.index.find(hash, topic)) {
        *before = {known->message, known->expires_at};
      }
    }
    gone = stripe.index.erase(hash, topic);
    if (gone == nullptr) return StoreResult::Nothing;
    forget(gone);
  }
  changes_.deliver();
  return StoreResult::Cleared;
}

void Retainer::forget(const MessagePtr& message) {
  release(*message);
  store_.erase(message->topic());
  changes_.record({RetainedChange::Kind::Removed, message});
}

bool Retainer::clear(std::string_view topic) { return remove(topic) == StoreResult::Cleared; }

std::size_t Retainer::load(UnixMillis now) {
  std::vector<MessagePtr> outdated;
  std::size_t back = 0;
  store_.load([&](MessagePtr message, UnixMillis expires_at) {
    const RetainedIndex::Item item{std::move(message), expires_at};
    if (item.expired(now)) {
      outdated.push_back(item.message);
    } else if (put(item, Write::MemoryOnly) == StoreResult::Full) {
      refuse(*item.message, StoreResult::Full);
    } else {
      ++back;
    }
  });
  for (const MessagePtr& message : outdated) store_.erase(message->topic());
  loading_.store(false, std::memory_order_release);
  return back;
}

MessagePtr Retainer::get(std::string_view topic, UnixMillis now) const {
  const std::uint64_t hash = hash_(topic);
  Stripe& stripe = stripe_of(hash);
  const MutexLock guard(stripe.mutex);
  const RetainedIndex::Item* item = stripe.index.find(hash, topic);
  return item == nullptr || item->expired(now) ? nullptr : item->message;
}

void Retainer::lookup(std::string_view filter, UnixMillis now, LookupCursor& cursor, std::size_t max,
                      std::vector<MessagePtr>& out) const {
  if (cursor.done || count() == 0) {
    cursor.done = true;
    return;
  }
  if (!router::has_wildcards(filter)) {
    if (MessagePtr message = get(filter, now)) out.push_back(std::move(message));
    cursor.done = true;
    return;
  }
  const std::size_t full = out.size() + max;
  std::size_t steps = kStepsPerLookup;
  while (steps != 0 && out.size() < full) {
    const Stripe& stripe = stripes_[cursor.stripe];
    const MutexLock guard(stripe.mutex);
    if (!stripe.index.scan(filter, now, cursor.place, full, steps, out)) return;
    cursor.place = {};
    cursor.done = ++cursor.stripe == kStripes;
    if (cursor.done) return;
  }
}

std::size_t Retainer::sweep(UnixMillis now, std::size_t budget) {
  std::size_t removed = 0;
  std::size_t stripes_left = kStripes;
  while (budget != 0 && stripes_left != 0) {
    const std::size_t count = std::min(budget, kEntriesPerLock);
    std::vector<MessagePtr> expired;
    std::size_t looked = 0;
    {
      Stripe& stripe = stripes_[sweep_stripe_];
      const MutexLock guard(stripe.mutex);
      looked = stripe.index.find_expired(now, count, expired);
      for (const MessagePtr& message : expired) {
        stripe.index.erase(hash_(message->topic()), message->topic());
        forget(message);
      }
    }
    changes_.deliver();
    removed += expired.size();
    budget -= looked;
    if (looked < count) {
      sweep_stripe_ = (sweep_stripe_ + 1) % kStripes;
      --stripes_left;
    }
  }
  probe().expired.add(removed);
  return removed;
}

void Retainer::on_change(Listener listener) { changes_.listen(std::move(listener)); }

}  // namespace sluice::retainer
