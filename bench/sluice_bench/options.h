// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include "bench/sluice_bench/settings.h"

namespace sluice::bench {

/// Reads the command line. On --help, --version or a mistake prints what is to be said and sets `exit_code`
/// (0, or 2 for a mistake) and returns nullopt.
std::optional<Settings> parse_options(int argc, char** argv, int& exit_code);

}  // namespace sluice::bench
