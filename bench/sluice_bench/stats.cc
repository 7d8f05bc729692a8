// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/stats.h"

namespace sluice::bench {

void Totals::add(const Stats& stats) {
  started += stats.started.get();
  connected += stats.connected.get();
  ready += stats.ready.get();
  refused += stats.refused.get();
  lost += stats.lost.get();
  closed += stats.closed.get();
  subscribed += stats.subscribed.get();
  sent += stats.sent.get();
  expected += stats.expected.get();
  acked += stats.acked.get();
  delivered += stats.delivered.get();
  bytes += stats.bytes.get();
  cycles += stats.cycles.get();
  pings += stats.pings.get();
  pongs += stats.pongs.get();
}

}  // namespace sluice::bench
