// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace sluice::router {

/// Tells listeners of changes in the order in which they were made, without a lock held while they run.
/// A writer records a change while it holds the lock that orders the changes, and calls `deliver` after letting go.
/// Whoever finds nobody delivering delivers for everybody; so a listener may itself make changes, and is told of
/// them after it has returned.
/// Thread safety: `record`, `deliver` any thread; `listen` before other threads exist.
template <class Change>
class ChangeFeed {
 public:
  using Listener = std::function<void(const Change&)>;

  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }
  /// False: recording is a waste.
  [[nodiscard]] bool wanted() const { return !listeners_.empty(); }

  void record(Change change) {
    if (!wanted()) return;
    std::lock_guard guard(mutex_);
    pending_.push_back(std::move(change));
  }

  void deliver() {
    if (!wanted()) return;
    std::unique_lock guard(mutex_);
    if (delivering_) return;
    delivering_ = true;
    while (!pending_.empty()) {
      std::vector<Change> batch = std::exchange(pending_, {});
      guard.unlock();
      for (const Change& change : batch) {
        for (const Listener& listener : listeners_) listener(change);
      }
      batch.clear();
      guard.lock();
    }
    delivering_ = false;
  }

 private:
  std::mutex mutex_;
  std::vector<Listener> listeners_;
  std::vector<Change> pending_;
  bool delivering_ = false;
};

}  // namespace sluice::router
