// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/store_reader.h"

#include <utility>

namespace sluice::storage {

void StoreReader::start() {
  thread_ = std::thread([this] { run(); });
}

void StoreReader::stop() {
  {
    const std::lock_guard guard(mutex_);
    stopping_ = true;
  }
  work_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void StoreReader::read(Urgency urgency, Job job) {
  {
    const std::lock_guard guard(mutex_);
    jobs_[static_cast<std::size_t>(urgency)].push_back(std::move(job));
  }
  work_.notify_one();
}

void StoreReader::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [this] { return stopping_ || !jobs_[0].empty() || !jobs_[1].empty(); });
    if (stopping_) return;
    std::deque<Job>& jobs = jobs_[0].empty() ? jobs_[1] : jobs_[0];
    const Job job = std::move(jobs.front());
    jobs.pop_front();
    lock.unlock();
    job(store_);
    lock.lock();
  }
}

}  // namespace sluice::storage
