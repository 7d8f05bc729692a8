// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <list>
#include <random>

#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/coap/message/carrier.h"

namespace sluice::coap {

/// Answers to requests that went to a group: each after a pause of its own, so that not all members of the group answer
/// at once [RFC 7252 8.2].
/// Owner: the server. Thread: the shard.
class LeisurelyReplies {
 public:
  LeisurelyReplies(Shard& shard, Carrier& carrier, Duration leisure);
  ~LeisurelyReplies();

  /// Copies `parts.payload`. Over kMost the answer is left out: nobody counts on the answer of one member.
  void add(const ReplyTo& to, const Parts& parts);

 private:
  static constexpr std::size_t kMost = 256;
  class Waiting;

  void send(Waiting& waiting);

  Shard& shard_;
  Carrier& carrier_;
  const Duration leisure_;
  std::minstd_rand random_{std::random_device{}()};
  std::list<Waiting> waiting_;
};

}  // namespace sluice::coap
