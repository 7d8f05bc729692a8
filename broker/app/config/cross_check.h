// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "shared/config/store.h"

namespace sluice::app {

/// What is wrong between keys whose values are right one by one: two listeners on one port, a user without a password
/// or there twice, watermarks the wrong way round, client certificates asked for without an authority. Pure.
std::vector<ConfigProblem> cross_check(const ConfigStore& store);

}  // namespace sluice::app
