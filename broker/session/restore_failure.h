// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <utility>

#include "broker/storage/store_status.h"

namespace sluice::session {

/// Whether everything could be read so far of what is to be restored. After a failure nothing is restored any more: the
/// server may not go on without what the store has, and the queue of a session that is not back would be taken for
/// nobody's. Any thread.
class RestoreFailure {
 public:
  /// `tell` is told why, on some thread.
  explicit RestoreFailure(std::function<void(const std::string&)> tell) : tell_(std::move(tell)) {}

  /// True if `status` is a failure.
  bool note(const storage::StoreStatus& status) {
    if (status.ok()) return false;
    note(status.text());
    return true;
  }
  void note(const std::string& why) {
    happened_.store(true, std::memory_order_release);
    tell_(why);
  }
  [[nodiscard]] bool happened() const { return happened_.load(std::memory_order_acquire); }

 private:
  const std::function<void(const std::string&)> tell_;
  std::atomic<bool> happened_{false};
};

}  // namespace sluice::session
