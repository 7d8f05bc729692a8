// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "shared/base/thread_annotations.h"

namespace sluice::hooks {

/// What a callback wants to happen next.
enum class Next : std::uint8_t {
  Continue,  ///< ask the callbacks behind
  Stop,      ///< the answer stands as it is: ask nobody else
};

/// The callbacks of one hook point, ordered by priority (higher first; equal ones in order of their adding).
/// Purpose: running an empty chain costs one load; adding and removing copies the chain.
/// Thread safety: `run` from any shard; `add` and `remove` from any thread. A callback that was removed may still be
/// running on another shard when remove() returns; chains that went out of use are kept until the hook point dies.
template <class... Args>
class HookChain {
 public:
  using Callback = std::function<Next(Args...)>;
  using Id = std::uint64_t;

  HookChain() = default;
  HookChain(const HookChain&) = delete;
  HookChain& operator=(const HookChain&) = delete;

  Id add(int priority, Callback callback) {
    MutexLock lock(mutex_);
    Chain chain = current();
    const Id id = ++last_id_;
    const auto behind = std::find_if(chain.begin(), chain.end(), [&](const Entry& e) { return e.priority < priority; });
    chain.insert(behind, Entry{id, priority, std::move(callback)});
    publish(std::move(chain));
    return id;
  }

  void remove(Id id) {
    MutexLock lock(mutex_);
    Chain chain = current();
    std::erase_if(chain, [&](const Entry& e) { return e.id == id; });
    publish(std::move(chain));
  }

  [[nodiscard]] bool empty() const { return chain_.load(std::memory_order_acquire) == nullptr; }

  void run(Args... args) const {
    const Chain* const chain = chain_.load(std::memory_order_acquire);
    if (chain == nullptr) return;
    for (const Entry& entry : *chain) {
      if (entry.callback(args...) == Next::Stop) return;
    }
  }

 private:
  struct Entry {
    Id id;
    int priority;
    Callback callback;
  };
  using Chain = std::vector<Entry>;

  Chain current() REQUIRES(mutex_) { return chains_.empty() ? Chain{} : *chains_.back(); }
  void publish(Chain chain) REQUIRES(mutex_) {
    chains_.push_back(std::make_unique<const Chain>(std::move(chain)));
    chain_.store(chains_.back()->empty() ? nullptr : chains_.back().get(), std::memory_order_release);
  }

  Mutex mutex_;
  std::vector<std::unique_ptr<const Chain>> chains_ GUARDED_BY(mutex_);
  Id last_id_ GUARDED_BY(mutex_) = 0;
  std::atomic<const Chain*> chain_{nullptr};
};

}  // namespace sluice::hooks
