// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/text_file.h"

#include <cerrno>
#include <fstream>
#include <system_error>

#include <fmt/format.h>

namespace sluice::auth {

LoadResult<std::string> read_text_file(const std::filesystem::path& path, std::size_t limit) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) return LoadError{.what = "there is no such file"};
  if (!std::filesystem::is_regular_file(status)) return LoadError{.what = "is not a regular file"};
  std::ifstream in(path, std::ios::binary);
  if (!in) return LoadError{.what = "cannot be opened: " + std::generic_category().message(errno)};
  std::string text(std::filesystem::file_size(path, error), '\0');
  if (error) return LoadError{.what = "cannot be read: " + error.message()};
  if (text.size() > limit) {
    return LoadError{.what = fmt::format("has {} bytes; more than {} are not read", text.size(), limit)};
  }
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (in.bad()) return LoadError{.what = "cannot be read: " + std::generic_category().message(errno)};
  return text;
}

}  // namespace sluice::auth
