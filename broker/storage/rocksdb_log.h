// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <rocksdb/env.h>

namespace sluice::storage {

/// Writes RocksDB's warnings and errors to the log of module "storage"; the rest goes nowhere.
std::shared_ptr<rocksdb::Logger> make_rocksdb_logger();

}  // namespace sluice::storage
