// SPDX-License-Identifier: Apache-2.0
#include "broker/app/console.h"

#include <cstdio>

namespace sluice::app {

void print_line(std::string_view line) {
  std::fwrite(line.data(), 1, line.size(), stdout);
  std::fputc('\n', stdout);
  std::fflush(stdout);
  std::clearerr(stdout);
}

}  // namespace sluice::app
