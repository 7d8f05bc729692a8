// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "bench/sluice_bench/client.h"

namespace sluice::bench {

/// A client that subscribes once and counts, checks and acknowledges what arrives.
class Subscriber : public Client {
 public:
  /// `flows`: all flows of the run, indexed by publisher; must outlive the engine.
  Subscriber(Engine& engine, std::string id, std::string filter, OrderCheck order, std::span<Flow> flows);

  void tally(OrderTally& sum) const override { sum.add(order_.tally()); }

 protected:
  void on_up() override;
  void on_frame(const Frame& frame) override;
  virtual void on_suback(const Frame& frame);

 private:
  void on_publish(const Frame& frame);
  void check(ByteView payload);

  std::string filter_;
  OrderCheck order_;
  std::span<Flow> flows_;
};

}  // namespace sluice::bench
