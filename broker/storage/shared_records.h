// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/storage/record_format.h"
#include "shared/base/thread_annotations.h"

namespace sluice::storage {

/// How many queues refer to each message that several of them share, so that its record goes with the last one.
/// After a start the counts are made anew while the queues are read (begin_restore to end_restore): meanwhile no record
/// is the last one's to erase, because another queue may still be to come.
/// Thread safety: any thread.
class SharedRecords {
 public:
  void add(MessageId id, std::size_t queues);
  /// One queue less refers to it, and what says so has been submitted: another shard that is the last may erase it
  /// then. True: it was the last; the record is the caller's to erase.
  bool release(MessageId id);

  void begin_restore() { change_mode(true); }
  /// Every queue has been read. Returns the messages that nobody refers to any more.
  std::vector<MessageId> end_restore();
  [[nodiscard]] bool known(MessageId id) const;

 private:
  static constexpr std::size_t kParts = 16;
  struct Part {
    mutable Mutex mutex;
    boost::unordered_flat_map<MessageId, std::int64_t> counts GUARDED_BY(mutex);
    bool restoring GUARDED_BY(mutex) = false;
  };

  void change_mode(bool restoring);
  [[nodiscard]] Part& part_of(MessageId id) { return parts_[id % kParts]; }
  [[nodiscard]] const Part& part_of(MessageId id) const { return parts_[id % kParts]; }

  std::array<Part, kParts> parts_;
};

}  // namespace sluice::storage
