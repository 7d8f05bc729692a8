// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "broker/session/session_context.h"

namespace sluice::management {

/// Name → value, by name.
using Figures = std::map<std::string, std::int64_t, std::less<>>;

/// The manual's statistics (8.21.3, 11.2.1, 13.12): how many there are now, and the most there were at once.
/// `clients`, `sessions`, `subscriptions`, `subscribers`, `topics`, `routes`, `retained` and `queues` (shared groups),
/// each with `/count` and `/max`; `routes/reverse`, which equals `routes/count` on one node; and every other gauge of
/// the registry under its own name.
/// Maxima are those of the moments of reading. Thread: one (the management thread).
class Stats {
 public:
  explicit Stats(const session::SessionCore& core) : core_(core) {}

  /// Takes the maxima of this moment; read() does so, too.
  void sample();
  [[nodiscard]] Figures read();

 private:
  const session::SessionCore& core_;
  Figures max_;
};

/// The manual's counters (8.21.4, 11.2.2, 13.11), zeros included, and every other counter of the registry.
[[nodiscard]] Figures read_metrics(const session::SessionCore& core);

}  // namespace sluice::management
