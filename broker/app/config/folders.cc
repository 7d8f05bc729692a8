// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/folders.h"

#include <cerrno>
#include <filesystem>
#include <map>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "broker/app/node_config.h"

namespace sluice::app {
namespace {

/// What keeps this user from making files there; the folder itself may have to be made first.
std::error_code cannot_write(std::filesystem::path folder) {
  while (true) {
    if (::access(folder.c_str(), F_OK) == 0) {
      if (!std::filesystem::is_directory(folder)) return std::make_error_code(std::errc::not_a_directory);
      if (::access(folder.c_str(), W_OK | X_OK) == 0) return {};
      return {errno, std::generic_category()};
    }
    if (errno != ENOENT || folder == folder.parent_path()) return {errno, std::generic_category()};
    folder = folder.parent_path();
  }
}

/// By folder, the key that it comes from.
std::map<std::filesystem::path, std::string_view> folders_of(const Configuration& configuration) {
  std::map<std::filesystem::path, std::string_view> folders{{configuration.paths().data_dir, kDataDir.name}};
  const auto add_file = [&](const Property<std::string_view>& key) {
    if (const auto file = configuration.path(key); !file.empty()) folders.emplace(file.parent_path(), key.name);
  };
  const auto console = configuration.store().get(kLogConsole);
  if (console == "file" || console == "both") add_file(kLogConsoleFile);
  add_file(kLogInfoFile);
  add_file(kLogErrorFile);
  return folders;
}

}  // namespace

std::vector<std::string> unwritable_folders(const Configuration& configuration) {
  std::vector<std::string> problems;
  for (const auto& [folder, key] : folders_of(configuration)) {
    if (const std::error_code error = cannot_write(folder)) {
      problems.push_back(fmt::format("{}: {}: cannot be written to ({}); check that this user may make files there",
                                     key, folder.string(), error.message()));
    }
  }
  return problems;
}

}  // namespace sluice::app
