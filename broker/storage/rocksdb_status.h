// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <rocksdb/status.h>
#include <string_view>

#include "broker/storage/store_status.h"

namespace sluice::storage {

/// What a status of RocksDB means for a store. `folder` goes before the text where the text names no file.
StoreStatus store_status(const rocksdb::Status& status, std::string_view folder);

}  // namespace sluice::storage
