// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>

#include "broker/storage/store_status.h"
#include "shared/base/thread_annotations.h"

namespace sluice::storage {

/// What is wrong with the store; the first three may keep it from taking messages.
enum class StoreTrouble : std::uint8_t {
  Failing,  ///< a write failed; it is tried again every second
  Full,     ///< storage.max_bytes, or what is left of the file system, is used up
  Slow,     ///< a write or sync takes more than a second, or more waits to be written than may wait
  Damaged,  ///< something was read that is not what was written; until the server's end
};
inline constexpr std::size_t kStoreTroubles = 4;

/// "storage_failing", "storage_full", "storage_slow", "storage_damaged": the alarm's id.
std::string_view trouble_name(StoreTrouble trouble);

/// What is wrong with the store. What follows from it is said by Storage (takes_messages() and its neighbours);
/// everything that needs no store goes on.
/// Thread safety: any thread.
class StoreHealth {
 public:
  /// Called on the thread that noticed, once when a trouble begins and once when it ends, one at a time. Must not call
  /// begin() or end().
  using Listener = std::function<void(StoreTrouble trouble, bool begins, const std::string& why)>;

  /// Before other threads exist.
  void on_change(Listener listener) { listener_ = std::move(listener); }

  void begin(StoreTrouble trouble, const std::string& why) { set(trouble, true, why); }
  void end(StoreTrouble trouble) { set(trouble, false, {}); }
  /// After a read: Damaged begins if what came is not what was written.
  void note_read(const StoreStatus& status);

  [[nodiscard]] bool good() const { return troubles_.load(std::memory_order_relaxed) == 0; }
  [[nodiscard]] bool has(StoreTrouble trouble) const {
    return (troubles_.load(std::memory_order_relaxed) & bit(trouble)) != 0;
  }
  /// The last trouble's sentence; empty while there is none.
  [[nodiscard]] std::string why() const;

 private:
  static std::uint8_t bit(StoreTrouble trouble) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(trouble));
  }
  void set(StoreTrouble trouble, bool on, const std::string& why);

  std::atomic<std::uint8_t> troubles_{0};
  Listener listener_;
  Mutex changing_;  ///< held while a change is told, so that beginnings and ends come in turn
  mutable Mutex mutex_;
  std::string why_ GUARDED_BY(mutex_);
};

}  // namespace sluice::storage
