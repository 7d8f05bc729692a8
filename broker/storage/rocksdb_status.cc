// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/rocksdb_status.h"

#include <string>

#include "broker/storage/system_status.h"

namespace sluice::storage {
namespace {

StoreErrc code_of(const rocksdb::Status& status, std::string_view text) {
  if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kSpaceLimit) return StoreErrc::NoSpace;
  if (status.IsCorruption()) return StoreErrc::Corrupt;
  // A file that the manifest names and that is not there is damage, not a wrong path.
  if (status.IsPathNotFound()) return StoreErrc::Corrupt;
  if (status.IsIOError() && text.find("lock") != std::string_view::npos &&
      text.find("LOCK") != std::string_view::npos) {
    return StoreErrc::Locked;
  }
  if (status.IsIOError()) return system_errc(text);
  if (status.IsNotSupported() || status.IsInvalidArgument()) return StoreErrc::Refused;
  return StoreErrc::Io;
}

}  // namespace

StoreStatus store_status(const rocksdb::Status& status, std::string_view folder) {
  if (status.ok()) return {};
  std::string text = status.ToString();
  const StoreErrc code = code_of(status, text);
  if (text.find(folder) == std::string::npos) text = std::string(folder) + ": " + text;
  if (code == StoreErrc::Corrupt) text += "; restore the store from a backup";
  return {code, std::move(text)};
}

}  // namespace sluice::storage
