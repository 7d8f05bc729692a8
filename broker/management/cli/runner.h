// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>

#include "broker/management/cli/api.h"
#include "broker/management/cli/command.h"

namespace sluice::ctl {

/// Does what the command says and prints the answer; returns the exit status. What is refused or unreachable goes to
/// `err`; that a client, route or topic does not exist is an answer ("Not Found."), and refused.
int run_command(const Command& command, Api& api, std::ostream& out, std::ostream& err);

}  // namespace sluice::ctl
