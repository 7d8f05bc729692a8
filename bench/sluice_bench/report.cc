// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/report.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace sluice::bench {

std::string Report::text() const {
  std::string out;
  for (const auto& [name, value] : figures_) {
    out += fmt::format("{:<28} ", name);
    if (const auto* number = std::get_if<double>(&value)) {
      out += fmt::format("{:.3f}\n", *number);
    } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
      out += fmt::format("{}\n", *count);
    } else {
      out += std::get<std::string>(value) + "\n";
    }
  }
  return out;
}

std::string Report::json() const {
  nlohmann::ordered_json object;
  for (const auto& [name, value] : figures_) {
    std::visit([&, &key = name](const auto& figure) { object[key] = figure; }, value);
  }
  return object.dump(2) + "\n";
}

}  // namespace sluice::bench
