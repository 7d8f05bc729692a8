// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <system_error>
#include <variant>

#include "broker/management/cli/api.h"
#include "broker/management/cli/command.h"
#include "broker/management/cli/runner.h"
#include "broker/management/cli/socket_path.h"

int main(int argc, char** argv) try {
  using namespace sluice::ctl;
  const auto parsed = parse_command(argc, argv);
  if (const auto* exit = std::get_if<ExitNow>(&parsed)) {
    std::cout << exit->out;
    std::cerr << exit->err;
    return exit->status;
  }
  const Command& command = std::get<Command>(parsed);
  const char* const environment = std::getenv("SLUICE_SOCKET");
  std::error_code ignored;
  const auto binary = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const auto api = api_on_socket(find_socket(command.socket, environment == nullptr ? "" : environment, binary));
  return run_command(command, *api, std::cout, std::cerr);
} catch (const std::exception& error) {
  std::fprintf(stderr, "sluicectl: %s\n", error.what());
  return 1;
}
