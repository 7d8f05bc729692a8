// SPDX-License-Identifier: Apache-2.0
// A few tasks for a shard that sleeps are run by the thread that has them (docs/adr/0005).
#include <algorithm>
#include <atomic>
#include <functional>
#include <future>
#include <memory>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "shared/base/shard.h"
#include "tests/support/eventually.h"

namespace sluice {
namespace {

class SleepingShardTest : public ::testing::Test {
 protected:
  SleepingShardTest() { shards_.start(); }
  ~SleepingShardTest() override { shards_.stop(); }

  Shard& awake() { return shards_.at(0); }
  Shard& sleeper() { return shards_.at(1); }

  /// Runs `work` as the sleeper's, on the other's thread: tries until it has fallen asleep.
  void run_on_the_others_thread(const std::function<void(Shard&)>& work) {
    std::atomic<bool> done{false};
    ASSERT_TRUE(test::eventually([&] {
      try_once(work, done);
      return done.load();
    }));
  }

 private:
  void try_once(const std::function<void(Shard&)>& work, std::atomic<bool>& done) {
    std::promise<void> over;
    awake().post([&] {
      sleeper().post([&, poster = std::this_thread::get_id()] {
        EXPECT_EQ(Shard::current(), &sleeper());
        if (std::this_thread::get_id() == poster) {
          work(sleeper());
          done = true;
        }
        over.set_value();
      });
    });
    over.get_future().wait();
  }

  ShardGroup shards_{2};
};

TEST_F(SleepingShardTest, AFewTasksRunOnThePostersThread) {
  bool ran = false;
  run_on_the_others_thread([&](Shard&) { ran = true; });
  EXPECT_TRUE(ran);
}

TEST_F(SleepingShardTest, ManyTasksWakeIt) {
  run_on_the_others_thread([](Shard&) {});  // it sleeps now and then: the rounds below would notice
  for (int round = 0; round < 100; ++round) {
    std::promise<bool> own;
    awake().post([&] {
      for (std::size_t i = 0; i < Shard::kMostTasksForSleepers; ++i) sleeper().post([] {});
      sleeper().post([&, poster = std::this_thread::get_id()] { own.set_value(std::this_thread::get_id() != poster); });
    });
    EXPECT_TRUE(own.get_future().get());
  }
}

TEST_F(SleepingShardTest, ALargeTaskWakesIt) {
  run_on_the_others_thread([](Shard&) {});
  for (int round = 0; round < 100; ++round) {
    std::promise<bool> own;
    awake().post([&] {
      sleeper().post([&, poster = std::this_thread::get_id()] { own.set_value(std::this_thread::get_id() != poster); },
                     TaskSize::Large);
    });
    EXPECT_TRUE(own.get_future().get());
  }
}

class Timer final : public WheelTimer {
 public:
  ~Timer() { cancel(); }
  std::promise<std::thread::id> fired;

 private:
  void on_timer(TimePoint) override { fired.set_value(std::this_thread::get_id()); }
};

TEST_F(SleepingShardTest, ATimerThatIsArmedMeanwhileFires) {
  const auto timer = std::make_unique<Timer>();
  run_on_the_others_thread(
      [&](Shard& shard) { shard.wheel().arm(*timer, shard.now() + std::chrono::milliseconds(1)); });
  EXPECT_EQ(timer->fired.get_future().wait_for(test::kPatience), std::future_status::ready);
}

TEST_F(SleepingShardTest, WhatItPostsToItselfAndBackIsRun) {
  std::promise<void> self;
  std::promise<void> back;
  run_on_the_others_thread([&](Shard& shard) {
    shard.post([&] { self.set_value(); });
    awake().post([&] { back.set_value(); });
  });
  EXPECT_EQ(self.get_future().wait_for(test::kPatience), std::future_status::ready);
  EXPECT_EQ(back.get_future().wait_for(test::kPatience), std::future_status::ready);
}

TEST_F(SleepingShardTest, AsioThatIsUsedMeanwhileIsServed) {
  std::promise<void> fired;
  std::unique_ptr<AsioUse> use;
  std::unique_ptr<boost::asio::steady_timer> timer;
  run_on_the_others_thread([&](Shard& shard) {
    use = std::make_unique<AsioUse>(shard);
    timer = std::make_unique<boost::asio::steady_timer>(shard.io(), std::chrono::milliseconds(1));
    timer->async_wait([&](const boost::system::error_code&) {
      timer.reset();
      use.reset();
      fired.set_value();
    });
  });
  EXPECT_EQ(fired.get_future().wait_for(test::kPatience), std::future_status::ready);
}

/// A descriptor that is ready again and again, and counts.
class Bell final : public Pollable {
 public:
  explicit Bell(std::atomic<int>& rung) : fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), rung_(rung) {}
  ~Bell() { ::close(fd_); }
  [[nodiscard]] int fd() const { return fd_; }

 private:
  void on_ready(std::uint32_t /*events*/) override {
    std::uint64_t value = 0;
    if (::read(fd_, &value, sizeof value) == sizeof value) ++rung_;
  }
  const int fd_;
  std::atomic<int>& rung_;
};

void ring(int fd) {
  const std::uint64_t one = 1;
  EXPECT_EQ(::write(fd, &one, sizeof one), static_cast<ssize_t>(sizeof one));
}

TEST_F(SleepingShardTest, WhatIsTakenOutOfThePollerMeanwhileIsNotCalledAnyMore) {
  constexpr int kRounds = 2000;
  std::atomic<int> rung{0};
  std::atomic<int> rounds{0};
  std::unique_ptr<Bell> bell;
  // The one bell wakes the sleeper at the moment at which the other's thread takes it away and hangs up another.
  const std::function<void()> exchange = [&] {
    sleeper().post([&] {
      Shard& shard = sleeper();
      if (bell) shard.poller().remove(bell->fd(), *bell);
      bell = std::make_unique<Bell>(rung);
      EXPECT_FALSE(shard.poller().add(bell->fd(), *bell, EPOLLIN));
      ring(bell->fd());
      if (++rounds < kRounds) awake().post([&] { exchange(); });
    });
  };
  awake().post([&] { exchange(); });
  ASSERT_TRUE(test::eventually([&] { return rounds == kRounds; }));
  EXPECT_TRUE(test::eventually([&] { return rung > 0; }));
  std::promise<void> removed;
  sleeper().post([&] {
    sleeper().poller().remove(bell->fd(), *bell);
    removed.set_value();
  });
  removed.get_future().wait();
}

TEST_F(SleepingShardTest, TasksOfOneThreadRunInOrderWhoeverRunsThem) {
  constexpr int kTasks = 20'000;
  std::vector<int> seen;
  std::promise<void> done;
  const std::function<void(int)> next = [&](int n) {
    // Now few, now many: some turns lend, some wake.
    const int end = std::min(kTasks, n + 1 + n % 7);
    for (int i = n; i < end; ++i) sleeper().post([&, i] { seen.push_back(i); });
    if (end < kTasks) {
      awake().post([&, end] { next(end); });
    } else {
      sleeper().post([&] { done.set_value(); });
    }
  };
  awake().post([&] { next(0); });
  done.get_future().wait();
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kTasks));
  for (int i = 0; i < kTasks; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
}

class Guest final : public Lodger {
 public:
  explicit Guest(std::atomic<int>& gone) : gone_(gone) {}
  ~Guest() override { ++gone_; }

 private:
  std::atomic<int>& gone_;
};

TEST(Shard, LodgersLeaveWhenTheyMoveOutOrTheLoopEnds) {
  std::atomic<int> gone{0};
  ShardGroup shards(1);
  shards.start();
  shards.run_on_all([&](Shard& shard) {
    auto guest = std::make_unique<Guest>(gone);
    Guest& first = *guest;
    shard.lodge(std::move(guest));
    shard.lodge(std::make_unique<Guest>(gone));
    shard.move_out(first);
    EXPECT_EQ(gone, 1);
  });
  shards.stop();
  EXPECT_EQ(gone, 2);
}

}  // namespace
}  // namespace sluice
