// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <variant>

#include <fmt/format.h>

#include "broker/app/app.h"
#include "broker/app/config/options.h"
#include "broker/app/config/tables.h"
#include "broker/app/storage_check.h"
#include "shared/config/docgen.h"

int main(int argc, char** argv) try {
  using sluice::app::Options;
  const auto parsed = sluice::app::parse_options(argc, argv);
  if (const auto* exit = std::get_if<sluice::app::ExitNow>(&parsed)) {
    fmt::print(stdout, "{}", exit->out);
    fmt::print(stderr, "{}", exit->err);
    return exit->status;
  }
  const Options& options = std::get<Options>(parsed);
  switch (options.action) {
    case Options::Action::Run:
      return sluice::app::run(options);
    case Options::Action::Check:
      return sluice::app::check(options);
    case Options::Action::CheckStorage:
      return sluice::app::check_storage(options);
    case Options::Action::ShowVersion:
      fmt::print("sluice {}\n", SLUICE_VERSION);
      return 0;
    case Options::Action::ShowReference:
      fmt::print("{}", sluice::configuration_reference(sluice::app::property_tables()));
      return 0;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "sluice: %s\n", error.what());
  return 1;
}
