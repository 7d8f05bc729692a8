// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "broker/app/config/configuration.h"
#include "broker/storage/storage.h"

namespace sluice::app {

/// `storage.*` as values.
storage::StorageSettings load_storage_settings(const Configuration& configuration);

/// The store in <node.data_dir>/storage; null with storage.type = ram. Throws std::runtime_error with a sentence that
/// names the folder or file, and what to do.
std::unique_ptr<storage::Storage> open_storage(const Configuration& configuration);

}  // namespace sluice::app
