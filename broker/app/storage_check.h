// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "broker/app/config/options.h"

namespace sluice::app {

/// `sluice --check-storage [FOLDER]`: reads the store in the folder, or in that of the configuration, to its end and
/// says on standard output what it holds; problems go to standard error, a line each. Changes nothing in the folder.
/// Returns the exit status: 0 sound, 1 damaged or unreadable.
int check_storage(const Options& options);

}  // namespace sluice::app
