// SPDX-License-Identifier: Apache-2.0
// A configuration file of any bytes: a line is a setting, a comment or a problem; whatever was accepted can be
// read back with its type.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <sstream>
#include <string>
#include <variant>

#include "broker/app/config/cross_check.h"
#include "broker/app/config/tables.h"
#include "shared/config/parse.h"
#include "shared/config/store.h"

namespace {

void require(bool truth) {
  if (!truth) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  sluice::ConfigStore store(sluice::app::property_tables());
  std::istringstream in(text);
  store.load_stream(in, "fuzz");
  require(store.problems().size() <= sluice::ConfigStore::kMaxProblems);
  for (const auto& problem : store.problems()) require(!problem.what.empty() && !problem.to_string().empty());
  for (const auto& table : store.tables()) {
    if (table.without_effect) continue;
    for (const auto& property : table.rows) {
      std::visit(
          [&](const auto* row) {
            const auto set = store.raw(row->name);
            if (set) require(sluice::value_problem(property, *set).empty());
            static_cast<void>(store.get(*row));
          },
          property);
    }
  }
  for (const auto& name : store.names("listener.tcp.$name")) require(!name.empty());
  for (const auto& problem : sluice::app::cross_check(store)) require(!problem.key.empty());
  store.override_with(text);
  return 0;
}
