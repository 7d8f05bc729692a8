// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/store_health.h"

#include <string_view>

#include "shared/log/log.h"

namespace sluice::storage {
namespace {

std::string_view consequence(StoreTrouble trouble) {
  switch (trouble) {
    case StoreTrouble::Failing:
      return "nothing can be written; it is tried again every second; until then messages for sessions that outlive "
             "their connection are refused, and so are new such sessions";
    case StoreTrouble::Full:
      return "raise storage.max_bytes, make room, or let clients fetch what waits for them; until then storage.full "
             "says what becomes of messages for sessions that outlive their connection";
    case StoreTrouble::Slow:
      return "acknowledgements come late; look at what else uses the device";
    case StoreTrouble::Damaged:
      return "what cannot be read is not delivered, and stays where it is; sluice --check-storage tells what is "
             "damaged; restore the store from a backup";
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
    case StoreTrouble::Damaged:
      return "storage_damaged";
  }
  return {};
}

void StoreHealth::note_read(const StoreStatus& status) {
  if (status.code() == StoreErrc::Corrupt) begin(StoreTrouble::Damaged, status.text());
}

std::string StoreHealth::why() const {
  const MutexLock lock(mutex_);
  return good() ? std::string() : why_;
}

void StoreHealth::set(StoreTrouble trouble, bool on, const std::string& why) {
  const std::uint8_t mask = bit(trouble);
  if (has(trouble) == on) return;
  const MutexLock turn(changing_);
  const std::uint8_t before = on ? troubles_.fetch_or(mask) : troubles_.fetch_and(static_cast<std::uint8_t>(~mask));
  if (((before & mask) != 0) == on) return;
  if (on) {
    {
      const MutexLock lock(mutex_);
      why_ = why;
    }
    log::get("storage").error("{}: {}; {}", trouble_name(trouble), why, consequence(trouble));
  } else {
    log::get("storage").warn("{}: it is over", trouble_name(trouble));
  }
  if (listener_) listener_(trouble, on, why);
}

}  // namespace sluice::storage
