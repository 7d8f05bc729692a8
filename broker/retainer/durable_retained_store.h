// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/retainer/retained_store.h"
#include "broker/storage/storage.h"
#include "shared/base/thread_annotations.h"

namespace sluice::retainer {

/// `retainer.storage_type = disc`: retained messages in the store. A topic that changes often is written as often as
/// the store writes, with its last message. What the broker says of itself (`$SYS/…`) is not kept. Owner: the app.
/// Thread safety: any thread.
class DurableRetainedStore final : public RetainedStore, private storage::LateChanges {
 public:
  /// Before the storage starts.
  explicit DurableRetainedStore(storage::Storage& storage);

  void put(const MessagePtr& message, UnixMillis expires_at) override;
  void erase(std::string_view topic) override;
  [[nodiscard]] bool durable() const override { return true; }
  /// A record that cannot be read is logged and passed over.
  void load(const std::function<void(MessagePtr, UnixMillis expires_at)>& visitor) override;
  [[nodiscard]] std::string load_problem() const override { return load_status_.text(); }

 private:
  struct Last {
    MessagePtr message;  ///< null: erased
    UnixMillis expires_at = 0;
  };

  void collect(storage::WriteBatch& batch) override;
  void change(std::string_view topic, Last last);

  storage::Storage& storage_;
  storage::StoreStatus load_status_;
  Mutex mutex_;
  boost::unordered_flat_map<std::string, Last> changed_ GUARDED_BY(mutex_);
};

/// `retainer.storage_type = ram`: erases what an earlier server kept, page by page, so that it does not come back when
/// the setting does. The storage has started. Any thread.
void erase_stored(storage::Storage& storage);

}  // namespace sluice::retainer
