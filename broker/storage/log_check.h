// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "broker/storage/store_status.h"

namespace sluice::storage {

/// What the write-ahead logs of a store look like before it is opened.
struct LogCheck {
  struct Cut {
    std::filesystem::path log;
    std::uint64_t length;  ///< what may stay
  };
  std::vector<Cut> cuts;
  std::uint64_t dropped_bytes = 0;
  std::uint64_t dropped_writes = 0;
};

/// Reads all logs of the folder. A torn end becomes a cut: the process was killed while it wrote, or power was cut
/// before what was written last had reached the device. Anything else that cannot be read is Corrupt, unless
/// `accept_loss`: then all logs end there.
/// Requires: no database is open in the folder.
StoreStatus check_logs(const std::filesystem::path& folder, bool accept_loss, LogCheck& check);
/// Makes the cuts, on the device.
StoreStatus cut_logs(const LogCheck& check);

}  // namespace sluice::storage
