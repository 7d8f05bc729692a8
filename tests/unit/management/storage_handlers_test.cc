// SPDX-License-Identifier: Apache-2.0
// The paths of the store, over a store in memory of which the work can be held up.
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/management/api_fixture.h"

namespace sluice::management {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// compact() lasts until it is let go, or interrupted.
class GatedStore final : public storage::KvStore {
 public:
  void let_go() {
    const std::lock_guard guard(mutex_);
    open_ = true;
    changed_.notify_all();
  }

  storage::StoreStatus write(std::span<const storage::WriteBatch* const> batches,
                             storage::Durability durability) override {
    return inside_.write(batches, durability);
  }
  storage::StoreStatus sync() override { return {}; }
  storage::StoreStatus recover() override { return {}; }
  storage::StoreStatus get(storage::Table table, std::string_view key,
                           std::optional<std::string>& value) const override {
    return inside_.get(table, key, value);
  }
  storage::StoreStatus scan(storage::Table table, std::string_view prefix, std::string_view from,
                            const Visitor& visitor) const override {
    return inside_.scan(table, prefix, from, visitor);
  }
  [[nodiscard]] storage::StoreFigures figures() const override { return {.disk_bytes = 1, .memory_bytes = 2}; }
  storage::StoreStatus compact() override {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return open_ || interrupted_; });
    if (interrupted_) return {storage::StoreErrc::Refused, "interrupted"};
    return {};
  }
  void interrupt() override {
    const std::lock_guard guard(mutex_);
    interrupted_ = true;
    changed_.notify_all();
  }
  storage::StoreStatus backup(const std::filesystem::path& folder) override { return inside_.backup(folder); }
  storage::StoreStatus verify() override { return {}; }

 private:
  storage::MemoryStore inside_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool open_ = false;
  bool interrupted_ = false;
};

class StorageHandlersTest : public ApiTest {
 protected:
  StorageHandlersTest() {
    auto store = std::make_unique<GatedStore>();
    gate_ = store.get();
    storage::StoreStatus status;
    storage_ = storage::Storage::take(std::move(store), {.folder = temp_.path() / "storage"}, status);
    storage_->start();
    live_.core().storage = storage_.get();
    jobs_ = std::make_unique<StorageJobs>(storage_.get());
    services_on_disk_ =
        std::make_unique<Services>(Services{deps_, live_.core(), stats_, sys_topics_, *alarms_, *jobs_, Clock::now()});
    router_ = {};
    add_storage_paths(router_, *services_on_disk_);
  }
  ~StorageHandlersTest() override {
    jobs_->stop();
    live_.core().storage = nullptr;
  }

  /// The job that a PUT began, when it is over.
  Json finish(const ApiResponse& begun) {
    const Json job = Json::parse(begun.body)["result"];
    const auto number = job.value("job", std::uint64_t{0});
    const TimePoint end = Clock::now() + std::chrono::seconds(30);
    while (jobs_->find(number)->running) {
      if (Clock::now() > end) {
        ADD_FAILURE() << "the job does not end";
        return {};
      }
      std::this_thread::yield();
    }
    return get("storage/jobs/" + std::to_string(number));
  }
  ApiResponse backup(const std::filesystem::path& folder) {
    return call(Method::Put, "storage/backup", Json{{"folder", folder.string()}}.dump());
  }
  std::string backup_refused(const std::filesystem::path& folder) {
    const ApiResponse answer = backup(folder);
    EXPECT_NE(answer.status, 200U) << answer.body;
    return Json::parse(answer.body).value("message", "");
  }

  test::TempDir temp_;
  GatedStore* gate_ = nullptr;
  std::unique_ptr<storage::Storage> storage_;
  std::unique_ptr<StorageJobs> jobs_;
  std::unique_ptr<Services> services_on_disk_;
};

TEST_F(StorageHandlersTest, Status) {
  const Json status = get("storage");
  EXPECT_THAT(keys(status), ElementsAre("type", "sync", "folder", "health", "disk_bytes", "disk_limit", "memory_bytes",
                                        "memory_limit", "batches", "backlog_bytes", "log_bytes_written",
                                        "flush_bytes_written", "compact_bytes_written"));
  EXPECT_EQ(status["type"], "disc");
  EXPECT_EQ(status["sync"], "interval");
  EXPECT_EQ(status["health"], "good");
  EXPECT_EQ(status["disk_bytes"], 1);
}

TEST_F(StorageHandlersTest, StatusSaysWhatIsWrong) {
  storage_->health().begin(storage::StoreTrouble::Failing, "/s: no space left on device");
  EXPECT_EQ(get("storage")["health"], "storage_failing: /s: no space left on device");
}

TEST_F(StorageHandlersTest, OnePieceOfWorkAtATime) {
  const ApiResponse first = call(Method::Put, "storage/compact");
  ASSERT_EQ(first.status, 200U) << first.body;
  EXPECT_TRUE(get("storage")["last_job"]["running"].get<bool>());
  EXPECT_EQ(refused(Method::Put, "storage/compact"), std::pair(409U, 102));
  EXPECT_THAT(backup_refused(temp_.path() / "b"), HasSubstr("a compaction is under way"));
  gate_->let_go();
  const Json done = finish(first);
  EXPECT_FALSE(done["running"].get<bool>());
  EXPECT_FALSE(done.contains("failure"));
  EXPECT_EQ(done["kind"], "compact");
  EXPECT_EQ(finish(call(Method::Put, "storage/compact"))["job"], 2);
}

TEST_F(StorageHandlersTest, Backup) {
  const Json done = finish(backup(temp_.path() / "b" / ""));
  EXPECT_FALSE(done.contains("failure")) << done;
  EXPECT_EQ(done["folder"], (temp_.path() / "b").string());
  EXPECT_TRUE(std::filesystem::is_directory(temp_.path() / "b"));
}

TEST_F(StorageHandlersTest, ABackupNeedsAFolderThatCanBeMade) {
  EXPECT_EQ(refused(Method::Put, "storage/backup", "folder"), std::pair(400U, 109));
  EXPECT_EQ(refused(Method::Put, "storage/backup", "{}"), std::pair(400U, 107));
  EXPECT_THAT(backup_refused("relative/b"), HasSubstr("absolute"));
  EXPECT_THAT(backup_refused(""), HasSubstr("absolute"));
  EXPECT_THAT(backup_refused(temp_.path()), HasSubstr("exists already"));
  EXPECT_THAT(backup_refused(temp_.path() / "none" / "b"), HasSubstr("none: is no folder"));
  std::ofstream(temp_.path() / "file") << "x";
  EXPECT_THAT(backup_refused(temp_.path() / "file" / "b"), HasSubstr("file: is no folder"));
  std::filesystem::create_directory(temp_.path() / "c.tmp");
  EXPECT_THAT(backup_refused(temp_.path() / "c"), HasSubstr("c.tmp: is in the way"));
  std::filesystem::create_directories(temp_.path() / "storage" / "deeper");
  EXPECT_THAT(backup_refused(temp_.path() / "storage" / "deeper" / "b"), HasSubstr("store's own folder"));
  EXPECT_FALSE(jobs_->last());
}

TEST_F(StorageHandlersTest, ABackupOfAStoreThatFailsIsNone) {
  storage_->health().begin(storage::StoreTrouble::Failing, "/s: input/output error");
  EXPECT_THAT(finish(backup(temp_.path() / "b")).value("failure", ""), HasSubstr("/s: input/output error"));
  EXPECT_FALSE(std::filesystem::exists(temp_.path() / "b"));
}

TEST_F(StorageHandlersTest, JobsThatNobodyKnows) {
  EXPECT_EQ(refused(Method::Get, "storage/jobs/1"), std::pair(404U, 108));
  EXPECT_EQ(refused(Method::Get, "storage/jobs/x"), std::pair(404U, 108));
}

TEST_F(StorageHandlersTest, TheEndOfTheServerEndsTheWork) {
  const ApiResponse begun = call(Method::Put, "storage/compact");
  jobs_->stop();
  EXPECT_EQ(jobs_->last()->failure, "interrupted");
  EXPECT_EQ(call(Method::Put, "storage/compact").status, 409U);
}

TEST_F(ApiTest, InMemoryThereIsNoStore) {
  EXPECT_EQ(get("storage"), Json::parse(R"({"type":"ram"})"));
  for (const char* path : {"storage/compact", "storage/backup"}) {
    const ApiResponse answer = call(Method::Put, path, R"({"folder":"/b"})");
    EXPECT_EQ(answer.status, 422U);
    EXPECT_THAT(answer.body, HasSubstr("storage.type = ram"));
  }
}

}  // namespace
}  // namespace sluice::management
