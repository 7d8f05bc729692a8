// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

#include "broker/storage/kv_store.h"

namespace sluice::test {

/// A KvStore of which the calls that change something can fail: the n-th from now, and all further ones until recover()
/// succeeds.
/// Thread safety: fail_after() on any thread; the rest as the store inside.
class FaultyStore final : public storage::KvStore {
 public:
  /// What a failing write leaves in the store: the caller cannot know.
  enum class Applied : std::uint8_t { No, Yes };

  explicit FaultyStore(std::unique_ptr<storage::KvStore> store) : store_(std::move(store)) {}

  /// The first `calls` of write and sync succeed, then they fail with `code`; so do the next `recoveries` recover().
  void fail_after(std::size_t calls, storage::StoreErrc code, std::size_t recoveries = 0,
                  Applied applied = Applied::No) {
    code_ = code;
    recoveries_ = recoveries;
    applied_ = applied;
    calls_ = calls;
    armed_ = true;
  }
  [[nodiscard]] storage::KvStore& inside() { return *store_; }

  storage::StoreStatus write(std::span<const storage::WriteBatch* const> batches,
                             storage::Durability durability) override {
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
    return store_->get(table, key, value);
  }
  storage::StoreStatus scan(storage::Table table, std::string_view prefix, std::string_view from,
                            const Visitor& visitor) const override {
    return store_->scan(table, prefix, from, visitor);
  }
  [[nodiscard]] storage::StoreFigures figures() const override { return store_->figures(); }
  storage::StoreStatus compact() override { return store_->compact(); }
  void interrupt() override { store_->interrupt(); }
  storage::StoreStatus backup(const std::filesystem::path& folder) override { return store_->backup(folder); }
  storage::StoreStatus verify() override { return store_->verify(); }

 private:
  bool fails() {
    if (!armed_) return false;
    std::size_t left = calls_;
    while (left != 0 && !calls_.compare_exchange_weak(left, left - 1)) {
    }
    return left == 0;
  }
  storage::StoreStatus failure() const { return {code_, "a fault that a test asked for"}; }

  const std::unique_ptr<storage::KvStore> store_;
  std::atomic<bool> armed_{false};
  std::atomic<std::size_t> calls_{0};
  std::atomic<std::size_t> recoveries_{0};
  std::atomic<storage::StoreErrc> code_{storage::StoreErrc::Io};
  std::atomic<Applied> applied_{Applied::No};
};

}  // namespace sluice::test
