// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/shard_journal.h"

#include <future>
#include <memory>
#include <string>
#include <vector>

#include "tests/unit/commit_log/commit_log_fixture.h"

namespace sluice::storage {
namespace {

using test::eventually;
using test::FaultyStore;

class ShardJournalTest : public testing::Test {
 protected:
  ShardJournalTest() : store_(std::make_unique<MemoryStore>()), log_(store_, health_, quick(), 0), shards_(1) {}
  ~ShardJournalTest() override {
    shards_.stop();
    log_.stop();
  }
  void start() {
    log_.start();
    shards_.start();
  }
  /// Runs `f` in one turn of the shard.
  template <class F>
  void in_turn(F f) {
    shards_.run_on_all([&](Shard&) { f(); });
  }
  bool seen(std::size_t count) {
    return eventually([&] {
      std::size_t size = 0;
      in_turn([&] { size = seen_.size(); });
      return size == count;
    });
  }

  FaultyStore store_;
  StoreHealth health_;
  CommitLog log_;
  ShardGroup shards_;
  ShardJournal journal_{shards_.at(0), log_};
  std::vector<std::string> seen_;  // the shard's
};

TEST_F(ShardJournalTest, TheChangesOfATurnAreOneBatch) {
  start();
  in_turn([&] {
    EXPECT_EQ(journal_.pending(), 0U);
    journal_.changes().put(Table::Queues, "a", "1");
    journal_.changes().put(Table::Queues, "b", "2");
    EXPECT_EQ(journal_.pending(), journal_.ticket());
    journal_.when_committed(journal_.ticket(), [&] { seen_.push_back(value_of(store_, "a") + value_of(store_, "b")); });
    EXPECT_TRUE(seen_.empty());
  });
  ASSERT_TRUE(seen(1));
  in_turn([&] {
    EXPECT_EQ(seen_, std::vector<std::string>{"12"});
    EXPECT_EQ(journal_.ticket(), 2U);
    EXPECT_EQ(journal_.pending(), 0U);
    journal_.when_committed(1, [&] { seen_.emplace_back("at once"); });
    EXPECT_EQ(seen_.back(), "at once");
  });
  EXPECT_EQ(log_.last_batch(), 1U);
}

TEST_F(ShardJournalTest, WhatWaitsRunsInOrderWhicheverWriteFails) {
  constexpr std::size_t kTurns = 6;
  start();
  std::size_t next = 0;
  for (std::size_t calls = 0; calls < kTurns; ++calls) {
    SCOPED_TRACE(calls);
    store_.fail_after(calls, StoreErrc::Io, 1);
    for (std::size_t turn = 0; turn < kTurns; ++turn, ++next) {
      in_turn([&, key = std::to_string(next)] {
        journal_.changes().put(Table::Queues, key, "x");
        for (const char* const part : {"a", "b"}) {
          journal_.when_committed(journal_.ticket(), [this, key, part] {
            EXPECT_EQ(value_of(store_, key), "x");
            seen_.push_back(key + part);
          });
        }
      });
    }
    ASSERT_TRUE(seen(next * 2));
    ASSERT_TRUE(eventually([&] { return health_.good(); }));
  }
  in_turn([&] {
    for (std::size_t i = 0; i < next; ++i) {
      EXPECT_EQ(seen_[2 * i], std::to_string(i) + "a");
      EXPECT_EQ(seen_[2 * i + 1], std::to_string(i) + "b");
    }
    EXPECT_EQ(journal_.waiting(), 0U);
  });
}

TEST_F(ShardJournalTest, NothingLeavesWhileItIsHeld) {
  start();
  in_turn([&] {
    journal_.hold();
    journal_.changes().put(Table::Queues, "a", "1");
    journal_.when_committed(journal_.ticket(), [&] { seen_.push_back(value_of(store_, "a")); });
  });
  ASSERT_TRUE(log_.flush());
  EXPECT_EQ(value_of(store_, "a"), "");
  in_turn([&] {
    EXPECT_TRUE(seen_.empty());
    journal_.changes().put(Table::Queues, "a", "2");
    journal_.release();
  });
  ASSERT_TRUE(seen(1));
  in_turn([&] { EXPECT_EQ(seen_.front(), "2"); });
}

TEST_F(ShardJournalTest, ATouchIsCommittedWithoutAChangeOfItsOwn) {
  start();
  in_turn([&] {
    const CommitTicket ticket = journal_.touch();
    EXPECT_EQ(journal_.pending(), ticket);
    journal_.when_committed(ticket, [&] { seen_.emplace_back("touched"); });
  });
  EXPECT_TRUE(seen(1));
}

}  // namespace
}  // namespace sluice::storage
