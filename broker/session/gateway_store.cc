// SPDX-License-Identifier: Apache-2.0
#include "broker/session/gateway_store.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "broker/storage/storage_probe.h"
#include "shared/base/thread_annotations.h"

namespace sluice::session {
namespace {

using storage::KvStore;
using storage::StoreReader;
using storage::Table;

using ReadJob = std::function<void(const KvStore&, Shard&)>;

void read_behind_writes(SessionCore& core, Shard& shard, const ReadJob& job);

/// Asks again, after a while.
class ReadLater final : public Lodger, private WheelTimer {
 public:
  ReadLater(SessionCore& core, Shard& shard, ReadJob job) : core_(core), shard_(shard), job_(std::move(job)) {
    shard.wheel().arm(*this, shard.now() + std::chrono::seconds(1));
  }

 private:
  void on_timer(TimePoint) override {
    read_behind_writes(core_, shard_, job_);
    shard_.move_out(*this);
  }

  SessionCore& core_;
  Shard& shard_;
  const ReadJob job_;
};

/// While the store fails it may not have yet what was put, and may still have what that replaces.
void read_behind_writes(SessionCore& core, Shard& shard, const ReadJob& job) {
  core.storage->log().after_writes([&core, &shard, job](bool written) {
    if (written) {
      core.storage->reader().read(StoreReader::Urgency::Client,
                                  [&shard, job](const KvStore& store) { job(store, shard); });
    } else {
      shard.post([&core, &shard, job] { shard.lodge(std::make_unique<ReadLater>(core, shard, job)); });
    }
  });
}

storage::ShardJournal& journal_of(SessionCore& core) {
  return core.contexts[Shard::current()->index()]->records->journal();
}

/// Reads behind what this shard has put, which leaves at the turn's end, or when the sessions of an earlier server are
/// there; and behind what the other shards have submitted.
void read(SessionCore& core, ReadJob job) {
  Shard& shard = *Shard::current();
  storage::ShardJournal& journal = journal_of(core);
  journal.when_committed(journal.pending(),
                         [&core, &shard, job = std::move(job)] { read_behind_writes(core, shard, job); });
}

class DurableGatewayStore final : public GatewayStore {
 public:
  DurableGatewayStore(SessionCore& core, std::string gateway) : core_(core), gateway_(std::move(gateway)) {}

  CommitTicket put(std::string_view key, std::string_view value) override {
    journal().changes().put(Table::Gateways, storage::gateway_key(gateway_, key), value);
    return journal().ticket();
  }
  CommitTicket erase(std::string_view key) override {
    journal().changes().erase(Table::Gateways, storage::gateway_key(gateway_, key));
    return journal().ticket();
  }
  void when_committed(CommitTicket ticket, std::function<void()> done) override {
    journal().when_committed(ticket, [done = std::move(done)] { done(); });
  }
  void get(std::string_view key, std::function<void(Value)> done) override {
    read_gateway_value(core_, storage::gateway_key(gateway_, key), std::move(done));
  }
  void scan(std::string_view prefix, Visitor visitor, End end) override {
    scan_from(storage::gateway_key(gateway_, prefix), {}, std::move(visitor), std::move(end));
  }

 private:
  using Page = std::vector<std::pair<std::string, std::string>>;
  static constexpr std::size_t kPage = 256;

  storage::ShardJournal& journal() { return journal_of(core_); }

  void scan_from(const std::string& prefix, const std::string& from, Visitor visitor, End end) {
    read(core_,
         [this, prefix, from, visitor = std::move(visitor), end = std::move(end)](const KvStore& store, Shard& shard) {
           Page page;
           std::optional<std::string> next;
           const storage::StoreStatus status =
               store.scan(Table::Gateways, prefix, from, [&](std::string_view key, std::string_view value) {
                 if (page.size() == kPage) {
                   next = key;
                   return false;
                 }
                 page.emplace_back(key, value);
                 return true;
               });
           core_.storage->health().note_read(status);
           shard.post([this, prefix, visitor, end, page = std::move(page), next = std::move(next), all = status.ok()] {
             const std::size_t own = storage::gateway_key(gateway_, {}).size();
             for (const auto& [key, value] : page) visitor(std::string_view(key).substr(own), value);
             if (next) {
               scan_from(prefix, *next, visitor, end);
             } else {
               end(all);
             }
           });
         });
  }

  SessionCore& core_;
  const std::string gateway_;
};

/// storage.type = ram.
class MemoryGatewayStore final : public GatewayStore {
 public:
  CommitTicket put(std::string_view key, std::string_view value) override {
    const MutexLock lock(mutex_);
    values_.insert_or_assign(std::string(key), std::string(value));
    return 0;
  }
  CommitTicket erase(std::string_view key) override {
    const MutexLock lock(mutex_);
    if (const auto found = values_.find(key); found != values_.end()) values_.erase(found);
    return 0;
  }
  void when_committed(CommitTicket, std::function<void()> done) override { done(); }
  void get(std::string_view key, std::function<void(Value)> done) override {
    Value value;
    {
      const MutexLock lock(mutex_);
      const auto found = values_.find(key);
      if (found != values_.end()) value = {Value::State::Found, found->second};
    }
    done(value);
  }
  void scan(std::string_view prefix, Visitor visitor, End end) override {
    std::vector<std::pair<std::string, std::string>> found;
    {
      const MutexLock lock(mutex_);
      for (auto at = values_.lower_bound(prefix); at != values_.end() && at->first.starts_with(prefix); ++at) {
        found.emplace_back(*at);
      }
    }
    for (const auto& [key, value] : found) visitor(key, value);
    end(true);
  }

 private:
  Mutex mutex_;
  std::map<std::string, std::string, std::less<>> values_ GUARDED_BY(mutex_);
};

}  // namespace

void read_gateway_value(SessionCore& core, std::string key, std::function<void(GatewayStore::Value)> done) {
  read(core, [key = std::move(key), &health = core.storage->health(), done = std::move(done)](const KvStore& store,
                                                                                              Shard& shard) {
    std::optional<std::string> found;
    const storage::StoreStatus status = store.get(Table::Gateways, key, found);
    health.note_read(status);
    GatewayStore::Value value;
    if (!status.ok()) {
      value.state = GatewayStore::Value::State::Unreadable;
    } else if (found) {
      value = {GatewayStore::Value::State::Found, std::move(*found)};
    }
    shard.post([done, value = std::move(value)] { done(value); });
  });
}

std::unique_ptr<GatewayStore> make_gateway_store(SessionCore& core, std::string gateway) {
  if (core.storage == nullptr) return std::make_unique<MemoryGatewayStore>();
  return std::make_unique<DurableGatewayStore>(core, std::move(gateway));
}

}  // namespace sluice::session
