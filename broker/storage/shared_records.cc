// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/shared_records.h"

namespace sluice::storage {

void SharedRecords::add(MessageId id, std::size_t queues) {
  Part& part = part_of(id);
  const MutexLock lock(part.mutex);
  part.counts[id] += static_cast<std::int64_t>(queues);
}

bool SharedRecords::release(MessageId id) {
  Part& part = part_of(id);
  const MutexLock lock(part.mutex);
  const auto found = part.counts.find(id);
  if (found == part.counts.end()) return false;
  if (--found->second > 0 || part.restoring) return false;
  part.counts.erase(found);
  return true;
}

bool SharedRecords::known(MessageId id) const {
  const Part& part = part_of(id);
  const MutexLock lock(part.mutex);
  return part.counts.contains(id);
}

void SharedRecords::change_mode(bool restoring) {
  for (Part& part : parts_) {
    const MutexLock lock(part.mutex);
    part.restoring = restoring;
  }
}

std::vector<MessageId> SharedRecords::end_restore() {
  std::vector<MessageId> unused;
  for (Part& part : parts_) {
    const MutexLock lock(part.mutex);
    part.restoring = false;
    boost::unordered::erase_if(part.counts, [&](const auto& item) {
      if (item.second <= 0) unused.push_back(item.first);
      return item.second <= 0;
    });
  }
  return unused;
}

}  // namespace sluice::storage
