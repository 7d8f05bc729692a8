// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/space_watch.h"

#include <vector>

#include "tests/unit/commit_log/commit_log_fixture.h"

namespace sluice::storage {
namespace {

constexpr std::uint64_t kGiga = std::uint64_t{1} << 30;
constexpr std::uint64_t kMega = std::uint64_t{1} << 20;

/// A store of a size that the test sets; compacting it halves it.
class SizedStore final : public KvStore {
 public:
  std::atomic<std::uint64_t> bytes{0};
  std::atomic<int> compactions{0};

  StoreStatus write(std::span<const WriteBatch* const>, Durability) override { return {}; }
  StoreStatus sync() override { return {}; }
  StoreStatus recover() override { return {}; }
  StoreStatus get(Table, std::string_view, std::optional<std::string>&) const override { return {}; }
  StoreStatus scan(Table, std::string_view, std::string_view, const Visitor&) const override { return {}; }
  [[nodiscard]] StoreFigures figures() const override {
    StoreFigures figures;
    figures.disk_bytes = bytes;
    return figures;
  }
  StoreStatus compact() override {
    ++compactions;
    bytes = bytes / 2;
    return {};
  }
  StoreStatus backup(const std::filesystem::path&) override { return {}; }
  StoreStatus verify() override { return {}; }
};

class SpaceWatchTest : public testing::Test {
 protected:
  SpaceSettings settings(std::uint64_t max_bytes) {
    return {.folder = "/folder", .max_bytes = max_bytes, .measure = [this](FileSystemSpace& space) {
              space = space_;
              return measurable_;
            }};
  }
  bool full(SpaceWatch& watch) {
    watch.look();
    return health_.has(StoreTrouble::Full);
  }

  SizedStore store_;
  StoreHealth health_;
  HealthStory story_{health_};
  FileSystemSpace space_{100 * kGiga, 100 * kGiga};
  bool measurable_ = true;
};

TEST_F(SpaceWatchTest, FullBeginsAtTheLimitAndEndsBelowIt) {
  SpaceWatch watch(store_, health_, settings(1000));
  for (const auto& [bytes, expected] : std::vector<std::pair<std::uint64_t, bool>>{{0, false},
                                                                                   {999, false},
                                                                                   {1000, true},
                                                                                   {999, true},
                                                                                   {950, true},
                                                                                   {949, false},
                                                                                   {999, false},
                                                                                   {5000, true}}) {
    store_.bytes = bytes;
    EXPECT_EQ(full(watch), expected) << bytes;
  }
  EXPECT_EQ(story_.told(), (std::vector<std::string>{"+storage_full", "-storage_full", "+storage_full"}));
  EXPECT_EQ(health_.why(), "/folder: the store takes 5000 bytes, 1000 may it take");
}

TEST_F(SpaceWatchTest, WithoutALimitItIsMostOfTheFileSystem) {
  SpaceWatch watch(store_, health_, settings(0));
  store_.bytes = 90 * kGiga - 1;
  EXPECT_FALSE(full(watch));
  store_.bytes = 90 * kGiga;
  EXPECT_TRUE(full(watch));
}

TEST_F(SpaceWatchTest, WhatOthersTakeOfTheFileSystemCounts) {
  SpaceWatch watch(store_, health_, settings(50 * kGiga));
  space_.available = SpaceWatch::kReserve;
  EXPECT_FALSE(full(watch));
  space_.available = SpaceWatch::kReserve - 1;
  EXPECT_TRUE(full(watch));
  space_.available = SpaceWatch::kReserve + kMega;
  EXPECT_TRUE(full(watch));
  space_.available = 2 * SpaceWatch::kReserve;
  EXPECT_FALSE(full(watch));
  space_ = {100 * kMega, 10 * kMega};  // a small one: a tenth
  EXPECT_FALSE(full(watch));
  space_.available = 9 * kMega;
  EXPECT_TRUE(full(watch));
}

TEST_F(SpaceWatchTest, AFileSystemThatSaysNothingDoesNotCount) {
  measurable_ = false;
  store_.bytes = 100 * kGiga;
  SpaceWatch unlimited(store_, health_, settings(0));
  EXPECT_FALSE(full(unlimited));
  SpaceWatch limited(store_, health_, settings(kGiga));
  EXPECT_TRUE(full(limited));
}

TEST_F(SpaceWatchTest, AFullStoreIsCompactedAndLookedAtAgain) {
  SpaceWatch watch(store_, health_, settings(1000));
  store_.bytes = 1200;
  std::atomic<int> ticks{0};
  watch.start([&] { ++ticks; });
  EXPECT_TRUE(test::eventually([&] { return story_.told().size() == 2; }));
  EXPECT_EQ(store_.compactions, 1);
  EXPECT_GE(ticks, 2);
}

TEST_F(SpaceWatchTest, ACompactionThatHasNoRoomIsNotBegun) {
  SpaceWatch watch(store_, health_, settings(1000));
  store_.bytes = 1200;
  space_ = {10'000, 1'200};
  std::atomic<int> ticks{0};
  watch.start([&] { ++ticks; });
  EXPECT_TRUE(test::eventually([&] { return ticks >= 3; }));
  watch.stop();
  EXPECT_EQ(store_.compactions, 0);
  EXPECT_TRUE(health_.has(StoreTrouble::Full));
}

}  // namespace
}  // namespace sluice::storage
