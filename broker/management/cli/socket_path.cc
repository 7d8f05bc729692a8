// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/socket_path.h"

#include <system_error>

namespace sluice::ctl {

std::filesystem::path find_socket(std::string_view named, std::string_view environment,
                                  const std::filesystem::path& binary) {
  if (!named.empty()) return named;
  if (!environment.empty()) return environment;
  auto beside = (binary.parent_path() / ".." / ".." / "data" / "sluice.sock").lexically_normal();
  std::error_code ignored;
  if (std::filesystem::is_socket(beside, ignored)) return beside;
  return std::filesystem::path("data") / "sluice.sock";
}

}  // namespace sluice::ctl
