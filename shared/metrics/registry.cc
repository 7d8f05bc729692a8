// SPDX-License-Identifier: Apache-2.0
#include "shared/metrics/registry.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>

namespace sluice::metrics {
namespace {

/// One thread's numbers. Only its thread writes, so a plain load and store suffice; readers see whole values.
struct Block {
  std::array<std::atomic<std::int64_t>, kMaxMetrics> values{};
};

struct Entry {
  std::string name;
  std::string doc;
  Kind kind;
};

class Registry {
 public:
  static Registry& instance() {
    static Registry* registry = new Registry;  // outlives every thread that still counts at exit
    return *registry;
  }

  std::uint32_t add(std::string_view name, std::string_view doc, Kind kind) {
    MutexLock lock(mutex_);
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].name == name) return i;
    }
    if (entries_.size() == kMaxMetrics) {
      std::fputs("metrics: more names registered than kMaxMetrics\n", stderr);
      std::abort();
    }
    entries_.push_back({std::string(name), std::string(doc), kind});
    return static_cast<std::uint32_t>(entries_.size() - 1);
  }

  Block& new_block() {
    MutexLock lock(mutex_);
    return *blocks_.emplace_back(std::make_unique<Block>());
  }

  std::int64_t sum(std::uint32_t index) {
    MutexLock lock(mutex_);
    return sum_locked(index);
  }

  std::vector<Sample> read_all() {
    MutexLock lock(mutex_);
    std::vector<Sample> samples;
    samples.reserve(entries_.size());
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      samples.push_back({entries_[i].name, entries_[i].doc, entries_[i].kind, sum_locked(i)});
    }
    return samples;
  }

  std::int64_t read(std::string_view name) {
    MutexLock lock(mutex_);
    for (std::uint32_t i = 0; i < entries_.size(); ++i) {
      if (entries_[i].name == name) return sum_locked(i);
    }
    return 0;
  }

 private:
  std::int64_t sum_locked(std::uint32_t index) REQUIRES(mutex_) {
    std::int64_t total = 0;
    for (const auto& block : blocks_) total += block->values[index].load(std::memory_order_relaxed);
    return total;
  }

  Mutex mutex_;
  std::deque<Entry> entries_ GUARDED_BY(mutex_);  // names must not move: samples point at them
  std::vector<std::unique_ptr<Block>> blocks_ GUARDED_BY(mutex_);
};

thread_local Block* block = nullptr;

void add_to(std::uint32_t index, std::int64_t n) {
  if (block == nullptr) block = &Registry::instance().new_block();
  std::atomic<std::int64_t>& value = block->values[index];
  value.store(value.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace

Counter::Counter(std::string_view name, std::string_view doc)
    : index_(Registry::instance().add(name, doc, Kind::Counter)) {}
void Counter::add(std::uint64_t n) const { add_to(index_, static_cast<std::int64_t>(n)); }
std::uint64_t Counter::value() const { return static_cast<std::uint64_t>(Registry::instance().sum(index_)); }

Gauge::Gauge(std::string_view name, std::string_view doc) : index_(Registry::instance().add(name, doc, Kind::Gauge)) {}
void Gauge::add(std::int64_t n) const { add_to(index_, n); }
std::int64_t Gauge::value() const { return Registry::instance().sum(index_); }

std::vector<Sample> read_all() { return Registry::instance().read_all(); }
std::int64_t read(std::string_view name) { return Registry::instance().read(name); }

}  // namespace sluice::metrics
