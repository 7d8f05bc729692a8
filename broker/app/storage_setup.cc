// SPDX-License-Identifier: Apache-2.0
#include "broker/app/storage_setup.h"

#include <stdexcept>

#include <fmt/format.h>

#include "broker/storage/storage_config.h"

namespace sluice::app {
namespace {

storage::SyncPolicy parse_policy(std::string_view text) {
  if (text == "always") return storage::SyncPolicy::Always;
  return text == "os" ? storage::SyncPolicy::Os : storage::SyncPolicy::Interval;
}

}  // namespace

storage::StorageSettings load_storage_settings(const Configuration& configuration) {
  const ConfigStore& config = configuration.store();
  return {.folder = configuration.paths().data_dir / "storage",
          .sync = parse_policy(config.get(storage::kSync)),
          .sync_interval = config.get(storage::kSyncInterval),
          .memory = config.get(storage::kMemory).bytes,
          .max_bytes = config.get(storage::kMaxBytes).bytes,
          .drop_when_full = config.get(storage::kFull) == "drop",
          .accept_log_loss = config.get(storage::kAcceptLogLoss)};
}

std::unique_ptr<storage::Storage> open_storage(const Configuration& configuration) {
  if (configuration.store().get(storage::kType) == "ram") return nullptr;
  storage::StoreStatus status;
  auto opened = storage::Storage::open(load_storage_settings(configuration), status);
  if (opened == nullptr) throw std::runtime_error(fmt::format("storage: {}", status.text()));
  return opened;
}

}  // namespace sluice::app
