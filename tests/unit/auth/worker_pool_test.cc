// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/worker_pool.h"

#include <atomic>
#include <future>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

TEST(WorkerPool, RunsJobsOnAnotherThread) {
  WorkerPool pool({.threads = 2, .queue = 4});
  std::promise<std::thread::id> promise;
  ASSERT_TRUE(pool.reserve());
  pool.run([&] { promise.set_value(std::this_thread::get_id()); });
  EXPECT_NE(promise.get_future().get(), std::this_thread::get_id());
}

TEST(WorkerPool, RefusesMoreThanItsQueueHoldsAndTakesAgainWhenThereIsRoom) {
  std::promise<void> release;
  std::promise<void> done;
  WorkerPool pool({.threads = 1, .queue = 2});
  ASSERT_TRUE(pool.reserve());
  ASSERT_TRUE(pool.reserve());
  EXPECT_FALSE(pool.reserve());
  EXPECT_EQ(pool.busy(), 2U);
  pool.run([gate = release.get_future().share()] { gate.wait(); });
  pool.run([&] { done.set_value(); });
  EXPECT_FALSE(pool.reserve());
  release.set_value();
  done.get_future().wait();  // the first job's place is free by now
  EXPECT_TRUE(pool.reserve());
}

TEST(WorkerPool, DropsWaitingJobsWhenItEnds) {
  const auto held = std::make_shared<int>(0);
  std::atomic<bool> ran = false;
  std::promise<void> release;
  std::promise<void> started;
  std::thread releaser;
  {
    WorkerPool pool({.threads = 1, .queue = 10});
    ASSERT_TRUE(pool.reserve());
    pool.run([&, gate = release.get_future().share()] {
      started.set_value();
      gate.wait();
    });
    started.get_future().wait();
    ASSERT_TRUE(pool.reserve());
    pool.run([held, &ran] { ran = true; });
    EXPECT_EQ(held.use_count(), 2);
    pool.stop();
    release.set_value();
  }
  EXPECT_FALSE(ran);
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace sluice::auth
