// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>

#include "broker/auth/load_error.h"

namespace sluice::auth {

/// The content of a regular file of at most `limit` bytes.
[[nodiscard]] LoadResult<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit);

}  // namespace sluice::auth
