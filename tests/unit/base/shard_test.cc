// SPDX-License-Identifier: Apache-2.0
#include "shared/base/shard.h"

#include <atomic>
#include <future>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <gtest/gtest.h>

#include "tests/support/eventually.h"

namespace sluice {
namespace {

class Once final : public TurnEnd {
 public:
  std::function<void()> action;

 private:
  void on_turn_end() override { action(); }
};

TEST(Shard, TasksOfOneThreadRunInOrder) {
  ShardGroup shards(2);
  shards.start();
  constexpr int kTasks = 50'000;
  std::promise<std::vector<int>> done;
  // From shard 0 to shard 1, over many turns.
  struct Run {
    std::vector<int> seen;
    int sent = 0;
  } run;
  std::function<void()> burst = [&] {
    for (int i = 0; i < 500; ++i, ++run.sent) {
      shards.at(1).post([&run, n = run.sent] { run.seen.push_back(n); });
    }
    if (run.sent < kTasks) {
      shards.at(0).post([&] { burst(); });
    } else {
      shards.at(1).post([&] { done.set_value(run.seen); });
    }
  };
  shards.at(0).post([&] { burst(); });
  const std::vector<int> seen = done.get_future().get();
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kTasks));
  for (int i = 0; i < kTasks; ++i) ASSERT_EQ(seen[static_cast<std::size_t>(i)], i);
  shards.stop();
}

TEST(Shard, TurnEndRunsOnceAfterTheTurnsTasks) {
  ShardGroup shards(1);
  shards.start();
  std::promise<int> at_end;
  int tasks = 0;
  Once work;
  work.action = [&] { at_end.set_value(tasks); };  // a second call would throw
  shards.run_on_all([&](Shard& shard) {
    shard.at_turn_end(work);
    shard.at_turn_end(work);
    ++tasks;
  });
  EXPECT_EQ(at_end.get_future().get(), 1);
  shards.stop();
}

TEST(Shard, AsioTimersRunWhileAsioIsInUse) {
  ShardGroup shards(1);
  shards.start();
  std::promise<void> fired;
  std::unique_ptr<AsioUse> use;
  std::unique_ptr<boost::asio::steady_timer> timer;
  shards.run_on_all([&](Shard& shard) {
    use = std::make_unique<AsioUse>(shard);
    timer = std::make_unique<boost::asio::steady_timer>(shard.io(), std::chrono::milliseconds(5));
    timer->async_wait([&](const boost::system::error_code&) {
      timer.reset();
      use.reset();
      fired.set_value();
    });
  });
  EXPECT_EQ(fired.get_future().wait_for(std::chrono::seconds(10)), std::future_status::ready);
  // And the shard still answers when Asio is out of use again.
  shards.run_on_all([](Shard&) {});
  shards.stop();
}

class Readable final : public Pollable {
 public:
  Readable() : fd(eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC)) {}
  ~Readable() { close(fd); }
  void signal() const {
    const std::uint64_t one = 1;
    EXPECT_EQ(write(fd, &one, sizeof(one)), static_cast<ssize_t>(sizeof(one)));
  }
  const int fd;
  std::atomic<int> served{0};

 private:
  void on_ready(std::uint32_t /*events*/) override {
    std::uint64_t value = 0;
    EXPECT_EQ(read(fd, &value, sizeof(value)), static_cast<ssize_t>(sizeof(value)));
    ++served;
  }
};

TEST(Shard, LivesOnWhenTickAndPollerAreReadyAtOnceWhileAsioIdles) {
  Readable readable;
  ShardGroup shards(1);
  shards.start();
  std::unique_ptr<AsioUse> use;
  shards.run_on_all([&](Shard& shard) {
    use = std::make_unique<AsioUse>(shard);
    EXPECT_FALSE(shard.poller().add(readable.fd, readable, EPOLLIN));
  });
  for (int round = 0; round < 3; ++round) {
    shards.run_on_all([&](Shard& shard) {
      readable.signal();
      // The tick falls due during this turn; the task that waits makes the next turn serve all that is ready at once.
      shard.post([] {});
      const TimePoint due = Clock::now() + 2 * TimingWheel::kTick;
      while (Clock::now() < due) std::this_thread::yield();
    });
  }
  const int before = readable.served;
  readable.signal();
  EXPECT_TRUE(test::eventually([&] { return readable.served > before; }));
  shards.run_on_all([&](Shard& shard) {
    shard.poller().remove(readable.fd, readable);
    use.reset();
  });
  shards.stop();
}

TEST(Shard, StopDestroysWhatWasPostedInTheLastTurn) {
  const auto watched = std::make_shared<int>(0);
  ShardGroup shards(2);
  // Each turn posts the next one, to both shards: some of it is always under way.
  std::function<void()> again = [&] {
    Shard& other = shards.at(1 - Shard::current()->index());
    other.post([&again, held = watched] { again(); });
  };
  shards.start();
  for (std::size_t i = 0; i < 2; ++i) shards.at(i).post([&again] { again(); });
  shards.run_on_all([](Shard&) {});
  shards.stop();
  EXPECT_EQ(watched.use_count(), 1);
}

TEST(Shard, StopDestroysWhatHasNotRun) {
  const auto watched = std::make_shared<int>(0);
  {
    ShardGroup shards(2);
    shards.at(0).post([watched] {});
  }
  EXPECT_EQ(watched.use_count(), 1);
}

}  // namespace
}  // namespace sluice
