// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "bench/sluice_bench/engine.h"
#include "bench/sluice_bench/publisher.h"

namespace sluice::bench {

/// Even distribution of `per_second` events over time. Falls behind by at most a tenth of a second, then forgets.
class Pace {
 public:
  explicit Pace(double per_second) : interval_(1e9 / per_second) {}
  /// Is one event due? Counts it if so.
  bool take(Nanos now);
  [[nodiscard]] Nanos next() const { return next_; }

 private:
  double interval_;
  Nanos next_ = 0;
  double fraction_ = 0;  ///< of a nanosecond, so that the mean rate is exact
};

/// Opens connections: at most `window` at a time, and `interval` apart.
class Connector : public Driver {
 public:
  Connector(std::vector<Client*> clients, std::size_t window, Nanos interval);
  Nanos turn(Engine& engine, Nanos now) override;

 private:
  std::vector<Client*> clients_;
  std::size_t next_ = 0;
  std::size_t window_;
  Nanos interval_;
  Nanos due_ = 0;
};

/// Pings every client of the engine once per interval, evenly spread.
class Pinger : public Driver {
 public:
  Pinger(std::size_t clients, Nanos interval);
  Nanos turn(Engine& engine, Nanos now) override;

 private:
  Pace pace_;
  std::size_t next_ = 0;
};

/// Lets every publisher send whatever it may.
class Saturator : public Driver {
 public:
  explicit Saturator(std::vector<Publisher*> publishers) : publishers_(std::move(publishers)) {}
  Nanos turn(Engine& engine, Nanos now) override;

 private:
  std::vector<Publisher*> publishers_;
};

/// Lets one publisher after the other send one message, at a fixed rate.
class Pacer : public Driver {
 public:
  Pacer(std::vector<Publisher*> publishers, double per_second)
      : publishers_(std::move(publishers)), pace_(per_second) {}
  Nanos turn(Engine& engine, Nanos now) override;

 private:
  std::vector<Publisher*> publishers_;
  Pace pace_;
  std::size_t next_ = 0;
};

}  // namespace sluice::bench
