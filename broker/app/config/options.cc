// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/options.h"

#include <sstream>

#include <CLI/CLI.hpp>

namespace sluice::app {
namespace {

constexpr int kUsageError = 2;

ExitNow ended(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int status = app.exit(error, out, err);
  return {status == 0 ? 0 : kUsageError, out.str(), err.str()};
}

}  // namespace

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv) {
  Options options;
  bool check = false;
  bool version = false;
  bool reference = false;
  CLI::App app(
      "MQTT broker and gateways for other IoT protocols. Runs in the foreground; SIGTERM ends it, SIGHUP reads\n"
      "configuration, access rules and certificates again.",
      "sluice");
  app.add_option("-c,--config", options.file, "Configuration file")->capture_default_str();
  app.add_option("-o", options.overrides, "Set a key for this run; may be given several times")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
  auto* what = app.add_option_group("instead of running");
  what->add_flag("--check", check, "Read the whole configuration, say every problem with file and line, and end");
  const CLI::Option* const check_storage =
      what->add_option("--check-storage", options.storage_folder,
                       "Read the whole store of the configuration, or a backup in FOLDER, say what is damaged, and end")
          ->type_name("[FOLDER]")
          ->expected(0, 1);
  what->add_flag("--version", version, "Say the version and end");
  what->add_flag("--doc", reference, "Print the reference of all keys as markdown and end");
  what->require_option(0, 1);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ended(app, error);
  }
  if (check) options.action = Options::Action::Check;
  if (check_storage->count() > 0) options.action = Options::Action::CheckStorage;
  if (version) options.action = Options::Action::ShowVersion;
  if (reference) options.action = Options::Action::ShowReference;
  return options;
}

}  // namespace sluice::app
