// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/store_health.h"

#include <string_view>

#include "shared/log/log.h"

namespace sluice::storage {
namespace {

std::string_view consequence(StoreTrouble trouble) {
  switch (trouble) {
    case StoreTrouble::Failing:
      return "nothing can be written; it is tried again every second";
    case StoreTrouble::Full:
      return "make room or raise storage.max_bytes";
    case StoreTrouble::Slow:
      return "the disk is slower than what comes in";
  }
  return {};
}

}  // namespace

std::string_view trouble_name(StoreTrouble trouble) {
  switch (trouble) {
    case StoreTrouble::Failing:
      return "storage_failing";
    case StoreTrouble::Full:
      return "storage_full";
    case StoreTrouble::Slow:
      return "storage_slow";
  }
  return {};
}

std::string StoreHealth::why() const {
  const MutexLock lock(mutex_);
  return good() ? std::string() : why_;
}

void StoreHealth::set(StoreTrouble trouble, bool on, const std::string& why) {
  const std::uint8_t mask = bit(trouble);
  const std::uint8_t before = on ? troubles_.fetch_or(mask) : troubles_.fetch_and(static_cast<std::uint8_t>(~mask));
  if (((before & mask) != 0) == on) return;
  if (on) {
    {
      const MutexLock lock(mutex_);
      why_ = why;
    }
    log::get("storage").error(
        "{}: {}: {}; messages for sessions that outlive their connection are refused until it is over",
        trouble_name(trouble), why, consequence(trouble));
  } else {
    log::get("storage").warn("{}: it is over", trouble_name(trouble));
  }
  if (listener_) listener_(trouble, on, why);
}

}  // namespace sluice::storage
