// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace sluice::storage {

enum class StoreErrc : std::uint8_t {
  None,
  NoSpace,      ///< the file system is full, or a quota is used up
  ReadOnly,     ///< the file system or a file may not be written to
  Io,           ///< the device failed
  Corrupt,      ///< what was read is not what was written
  Locked,       ///< another process uses the folder
  NewerFormat,  ///< written by a later version
  NotFound,     ///< the folder or a file of it is not there
  Refused,      ///< the request makes no sense: a backup's folder that exists, …
};

/// Success, or what went wrong as a sentence for the operator that names the file.
class [[nodiscard]] StoreStatus {
 public:
  StoreStatus() = default;
  StoreStatus(StoreErrc code, std::string text) : code_(code), text_(std::move(text)) {}

  [[nodiscard]] bool ok() const { return code_ == StoreErrc::None; }
  [[nodiscard]] StoreErrc code() const { return code_; }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  StoreErrc code_ = StoreErrc::None;
  std::string text_;
};

}  // namespace sluice::storage
