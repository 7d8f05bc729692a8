// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "broker/storage/store_status.h"

namespace sluice::storage {

/// What an errno means for a store; the text begins with `name`, the file.
StoreStatus system_status(int error, std::string_view name);
/// The same for what only its text tells, as the messages of RocksDB do. Io if it tells nothing.
StoreErrc system_errc(std::string_view text);

}  // namespace sluice::storage
