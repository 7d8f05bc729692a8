// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/leisure.h"

#include <algorithm>

namespace sluice::coap {

class LeisurelyReplies::Waiting final : public WheelTimer {
 public:
  Waiting(LeisurelyReplies& owner, const ReplyTo& its_request, const Parts& its_parts)
      : to(its_request), parts(its_parts), owner_(owner), payload_(its_parts.payload.begin(), its_parts.payload.end()) {
    parts.payload = payload_;
  }
  ~Waiting() = default;

  const ReplyTo to;
  Parts parts;

 private:
  void on_timer(TimePoint) override { owner_.send(*this); }

  LeisurelyReplies& owner_;
  const Bytes payload_;
};

LeisurelyReplies::LeisurelyReplies(Shard& shard, Carrier& carrier, Duration leisure)
    : shard_(shard), carrier_(carrier), leisure_(leisure) {}

LeisurelyReplies::~LeisurelyReplies() = default;

void LeisurelyReplies::add(const ReplyTo& to, const Parts& parts) {
  if (waiting_.size() >= kMost) return;
  std::uniform_int_distribution<Duration::rep> pause(0, leisure_.count());
  shard_.wheel().arm(waiting_.emplace_back(*this, to, parts), shard_.now() + Duration(pause(random_)));
}

void LeisurelyReplies::send(Waiting& waiting) {
  carrier_.reply(waiting.to, waiting.parts);
  waiting_.remove_if([&](const Waiting& other) { return &other == &waiting; });
}

}  // namespace sluice::coap
