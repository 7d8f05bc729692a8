// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace sluice::app {

/// A line on standard output, at once: for what an operator must see whatever the log's level. Nobody may be reading
/// there any more; that is no error.
void print_line(std::string_view line);

}  // namespace sluice::app
