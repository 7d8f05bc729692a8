// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "broker/storage/kv_store.h"

namespace sluice::test {

/// A KvStore of which the calls that change something can fail: the n-th from now, and all further ones until recover()
/// succeeds. Of those that read, one can fail, and the scans of a table, and all writes, can be held up. It may share
/// its store with others: what one leaves is there for the next. Thread safety: faults on any thread; the rest as the
/// store inside.
class FaultyStore final : public storage::KvStore {
 public:
  /// What a failing write leaves in the store: the caller cannot know.
  enum class Applied : std::uint8_t { No, Yes };

  explicit FaultyStore(std::shared_ptr<storage::KvStore> store) : store_(std::move(store)) {}

  /// The first `calls` of write and sync succeed, then they fail with `code`; so do the next `recoveries` recover().
  void fail_after(std::size_t calls, storage::StoreErrc code, std::size_t recoveries = 0,
                  Applied applied = Applied::No) {
    code_ = code;
    recoveries_ = recoveries;
    applied_ = applied;
    calls_ = calls;
    armed_ = true;
  }
  /// The first `reads` of get and scan succeed, the next one fails.
  void fail_read_after(std::size_t reads, storage::StoreErrc code = storage::StoreErrc::Io) {
    read_code_ = code;
    reads_left_ = reads;
    read_armed_ = true;
  }
  /// Every get from the table fails, until heal().
  void fail_gets_of(storage::Table table) { unreadable_ = static_cast<int>(table); }
  /// What figures() say of the store's size.
  void set_disk_bytes(std::uint64_t bytes) { disk_bytes_ = bytes; }
  /// Nothing fails any more.
  void heal() {
    armed_ = false;
    read_armed_ = false;
    unreadable_ = -1;
  }
  /// Scans of the table wait for let_scan().
  void hold_scan(storage::Table table) {
    const std::lock_guard guard(holding_);
    held_.insert(table);
  }
  /// Writes wait for let_writes().
  void hold_writes() {
    const std::lock_guard guard(holding_);
    writes_held_ = true;
  }
  void let_writes() {
    {
      const std::lock_guard guard(holding_);
      writes_held_ = false;
    }
    let_.notify_all();
  }
  void let_scan() {
    {
      const std::lock_guard guard(holding_);
      held_.clear();
    }
    let_.notify_all();
  }
  void let_scan(storage::Table table) {
    {
      const std::lock_guard guard(holding_);
      held_.erase(table);
    }
    let_.notify_all();
  }
  [[nodiscard]] std::size_t changes() const { return changes_; }  ///< calls of write and sync so far
  [[nodiscard]] std::size_t reads() const { return reads_; }      ///< calls of get and scan so far
  [[nodiscard]] storage::KvStore& inside() { return *store_; }

  storage::StoreStatus write(std::span<const storage::WriteBatch* const> batches,
                             storage::Durability durability) override {
    wait_if_writes_are_held();
    if (!fails()) return store_->write(batches, durability);
    if (applied_ == Applied::Yes) static_cast<void>(store_->write(batches, durability));
    return failure();
  }
  storage::StoreStatus sync() override { return fails() ? failure() : store_->sync(); }
  storage::StoreStatus recover() override {
    if (armed_ && recoveries_ != 0) {
      --recoveries_;
      return failure();
    }
    armed_ = false;
    return store_->recover();
  }
  storage::StoreStatus get(storage::Table table, std::string_view key,
                           std::optional<std::string>& value) const override {
    if (read_fails() || unreadable_ == static_cast<int>(table)) return read_failure();
    return store_->get(table, key, value);
  }
  storage::StoreStatus scan(storage::Table table, std::string_view prefix, std::string_view from,
                            const Visitor& visitor) const override {
    if (read_fails()) return read_failure();
    wait_if_held(table);
    return store_->scan(table, prefix, from, visitor);
  }
  [[nodiscard]] storage::StoreFigures figures() const override {
    storage::StoreFigures figures = store_->figures();
    figures.disk_bytes = std::max<std::uint64_t>(figures.disk_bytes, disk_bytes_);
    return figures;
  }
  storage::StoreStatus compact() override { return store_->compact(); }
  void interrupt() override { store_->interrupt(); }
  storage::StoreStatus backup(const std::filesystem::path& folder) override { return store_->backup(folder); }
  storage::StoreStatus verify() override { return store_->verify(); }

 private:
  static bool is_over(std::atomic<std::size_t>& calls) {
    std::size_t left = calls;
    while (left != 0 && !calls.compare_exchange_weak(left, left - 1)) {
    }
    return left == 0;
  }
  bool fails() {
    ++changes_;
    return armed_ && is_over(calls_);
  }
  bool read_fails() const {
    ++reads_;
    return read_armed_ && is_over(reads_left_) && read_armed_.exchange(false);
  }
  storage::StoreStatus read_failure() const { return {read_code_, "a read that a test made fail"}; }
  void wait_if_held(storage::Table table) const {
    std::unique_lock lock(holding_);
    let_.wait(lock, [&] { return !held_.contains(table); });
  }
  void wait_if_writes_are_held() {
    std::unique_lock lock(holding_);
    let_.wait(lock, [&] { return !writes_held_; });
  }
  storage::StoreStatus failure() const { return {code_, "a fault that a test asked for"}; }

  const std::shared_ptr<storage::KvStore> store_;
  mutable std::mutex holding_;
  mutable std::condition_variable let_;
  std::set<storage::Table> held_;  ///< under holding_
  bool writes_held_ = false;       ///< under holding_
  std::atomic<std::size_t> changes_{0};
  mutable std::atomic<std::size_t> reads_{0};
  mutable std::atomic<bool> read_armed_{false};
  mutable std::atomic<std::size_t> reads_left_{0};
  std::atomic<storage::StoreErrc> read_code_{storage::StoreErrc::Io};
  std::atomic<int> unreadable_{-1};  ///< a Table
  std::atomic<std::uint64_t> disk_bytes_{0};
  std::atomic<bool> armed_{false};
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> recoveries_{0};
  std::atomic<storage::StoreErrc> code_{storage::StoreErrc::Io};
  std::atomic<Applied> applied_{Applied::No};
};

}  // namespace sluice::test
