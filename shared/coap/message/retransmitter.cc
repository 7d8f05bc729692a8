// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/retransmitter.h"

#include <utility>

namespace sluice::coap {

class Retransmitter::Pending final : public WheelTimer {
 public:
  Pending(Retransmitter& owner, const Key& its_key, Bytes its_message, Reminder its_reminder, Duration first_timeout)
      : key(its_key), message(std::move(its_message)), reminder(its_reminder), timeout(first_timeout), owner_(owner) {}
  ~Pending() = default;

  const Key key;
  const Bytes message;
  const Reminder reminder;
  Duration timeout;
  std::uint32_t retransmissions = 0;

 private:
  void on_timer(TimePoint now) override { owner_.expire(*this, now); }

  Retransmitter& owner_;
};

std::size_t Retransmitter::KeyHash::operator()(const Key& key) const {
  std::uint64_t hash = (std::uint64_t{key.peer.slot} << 32) ^ (std::uint64_t{key.peer.generation} << 16) ^ key.mid;
  hash *= 0x9E37'79B9'7F4A'7C15;
  return static_cast<std::size_t>(hash ^ (hash >> 32));
}

Retransmitter::Retransmitter(Shard& shard, const Parameters& parameters, Owner& owner)
    : shard_(shard), parameters_(parameters), owner_(owner) {}

Retransmitter::~Retransmitter() = default;

/// Between ACK_TIMEOUT and ACK_TIMEOUT * ACK_RANDOM_FACTOR.
Duration Retransmitter::first_timeout() {
  std::uniform_real_distribution<double> factor(1.0, parameters_.ack_random_factor);
  return std::chrono::duration_cast<Duration>(parameters_.ack_timeout * factor(random_));
}

void Retransmitter::add(PeerId peer, MessageId mid, Bytes message, Reminder reminder) {
  const Key key{peer, mid};
  auto pending = std::make_unique<Pending>(*this, key, std::move(message), reminder, first_timeout());
  shard_.wheel().arm(*pending, shard_.now() + pending->timeout);
  pending_[key] = std::move(pending);
}

Retransmitter::Taken Retransmitter::take(PeerId peer, MessageId mid) {
  const auto found = pending_.find({peer, mid});
  if (found == pending_.end()) return {};
  const Taken taken{true, found->second->reminder};
  pending_.erase(found);
  return taken;
}

Reminder Retransmitter::reminder_of(PeerId peer, MessageId mid) const {
  const auto found = pending_.find({peer, mid});
  return found == pending_.end() ? Reminder{} : found->second->reminder;
}

void Retransmitter::expire(Pending& pending, TimePoint now) {
  if (pending.retransmissions < parameters_.max_retransmit) {
    ++pending.retransmissions;
    pending.timeout *= 2;
    shard_.wheel().arm(pending, now + pending.timeout);
    owner_.retransmit(pending.key.peer, pending.message);
    return;
  }
  const Key key = pending.key;
  const Reminder reminder = pending.reminder;
  pending_.erase(key);  // `pending` is gone
  owner_.give_up(key.peer, key.mid, reminder);
}

}  // namespace sluice::coap
