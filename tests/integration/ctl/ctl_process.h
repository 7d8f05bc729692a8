// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace sluice::test {

struct CtlOutcome {
  int status = -1;  ///< exit status; -1 if it did not end by itself
  std::string out;
  std::string err;
};

/// Runs the sluicectl of this build, without a SLUICE_SOCKET in its environment, in `directory`.
CtlOutcome run_ctl(const std::filesystem::path& directory, const std::vector<std::string>& arguments);

}  // namespace sluice::test
