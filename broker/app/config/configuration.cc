// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/configuration.h"

#include <algorithm>
#include <set>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "broker/app/config/cross_check.h"
#include "broker/app/config/listener_notices.h"
#include "broker/app/config/tables.h"
#include "broker/app/node_config.h"

namespace sluice::app {
namespace {

constexpr auto kUnreadable = "cannot be read; check that this user may read it";

void load_later_layers(ConfigStore& store, const Options& options, const char* const* environment) {
  store.load_environment(environment);
  for (const auto& assignment : options.overrides) store.override_with(assignment);
}

}  // namespace

Configuration::Configuration(const Options& options, const char* const* environment, const RunningFolders* running)
    : store_(property_tables()) {
  load_layers(options, environment, running);
  paths_ = running != nullptr ? running->paths : find_paths(options, store_);
  plugins_ = read_loaded_plugins(path(kPluginsLoadedFile));
  if (!plugins_.readable) problems_.push_back({path(kPluginsLoadedFile).string(), {}, kUnreadable});
  for (const ConfigProblem& problem : store_.problems()) problems_.push_back(problem);
  if (store_.problems().empty()) {
    for (ConfigProblem& problem : cross_check(store_)) problems_.push_back(std::move(problem));
  }
  collect_notices();
}

void Configuration::load_layers(const Options& options, const char* const* environment, const RunningFolders* running) {
  // Where the plug-ins' files lie may be said by a later layer: look at all of them first.
  ConfigStore first_look(property_tables());
  first_look.load_file(options.file);
  load_later_layers(first_look, options, environment);
  const Paths paths = running != nullptr ? running->paths : find_paths(options, first_look);
  const auto plugins_dir = paths.resolve(first_look.get(kPluginsEtcDir));

  store_.load_file(options.file);
  note_plugins_folder(plugins_dir, load_plugin_files(plugins_dir), running);
  load_later_layers(store_, options, environment);
}

Paths Configuration::find_paths(const Options& options, const ConfigStore& store) {
  auto paths = Paths::around(options.file);
  if (const auto etc = store.get(kEtcDir); !etc.empty()) paths.etc_dir = paths.under_root(etc);
  paths.data_dir = paths.under_root(store.get(kDataDir));
  paths.log_dir = paths.under_root(store.get(kLogDir));
  return paths;
}

std::error_code Configuration::load_plugin_files(const std::filesystem::path& folder) {
  std::set<std::filesystem::path> files;
  std::error_code error;
  for (std::filesystem::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".conf") files.insert(at->path());
  }
  for (const auto& file : files) {
    if (is_plugin(file.stem().string())) {
      store_.load_file(file);
    } else {
      notices_.push_back(fmt::format("{}: not read: there is no plug-in {}", file.string(), file.stem().string()));
    }
  }
  return error;
}

/// Who may connect is said there: to go on without would let everybody in.
void Configuration::note_plugins_folder(const std::filesystem::path& folder, std::error_code error,
                                        const RunningFolders* running) {
  const bool absent = error == std::errc::no_such_file_or_directory;
  if (!error) plugins_folder_ = folder;
  if (error && !absent) problems_.push_back({folder.string(), {}, kUnreadable});
  if (absent && running != nullptr && !running->plugins_folder.empty()) {
    problems_.push_back({folder.string(), {}, "is not there; make it, empty if no plug-in is to have a file there"});
  }
}

void Configuration::collect_notices() {
  if (const auto keys = store_.without_effect(); !keys.empty()) {
    notices_.push_back(fmt::format("keys that are set and have no effect here: {}", fmt::join(keys, ", ")));
  }
  for (std::string& notice : listener_notices(store_)) notices_.push_back(std::move(notice));
  for (const auto& notice : store_.notices()) notices_.push_back(notice.to_string());
  notices_.insert(notices_.end(), plugins_.notices.begin(), plugins_.notices.end());
}

log::Settings log_settings(const Configuration& configuration) {
  const auto& store = configuration.store();
  log::Settings settings;
  settings.console = store.get(kLogConsole);
  settings.console_level = store.get(kLogConsoleLevel);
  settings.console_file = configuration.path(kLogConsoleFile).string();
  settings.console_size = store.get(kLogConsoleSize).bytes;
  settings.console_count = store.get(kLogConsoleCount);
  settings.info_file = configuration.path(kLogInfoFile).string();
  settings.info_size = store.get(kLogInfoSize).bytes;
  settings.info_count = store.get(kLogInfoCount);
  settings.error_file = configuration.path(kLogErrorFile).string();
  settings.error_size = store.get(kLogErrorSize).bytes;
  settings.error_count = store.get(kLogErrorCount);
  settings.syslog = store.get(kLogSyslog);
  settings.syslog_identity = store.get(kLogSyslogIdentity);
  settings.syslog_facility = store.get(kLogSyslogFacility);
  settings.syslog_level = store.get(kLogSyslogLevel);
  return settings;
}

}  // namespace sluice::app
