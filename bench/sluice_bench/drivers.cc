// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/drivers.h"

#include <algorithm>
#include <utility>

namespace sluice::bench {

bool Pace::take(Nanos now) {
  if (next_ == 0 || now - next_ > kSecond / 10) next_ = now;
  if (now < next_) return false;
  fraction_ += interval_;
  const auto whole = static_cast<Nanos>(fraction_);
  fraction_ -= static_cast<double>(whole);
  next_ += whole;
  return true;
}

Connector::Connector(std::vector<Client*> clients, std::size_t window, Nanos interval)
    : clients_(std::move(clients)), window_(window), interval_(interval) {}

Nanos Connector::turn(Engine& engine, Nanos now) {
  const Stats& stats = engine.stats();
  while (next_ < clients_.size() && stats.started.get() - stats.settled.get() < window_) {
    if (now < due_) return due_;
    due_ = std::max(due_ + interval_, now - kSecond / 10);
    clients_[next_++]->start();
  }
  return kNever;
}

Pinger::Pinger(std::size_t clients, Nanos interval)
    : pace_(static_cast<double>(std::max<std::size_t>(clients, 1)) * 1e9 / static_cast<double>(interval)) {}

Nanos Pinger::turn(Engine& engine, Nanos now) {
  auto& clients = engine.clients();
  if (clients.empty()) return kNever;
  while (pace_.take(now)) {
    clients[next_ % clients.size()]->ping();
    ++next_;
  }
  return pace_.next();
}

Nanos Saturator::turn(Engine& engine, Nanos now) {
  bool more = false;
  for (Publisher* publisher : publishers_) more = publisher->pump(now) || more;
  if (more) return now;
  // With several engines a delivery that frees a publisher may happen elsewhere, without an event here.
  return now + (engine.settings().threads > 1 ? kMillisecond : kSecond / 10);
}

Nanos Pacer::turn(Engine&, Nanos now) {
  while (pace_.take(now)) {
    for (std::size_t tried = 0; tried < publishers_.size(); ++tried) {
      if (publishers_[next_++ % publishers_.size()]->send_one(now)) break;
    }
  }
  return pace_.next();
}

}  // namespace sluice::bench
