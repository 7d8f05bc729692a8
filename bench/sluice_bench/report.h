// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::bench {

/// The figures of one run in the order in which they were found; names carry their unit (`_us`, `_bytes`, `_per_s`).
class Report {
 public:
  using Value = std::variant<std::uint64_t, double, std::string>;

  void add(std::string_view name, double value) { figures_.emplace_back(name, value); }
  void add(std::string_view name, std::uint64_t value) { figures_.emplace_back(name, value); }
  void add(std::string_view name, std::string_view value) { figures_.emplace_back(name, std::string(value)); }

  /// One `name value` per line, or one JSON object.
  [[nodiscard]] std::string text() const;
  [[nodiscard]] std::string json() const;

 private:
  std::vector<std::pair<std::string, Value>> figures_;
};

}  // namespace sluice::bench
