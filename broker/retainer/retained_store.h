// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "broker/api/message.h"
#include "shared/base/clock.h"

namespace sluice::retainer {

/// Where retained messages survive a restart. The retainer keeps them all in memory; a store is only written to
/// while the server runs.
/// Contract: `put` and `erase` come in order for one topic, from any thread, with a lock of the retainer held: they
/// must not block (queue the work) and must not call the retainer.
class RetainedStore {
 public:
  virtual ~RetainedStore() = default;
  /// `expires_at` 0: never.
  virtual void put(const MessagePtr& message, UnixMillis expires_at) = 0;
  virtual void erase(std::string_view topic) = 0;
  /// What is put is on disk when the batch of the publisher's turn is committed.
  [[nodiscard]] virtual bool durable() const = 0;
  /// Everything that is kept.
  virtual void load(const std::function<void(MessagePtr, UnixMillis expires_at)>& visitor) = 0;
  /// Why load() ended early; empty: it did not.
  [[nodiscard]] virtual std::string load_problem() const { return {}; }
};

/// `retainer.storage_type = ram`: keeps nothing beyond the process.
class RamRetainedStore final : public RetainedStore {
 public:
  void put(const MessagePtr&, UnixMillis) override {}
  void erase(std::string_view) override {}
  [[nodiscard]] bool durable() const override { return false; }
  void load(const std::function<void(MessagePtr, UnixMillis)>&) override {}
};

}  // namespace sluice::retainer
