// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/durable_retained_store.h"

#include <chrono>
#include <cstddef>
#include <utility>

#include <fmt/format.h>

#include "broker/storage/storage_probe.h"
#include "shared/base/clock.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::retainer {
namespace {

constexpr auto kReportEvery = std::chrono::seconds(1);

/// Says now and then how far the reading is: a million messages take their time.
class Progress {
 public:
  void count_one() {
    ++count_;
    if (count_ % 4096 != 0 || Clock::now() - reported_ < kReportEvery) return;
    reported_ = Clock::now();
    log::get("retainer").info("restoring: {} retained messages so far", count_);
  }

 private:
  std::size_t count_ = 0;
  TimePoint reported_ = Clock::now();
};

/// Erased at once.
constexpr std::size_t kPage = 4096;

void erase_page(storage::Storage& storage, const storage::KvStore& store, std::string from, std::size_t erased) {
  storage::WriteBatch batch;
  bool more = false;
  const auto status = store.scan(storage::Table::Retained, {}, from, [&](std::string_view topic, std::string_view) {
    more = batch.count() == kPage;
    if (more) {
      from = topic;
    } else {
      batch.erase(storage::Table::Retained, topic);
    }
    return !more;
  });
  storage.health().note_read(status);
  erased += batch.count();
  if (!batch.empty()) storage.log().submit(std::move(batch), nullptr, 0);
  if (more && status.ok()) {
    storage.reader().read(storage::StoreReader::Urgency::Background,
                          [&storage, from = std::move(from), erased](const storage::KvStore& next) {
                            erase_page(storage, next, from, erased);
                          });
  } else if (erased > 0) {
    log::get("retainer").info("erased {} retained messages of an earlier server: retainer.storage_type = ram", erased);
  }
}

bool is_own(std::string_view topic) { return topic.starts_with("$SYS/"); }

void note_unreadable(storage::StoreHealth& health, std::string_view topic, const ErrorCode& error) {
  storage::probe().unreadable.add();
  health.begin(storage::StoreTrouble::Damaged, fmt::format("the retained message of {}: {}", topic, error.message()));
  static log::RateLimit limit(10);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("retainer")
        .error("a retained message cannot be read: topic={} reason={} ({} like this not shown)", log::loggable(topic),
               error.message(), hushed);
  }
}

}  // namespace

DurableRetainedStore::DurableRetainedStore(storage::Storage& storage) : storage_(storage) {
  storage.log().add_late_changes(*this);
}

void DurableRetainedStore::change(std::string_view topic, Last last) {
  if (is_own(topic)) return;
  bool first = false;
  {
    const MutexLock lock(mutex_);
    first = changed_.empty();
    changed_.insert_or_assign(std::string(topic), std::move(last));
  }
  if (first) storage_.log().submit({}, nullptr, 0);  // nobody else may have anything to write
}

void DurableRetainedStore::put(const MessagePtr& message, UnixMillis expires_at) {
  change(message->topic(), {message, expires_at});
}

void DurableRetainedStore::erase(std::string_view topic) { change(topic, {}); }

void DurableRetainedStore::collect(storage::WriteBatch& batch) {
  boost::unordered_flat_map<std::string, Last> changed;
  {
    const MutexLock lock(mutex_);
    changed.swap(changed_);
  }
  std::string value;
  for (const auto& [topic, last] : changed) {
    if (!last.message) {
      batch.erase(storage::Table::Retained, topic);
      continue;
    }
    storage::encode(storage::RetainedRecord{storage::stored(*last.message), last.expires_at}, value);
    batch.put(storage::Table::Retained, topic, value);
  }
}

void DurableRetainedStore::load(const std::function<void(MessagePtr, UnixMillis)>& visitor) {
  Progress progress;
  load_status_ =
      storage_.store().scan(storage::Table::Retained, {}, {}, [&](std::string_view topic, std::string_view value) {
        const auto record = storage::decode_retained(value);
        if (record) {
          visitor(Message::create(storage::parts_of(record->message)), record->expires_at);
        } else {
          note_unreadable(storage_.health(), topic, record.error());
        }
        progress.count_one();
        return true;
      });
}

void erase_stored(storage::Storage& storage) {
  storage.reader().read(storage::StoreReader::Urgency::Background,
                        [&storage](const storage::KvStore& store) { erase_page(storage, store, {}, 0); });
}

}  // namespace sluice::retainer
