// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/load_error.h"

#include <fmt/format.h>

namespace sluice::auth {

std::string LoadError::to_string(std::string_view path) const {
  if (line == 0) return fmt::format("{}: {}", path, what);
  if (column == 0) return fmt::format("{}:{}: {}", path, line, what);
  return fmt::format("{}:{}:{}: {}", path, line, column, what);
}

}  // namespace sluice::auth
