// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/worker_pool.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

#include "shared/log/log.h"

namespace sluice::auth {

class WorkerPool::Impl {
 public:
  explicit Impl(const Settings& settings)
      : limit_(settings.queue), threads_(std::max(settings.threads, std::uint32_t{1})) {}
  ~Impl() {
    threads_.stop();
    threads_.join();
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  bool reserve() {
    if (taken_.fetch_add(1, std::memory_order_relaxed) < limit_) return true;
    taken_.fetch_sub(1, std::memory_order_relaxed);
    static log::RateLimit rate(1);
    if (const auto hushed = rate.admit(); hushed >= 0) {
      log::get("auth").warn(
          "clients refused: {} already wait for a slow password check; raise auth.worker_threads, or "
          "auth.worker_queue, "
          "or choose a cheaper password_hash ({} like this not shown)",
          limit_, hushed);
    }
    return false;
  }

  void run(InlineTask job) {
    boost::asio::post(threads_, [place = Place(taken_), job = std::move(job)]() mutable { job(); });
  }

  void stop() { threads_.stop(); }
  [[nodiscard]] std::size_t busy() const { return taken_.load(std::memory_order_relaxed); }

 private:
  /// Frees a reserved place when its job is done or dropped.
  class Place {
   public:
    explicit Place(std::atomic<std::size_t>& taken) : taken_(&taken) {}
    Place(Place&& other) noexcept : taken_(std::exchange(other.taken_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
      if (taken_ != nullptr) taken_->fetch_sub(1, std::memory_order_relaxed);
    }

   private:
    std::atomic<std::size_t>* taken_;
  };

  const std::size_t limit_;
  std::atomic<std::size_t> taken_{0};
  boost::asio::thread_pool threads_;
};

WorkerPool::WorkerPool(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}
WorkerPool::~WorkerPool() = default;
bool WorkerPool::reserve() { return impl_->reserve(); }
void WorkerPool::run(InlineTask job) { impl_->run(std::move(job)); }
void WorkerPool::stop() { impl_->stop(); }
std::size_t WorkerPool::busy() const { return impl_->busy(); }

}  // namespace sluice::auth
