// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/loaded_plugins.h"

#include <algorithm>
#include <array>
#include <fstream>

#include <fmt/format.h>

namespace sluice::app {
namespace {

constexpr std::array<std::string_view, 4> kPlugins{"emq_retainer", "emq_auth_username", "emq_auth_clientid",
                                                   "emq_coap"};
constexpr std::array<std::string_view, 2> kByDefault{"emq_retainer", "emq_coap"};
constexpr std::string_view kBlanks = " \t\r";
constexpr std::size_t kMaxNotices = 20;

/// The name in a line of the file; empty for a blank line or a comment.
std::string_view name_in(std::string_view line) {
  line = line.substr(0, line.find('%'));
  const auto first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  line = line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
  if (line.ends_with('.')) line.remove_suffix(1);
  return line;
}

}  // namespace

bool LoadedPlugins::has(std::string_view name) const {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool is_plugin(std::string_view name) { return std::find(kPlugins.begin(), kPlugins.end(), name) != kPlugins.end(); }

LoadedPlugins read_loaded_plugins(const std::filesystem::path& file) {
  std::ifstream in(file);
  LoadedPlugins plugins;
  if (!in.is_open()) {
    std::error_code error;
    const bool absent = std::filesystem::status(file, error).type() == std::filesystem::file_type::not_found;
    plugins.readable = absent;
    if (absent) plugins.names.assign(kByDefault.begin(), kByDefault.end());
    return plugins;
  }
  std::string line;
  for (std::size_t number = 1; std::getline(in, line) && plugins.notices.size() < kMaxNotices; ++number) {
    const auto name = name_in(line);
    if (name.empty() || plugins.has(name)) continue;
    if (is_plugin(name)) {
      plugins.names.emplace_back(name);
    } else {
      plugins.notices.push_back(fmt::format("{}:{}: not loaded: there is no plug-in {}", file.string(), number, name));
    }
  }
  return plugins;
}

}  // namespace sluice::app
