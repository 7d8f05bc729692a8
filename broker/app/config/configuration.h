// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "broker/app/config/loaded_plugins.h"
#include "broker/app/config/options.h"
#include "broker/app/config/paths.h"
#include "shared/config/store.h"
#include "shared/log/log.h"

namespace sluice::app {

/// What of a running server's configuration a reload has to know.
struct RunningFolders {
  Paths paths;                           ///< stay until the next start
  std::filesystem::path plugins_folder;  ///< whose files are in force; empty: there was none
};

/// Everything the server is told at start or on SIGHUP: the configuration file, the plug-ins' files beside it, the
/// environment and -o, in this order of precedence, with paths made absolute.
/// Lifetime: built as a whole, then constant. Thread safety: const access from any thread.
class Configuration {
 public:
  /// Never fails: what is wrong is in problems(). `running`: nullptr at a start.
  Configuration(const Options& options, const char* const* environment, const RunningFolders* running = nullptr);

  [[nodiscard]] const ConfigStore& store() const { return store_; }
  [[nodiscard]] const Paths& paths() const { return paths_; }
  [[nodiscard]] const LoadedPlugins& plugins() const { return plugins_; }
  [[nodiscard]] RunningFolders folders() const { return {paths_, plugins_folder_}; }

  /// The file or folder that a text property names, absolute; empty if the value is.
  [[nodiscard]] std::filesystem::path path(const Property<std::string_view>& property,
                                           std::initializer_list<std::string_view> placeholders = {}) const {
    return paths_.resolve(store_.get(property, placeholders));
  }

  /// Nothing may run with a configuration that has problems.
  [[nodiscard]] const std::vector<ConfigProblem>& problems() const { return problems_; }
  /// Lines to log at start: keys without an effect (one line), zeros that are bounded, files that were not read.
  [[nodiscard]] const std::vector<std::string>& notices() const { return notices_; }

 private:
  static Paths find_paths(const Options& options, const ConfigStore& store);
  void load_layers(const Options& options, const char* const* environment, const RunningFolders* running);
  /// What keeps the folder from being read.
  std::error_code load_plugin_files(const std::filesystem::path& folder);
  void note_plugins_folder(const std::filesystem::path& folder, std::error_code error, const RunningFolders* running);
  void collect_notices();

  ConfigStore store_;
  Paths paths_;
  LoadedPlugins plugins_;
  std::filesystem::path plugins_folder_;
  std::vector<ConfigProblem> problems_;
  std::vector<std::string> notices_;
};

/// The `log.*` keys.
log::Settings log_settings(const Configuration& configuration);

}  // namespace sluice::app
