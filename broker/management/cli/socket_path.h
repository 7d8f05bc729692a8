// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace sluice::ctl {

/// Where the server's socket is: `named` if not empty, else `environment` (SLUICE_SOCKET) if not empty, else
/// `<folder of binary>/../../data/sluice.sock` if it is there (the binary in build/bin, the data beside build/), else
/// `data/sluice.sock` in the working folder.
std::filesystem::path find_socket(std::string_view named, std::string_view environment,
                                  const std::filesystem::path& binary);

}  // namespace sluice::ctl
