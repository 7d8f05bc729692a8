// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/folders.h"

#include <cerrno>
#include <filesystem>
#include <system_error>
#include <unistd.h>

#include <fmt/format.h>

#include "broker/app/node_config.h"

namespace sluice::app {
namespace {

using std::filesystem::path;

std::error_code last_error() { return {errno, std::generic_category()}; }

/// What keeps this user from making files there; the folder itself may have to be made first.
std::error_code cannot_write_into(path folder) {
  for (;; folder = folder.parent_path()) {
    if (::access(folder.c_str(), F_OK) == 0) {
      if (!std::filesystem::is_directory(folder)) return std::make_error_code(std::errc::not_a_directory);
      return ::access(folder.c_str(), W_OK | X_OK) == 0 ? std::error_code() : last_error();
    }
    const std::error_code error = last_error();
    const bool leads_nowhere = std::filesystem::is_symlink(std::filesystem::symlink_status(folder));
    if (error != std::errc::no_such_file_or_directory || leads_nowhere || folder == folder.parent_path()) return error;
  }
}

std::error_code cannot_write(const path& file) {
  if (std::filesystem::is_directory(file)) return std::make_error_code(std::errc::is_a_directory);
  if (::access(file.c_str(), F_OK) == 0 && ::access(file.c_str(), W_OK) != 0) return last_error();
  return cannot_write_into(file.parent_path());
}

class Places {
 public:
  void add(std::string_view key, const path& place, std::error_code error) {
    if (!error) return;
    problems_.push_back(fmt::format("{}: {}: cannot be written to ({}); check that this user may make files there", key,
                                    place.string(), error.message()));
  }
  void add_file(const Configuration& configuration, const Property<std::string_view>& key) {
    if (const path file = configuration.path(key); !file.empty()) add(key.name, file, cannot_write(file));
  }
  [[nodiscard]] std::vector<std::string> problems() && { return std::move(problems_); }

 private:
  std::vector<std::string> problems_;
};

}  // namespace

std::vector<std::string> unwritable_places(const Configuration& configuration) {
  Places places;
  const path& data = configuration.paths().data_dir;
  places.add(kDataDir.name, data, cannot_write_into(data));
  const auto console = configuration.store().get(kLogConsole);
  if (console == "file" || console == "both") places.add_file(configuration, kLogConsoleFile);
  places.add_file(configuration, kLogInfoFile);
  places.add_file(configuration, kLogErrorFile);
  return std::move(places).problems();
}

}  // namespace sluice::app
