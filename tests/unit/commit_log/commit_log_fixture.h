// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "broker/storage/commit_log.h"
#include "broker/storage/memory_store.h"
#include "broker/storage/record_format.h"
#include "tests/support/eventually.h"
#include "tests/support/faulty_store.h"

namespace sluice::storage {

/// Holds up every write until it is let through, and counts them.
class GatedStore final : public KvStore {
 public:
  void close_gate() {
    const std::lock_guard guard(mutex_);
    open_ = false;
  }
  void open_gate() {
    {
      const std::lock_guard guard(mutex_);
      open_ = true;
    }
    changed_.notify_all();
  }
  /// Syncs wait while writes pass.
  void hold_syncs(bool hold) {
    {
      const std::lock_guard guard(mutex_);
      syncs_held_ = hold;
    }
    changed_.notify_all();
  }
  [[nodiscard]] std::size_t writes() const { return writes_; }
  [[nodiscard]] std::size_t syncs() const { return syncs_; }
  [[nodiscard]] bool held() const { return held_; }

  StoreStatus write(std::span<const WriteBatch* const> batches, Durability durability) override {
    {
      std::unique_lock lock(mutex_);
      held_ = !open_;
      changed_.wait(lock, [this] { return open_; });
      held_ = false;
    }
    ++writes_;
    return inside_.write(batches, durability);
  }
  StoreStatus sync() override {
    ++syncs_;
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !syncs_held_; });
    return {};
  }
  StoreStatus recover() override { return {}; }
  StoreStatus get(Table table, std::string_view key, std::optional<std::string>& value) const override {
    return inside_.get(table, key, value);
  }
  StoreStatus scan(Table table, std::string_view prefix, std::string_view from, const Visitor& visitor) const override {
    return inside_.scan(table, prefix, from, visitor);
  }
  [[nodiscard]] StoreFigures figures() const override { return inside_.figures(); }
  StoreStatus compact() override { return {}; }
  StoreStatus backup(const std::filesystem::path&) override { return {}; }
  StoreStatus verify() override { return {}; }

 private:
  MemoryStore inside_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = true;         // under mutex_
  bool syncs_held_ = false;  // under mutex_
  std::atomic<bool> held_{false};
  std::atomic<std::size_t> writes_{0};
  std::atomic<std::size_t> syncs_{0};
};

/// What a health tells: "+storage_slow", "-storage_slow", …
class HealthStory {
 public:
  explicit HealthStory(StoreHealth& health) {
    health.on_change([this](StoreTrouble trouble, bool begins, const std::string&) {
      const std::lock_guard guard(mutex_);
      told_.push_back((begins ? "+" : "-") + std::string(trouble_name(trouble)));
    });
  }
  [[nodiscard]] std::vector<std::string> told() const {
    const std::lock_guard guard(mutex_);
    return told_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> told_;
};

/// Remembers its tickets; the store must have what belongs to each when it is told.
class Listener final : public CommitListener {
 public:
  explicit Listener(std::function<void(CommitTicket)> check = {}) : check_(std::move(check)) {}
  void on_committed(CommitTicket ticket) override {
    if (check_) check_(ticket);
    const std::lock_guard guard(mutex_);
    told_.push_back(ticket);
  }
  [[nodiscard]] std::vector<CommitTicket> told() const {
    const std::lock_guard guard(mutex_);
    return told_;
  }
  [[nodiscard]] CommitTicket last() const {
    const std::lock_guard guard(mutex_);
    return told_.empty() ? 0 : told_.back();
  }

 private:
  std::function<void(CommitTicket)> check_;
  mutable std::mutex mutex_;
  std::vector<CommitTicket> told_;
};

inline WriteBatch batch_of(std::string_view key, std::string_view value) {
  WriteBatch batch;
  batch.put(Table::Queues, key, value);
  return batch;
}

inline std::string value_of(const KvStore& store, std::string_view key, Table table = Table::Queues) {
  std::optional<std::string> value;
  EXPECT_TRUE(store.get(table, key, value).ok());
  return value.value_or("");
}

/// Quick enough to fail at every call.
inline CommitSettings quick(SyncPolicy sync = SyncPolicy::Os) {
  CommitSettings settings;
  settings.sync = sync;
  settings.sync_interval = std::chrono::milliseconds(1);
  settings.retry_after = std::chrono::milliseconds(1);
  return settings;
}

}  // namespace sluice::storage
