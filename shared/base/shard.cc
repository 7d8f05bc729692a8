// SPDX-License-Identifier: Apache-2.0
#include "shared/base/shard.h"

#include <algorithm>
#include <cerrno>
#include <latch>
#include <limits>
#include <sched.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

namespace sluice {
namespace {

thread_local Shard* current_shard = nullptr;

std::size_t usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) == 0) return static_cast<std::size_t>(CPU_COUNT(&set));
  return std::max(1U, std::thread::hardware_concurrency());
}

}  // namespace

TurnEnd::~TurnEnd() {
  if (owner_ != nullptr) owner_->turn_ends_[index_] = nullptr;
}

/// The descriptor through which other threads end the shard's wait. Edge-triggered: each signal() is one event, and
/// nobody has to read the counter back.
class Shard::WakeUp final : public Pollable {
 public:
  explicit WakeUp(Poller& poller) : poller_(poller), fd_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    if (const ErrorCode error = poller_.add(fd_, *this, EPOLLIN | EPOLLET)) throw std::system_error(error);
  }
  ~WakeUp() {
    poller_.remove(fd_, *this);
    ::close(fd_);
  }
  void signal() const {
    const std::uint64_t one = 1;
    // Cannot fail: the counter has room for a signal every nanosecond over 500 years.
    static_cast<void>(::write(fd_, &one, sizeof one));
  }
  void on_ready(std::uint32_t) override {}  // what there is to do waits in the inbox

 private:
  Poller& poller_;
  const int fd_;
};

struct Shard::Reactor {
  explicit Reactor(int poller) : io(1), poller_handle(io, ::dup(poller)), tick(io) {}

  boost::asio::io_context io;
  boost::asio::posix::stream_descriptor poller_handle;
  boost::asio::steady_timer tick;
};

Shard::Shard(ShardGroup& group, std::size_t index)
    : group_(group),
      index_(index),
      wheel_(Clock::now()),
      reactor_(std::make_unique<Reactor>(poller_.native_handle())),
      now_(Clock::now()),
      read_buffer_(new std::byte[kReadBuffer]),
      wake_up_(std::make_unique<WakeUp>(poller_)) {}

Shard::~Shard() { static_cast<void>(discard_inbox()); }

bool Shard::discard_inbox() {
  Batch* batch = inbox_.exchange(nullptr);
  if (batch == nullptr) return false;
  while (batch != nullptr) {
    const std::unique_ptr<Batch> doomed(std::exchange(batch, batch->next));
  }
  return true;
}

Shard* Shard::current() { return current_shard; }

boost::asio::io_context& Shard::io() { return reactor_->io; }

void Shard::Batch::add(InlineTask task, TaskSize size) {
  tasks.push_back(std::move(task));
  largest = std::max(largest, size);
}

void Shard::post(InlineTask task, TaskSize size) {
  if (Shard* const here = current_shard; here != nullptr && &here->group_ == &group_) {
    std::unique_ptr<Batch>& batch = here->outbox_[index_];
    if (!batch) batch = std::make_unique<Batch>();
    batch->add(std::move(task), size);
    return;
  }
  auto batch = std::make_unique<Batch>();
  batch->add(std::move(task), size);
  push(batch.release());
  wake_if_asleep();
}

void Shard::at_turn_end(TurnEnd& work) {
  if (work.owner_ != nullptr) return;
  work.owner_ = this;
  work.index_ = turn_ends_.size();
  turn_ends_.push_back(&work);
}

void Shard::lodge(std::unique_ptr<Lodger> lodger) {
  Lodger* const key = lodger.get();
  lodgers_.emplace(key, std::move(lodger));
}

void Shard::move_out(Lodger& lodger) { lodgers_.erase(&lodger); }

void Shard::push(Batch* batch) {
  batch->next = inbox_.load(std::memory_order_relaxed);
  while (!inbox_.compare_exchange_weak(batch->next, batch)) {
  }
}

void Shard::wake_if_asleep() {
  if (right_.must_wake()) wake_up_->signal();
}

AsioUse::AsioUse(Shard& shard) : shard_(shard) {
  ++shard_.asio_users_;
  shard_.asio_quiet_ = false;
}

AsioUse::~AsioUse() { --shard_.asio_users_; }

void Shard::run() {
  current_shard = this;
  while (!stopping_) {
    wait();
    poller_.dispatch();
    drain_inbox();
    wheel_.advance(now_);
    run_turn_ends();
    send_outboxes();
  }
  lodgers_.clear();
  current_shard = nullptr;
}

void Shard::wait() {
  if (asio_users_ == 0 && !asio_quiet_) quiet_asio();
  if (asio_quiet_) {
    wait_directly();
  } else {
    wait_through_asio();
  }
}

void Shard::wait_directly() {
  sleeps_until_ = wheel_.next_due();
  const int timeout = milliseconds_until(sleeps_until_);
  poller_.begin_wait();
  // Who will not sleep is not lent: its inbox may be long.
  const bool sleeps = timeout != 0 && inbox_.load() == nullptr;
  right_.begin_wait(sleeps ? TurnRight::Lend::Yes : TurnRight::Lend::No);
  const bool work_waits = inbox_.load() != nullptr;
  const std::size_t found = poller_.poll(work_waits ? 0 : timeout);
  right_.end_wait();
  poller_.end_wait(found);
  now_ = Clock::now();
}

void Shard::wait_through_asio() {
  right_.begin_wait(TurnRight::Lend::No);
  run_asio(inbox_.load() != nullptr);
  right_.end_wait();
  if (std::exchange(poller_ready_, false)) poller_.wait(0);
}

void Shard::run_asio(bool work_waits) {
  // It stops by itself whenever nothing was outstanding for a moment, and would then run nothing any more.
  if (reactor_->io.stopped()) reactor_->io.restart();
  arm_poller();
  arm_tick();
  now_ = Clock::now();
  if (work_waits) {
    reactor_->io.poll();
  } else {
    reactor_->io.run_one();
    now_ = Clock::now();
    // Asio's own handlers come in batches; when the poller woke us there is nothing of theirs worth a system call.
    if (!poller_ready_) reactor_->io.poll();
  }
}

void Shard::quiet_asio() {
  reactor_->poller_handle.cancel();
  reactor_->tick.cancel();
  reactor_->io.poll();
  if (!reactor_->io.stopped()) return;  // handlers of streams that are gone still wait for something
  reactor_->io.restart();
  asio_quiet_ = true;
}

int Shard::milliseconds_until(TimePoint due) const {
  if (due == TimePoint::max()) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - now_).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, std::numeric_limits<int>::max()));
}

void Shard::drain_inbox() {
  Batch* newest = inbox_.exchange(nullptr);
  Batch* oldest = nullptr;
  while (newest != nullptr) {
    Batch* const older = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = older;
  }
  while (oldest != nullptr) {
    const std::unique_ptr<Batch> batch(oldest);
    oldest = oldest->next;
    for (InlineTask& task : batch->tasks) task();
  }
}

void Shard::run_turn_ends() {
  for (std::size_t i = 0; i < turn_ends_.size(); ++i) {
    TurnEnd* const work = turn_ends_[i];
    if (work == nullptr) continue;
    work->owner_ = nullptr;
    work->on_turn_end();
  }
  turn_ends_.clear();
}

void Shard::send_outboxes() {
  // Those first for which it is not worth to wait until the sleepers' few tasks are done.
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    if (!outbox_[i] || outbox_[i]->for_sleepers()) continue;
    group_.at(i).push(outbox_[i].release());
    group_.at(i).wake_if_asleep();
  }
  std::size_t left = kMostTasksForSleepers;
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    if (!outbox_[i]) continue;
    Shard& target = group_.at(i);
    const std::size_t tasks = outbox_[i]->tasks.size();
    target.push(outbox_[i].release());
    if (tasks <= left && target.right_.borrow()) {
      left -= tasks;
      target.run_for_sleeper(now_);
      current_shard = this;
    } else {
      target.wake_if_asleep();
    }
  }
}

void Shard::run_for_sleeper(TimePoint now) {
  current_shard = this;
  now_ = std::max(now_, now);
  drain_inbox();
  run_turn_ends();
  for (std::size_t i = 0; i < outbox_.size(); ++i) {
    if (!outbox_[i]) continue;
    group_.at(i).push(outbox_[i].release());
    group_.at(i).wake_if_asleep();
  }
  // What its thread has to see to by itself.
  const bool due = stopping_ || !asio_quiet_ || wheel_.next_due() < sleeps_until_;
  right_.give_back();
  if (due || inbox_.load() != nullptr) wake_if_asleep();
}

void Shard::arm_poller() {
  if (poller_armed_) return;
  poller_armed_ = true;
  reactor_->poller_handle.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                                     [this](const boost::system::error_code& error) {
                                       poller_armed_ = false;
                                       poller_ready_ = !error;
                                     });
}

void Shard::arm_tick() {
  if (tick_armed_) return;
  tick_armed_ = true;
  reactor_->tick.expires_at(now_ + TimingWheel::kTick);
  reactor_->tick.async_wait([this](const boost::system::error_code&) { tick_armed_ = false; });
}

void Shard::stop() { stopping_ = true; }

ShardGroup::ShardGroup(std::size_t count) {
  if (count == 0) count = usable_cores();
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>(*this, i));
  for (const auto& shard : shards_) shard->outbox_.resize(count);
}

ShardGroup::~ShardGroup() { stop(); }

void ShardGroup::start() {
  for (const auto& shard : shards_) threads_.emplace_back([&shard] { shard->run(); });
}

void ShardGroup::stop() {
  if (threads_.empty()) return;
  for (const auto& shard : shards_) shard->post([target = shard.get()] { target->stop(); });
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  // What a destroyed task owned may have posted again.
  const auto discard = [](const std::unique_ptr<Shard>& shard) { return shard->discard_inbox(); };
  while (std::ranges::count_if(shards_, discard) != 0) {
  }
}

void ShardGroup::run_on_all(const std::function<void(Shard&)>& task) {
  std::latch done(static_cast<std::ptrdiff_t>(shards_.size()));
  for (const auto& shard : shards_) {
    shard->post([&task, &done, target = shard.get()] {
      task(*target);
      done.count_down();
    });
  }
  done.wait();
}

}  // namespace sluice
