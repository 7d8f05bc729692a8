// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/system_status.h"

#include <cerrno>
#include <string>
#include <system_error>

namespace sluice::storage {
namespace {

struct Meaning {
  int error;
  StoreErrc code;
};
constexpr Meaning kMeanings[] = {{ENOSPC, StoreErrc::NoSpace},  {EDQUOT, StoreErrc::NoSpace},
                                 {EFBIG, StoreErrc::NoSpace},   {EROFS, StoreErrc::ReadOnly},
                                 {EACCES, StoreErrc::ReadOnly}, {EPERM, StoreErrc::ReadOnly},
                                 {ENOENT, StoreErrc::NotFound}, {ENOTDIR, StoreErrc::NotFound}};

std::string message(int error) { return std::generic_category().message(error); }

}  // namespace

StoreStatus system_status(int error, std::string_view name) {
  for (const Meaning& meaning : kMeanings) {
    if (meaning.error == error) return {meaning.code, std::string(name) + ": " + message(error)};
  }
  return {StoreErrc::Io, std::string(name) + ": " + message(error)};
}

StoreErrc system_errc(std::string_view text) {
  for (const Meaning& meaning : kMeanings) {
    if (text.find(message(meaning.error)) != std::string_view::npos) return meaning.code;
  }
  return StoreErrc::Io;
}

}  // namespace sluice::storage
