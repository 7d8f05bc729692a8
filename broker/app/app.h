// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/app/config/options.h"

namespace sluice::app {

/// The server from start to end: builds the core and the edges, runs until it is told to stop, and takes them down in
/// reverse order. Returns the exit status: 0 after an orderly end, 1 if it could not start (standard error says why).
/// Thread: main's, before any other thread exists.
int run(const Options& options);

/// `--check`: prints every problem of the configuration, and of the files that it names, with file and line. 0: there
/// is none.
int check(const Options& options);

}  // namespace sluice::app
