// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string_view>

namespace sluice::app {

/// Where relative paths of the configuration lead. All members are absolute.
struct Paths {
  std::filesystem::path root;  ///< the folder above the file's etc/ (the file's own folder if it is not named etc)
  std::filesystem::path etc_dir;
  std::filesystem::path data_dir;
  std::filesystem::path log_dir;

  /// Where sluicectl finds the server.
  [[nodiscard]] std::filesystem::path control_socket() const { return data_dir / "sluice.sock"; }

  /// For a configuration file before its keys are known: etc_dir is its folder, the others lie under root.
  static Paths around(const std::filesystem::path& file);

  /// A leading etc/, data/ or log/ (also `{{ platform_etc_dir }}` and its like) stands for the folder of that name;
  /// other relative paths start at root. An empty text stays empty.
  [[nodiscard]] std::filesystem::path resolve(std::string_view text) const;
  /// The same without the folders' names: for the values of node.data_dir, node.etc_dir and log.dir themselves.
  [[nodiscard]] std::filesystem::path under_root(std::string_view text) const;
};

}  // namespace sluice::app
