// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

namespace sluice::app {

/// What the command line of `sluice` asks for.
struct Options {
  enum class Action { Run, Check, CheckStorage, ShowVersion, ShowReference };
  Action action = Action::Run;
  std::filesystem::path file = "etc/sluice.conf";
  std::filesystem::path storage_folder;  ///< of --check-storage; empty: that of the configuration
  std::vector<std::string> overrides;    ///< of -o, as written
};

/// The process ends at once: after --help, or because the command line is wrong (2).
struct ExitNow {
  int status = 0;
  std::string out;  ///< for standard output
  std::string err;  ///< for standard error
};

std::variant<Options, ExitNow> parse_options(int argc, const char* const* argv);

}  // namespace sluice::app
