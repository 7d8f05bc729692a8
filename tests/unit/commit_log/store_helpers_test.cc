// SPDX-License-Identifier: Apache-2.0
// Small parts of the store: its health, the mark of what was written, counts of shared records.
#include <filesystem>
#include <memory>
#include <vector>

#include "broker/storage/shared_records.h"
#include "broker/storage/storage.h"
#include "broker/storage/written_mark.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/commit_log/commit_log_fixture.h"

namespace sluice::storage {
namespace {

TEST(StoreHealth, EachTroubleBeginsAndEndsOnce) {
  StoreHealth health;
  const HealthStory story(health);
  health.end(StoreTrouble::Full);
  health.begin(StoreTrouble::Full, "first");
  health.begin(StoreTrouble::Full, "again");
  health.begin(StoreTrouble::Slow, "second");
  EXPECT_EQ(health.why(), "second");
  health.end(StoreTrouble::Full);
  health.end(StoreTrouble::Full);
  EXPECT_FALSE(health.good());
  health.end(StoreTrouble::Slow);
  EXPECT_TRUE(health.good());
  EXPECT_EQ(health.why(), "");
  EXPECT_EQ(story.told(),
            (std::vector<std::string>{"+storage_full", "+storage_slow", "-storage_full", "-storage_slow"}));
}

std::unique_ptr<Storage> storage_with(bool drop) {
  StoreStatus status;
  StorageSettings settings;
  settings.drop_when_full = drop;
  return Storage::take(std::make_unique<MemoryStore>(), settings, status);
}

TEST(Storage, WhatIsTakenInWhichTrouble) {
  for (const bool drop : {false, true}) {
    SCOPED_TRACE(drop);
    const auto storage = storage_with(drop);
    StoreHealth& health = storage->health();
    EXPECT_TRUE(storage->takes_messages() && storage->takes_sessions() && storage->takes_additions());
    health.begin(StoreTrouble::Slow, "");
    EXPECT_TRUE(storage->takes_messages() && storage->takes_sessions() && storage->takes_additions());
    health.begin(StoreTrouble::Full, "");
    EXPECT_FALSE(storage->takes_messages() || storage->takes_additions());
    EXPECT_EQ(storage->drops_messages(), drop);
    EXPECT_EQ(storage->takes_sessions(), drop);
    EXPECT_TRUE(storage->takes_changes());
    health.begin(StoreTrouble::Failing, "");
    EXPECT_FALSE(storage->takes_messages() || storage->drops_messages() || storage->takes_sessions());
    health.end(StoreTrouble::Full);
    EXPECT_FALSE(storage->takes_messages() || storage->drops_messages() || storage->takes_sessions());
    EXPECT_TRUE(storage->takes_additions());
  }
}

TEST(WrittenMark, SurvivesItsProcess) {
  const test::TempDir folder;
  const std::filesystem::path file = folder.path() / "WRITTEN";
  {
    WrittenMark mark(file);
    EXPECT_EQ(mark.read(), 0U);
    mark.write(41);
    mark.write(42);
    EXPECT_EQ(WrittenMark(file).read(), 42U);
  }
  EXPECT_EQ(std::filesystem::file_size(file), 8U);
}

TEST(WrittenMark, AFileThatCannotBeHadIsDoneWithout) {
  WrittenMark nowhere("/nonexistent/WRITTEN");
  nowhere.write(1);
  EXPECT_EQ(nowhere.read(), 0U);
  WrittenMark none({});
  none.write(1);
  EXPECT_EQ(none.read(), 0U);
}

TEST(SharedRecords, TheLastQueueErases) {
  SharedRecords records;
  records.add(7, 3);
  EXPECT_FALSE(records.release(7));
  EXPECT_FALSE(records.release(7));
  EXPECT_TRUE(records.known(7));
  EXPECT_TRUE(records.release(7));
  EXPECT_FALSE(records.known(7));
  EXPECT_FALSE(records.release(7)) << "nobody's";
}

TEST(SharedRecords, WhileQueuesAreReadNoneIsTheLast) {
  SharedRecords records;
  records.begin_restore();
  records.add(7, 1);
  records.add(8, 1);
  EXPECT_FALSE(records.release(7)) << "another queue may still be to come";
  EXPECT_FALSE(records.release(8));
  records.add(8, 1);
  EXPECT_EQ(records.end_restore(), std::vector<MessageId>{7});
  EXPECT_TRUE(records.release(8));
}

}  // namespace
}  // namespace sluice::storage
