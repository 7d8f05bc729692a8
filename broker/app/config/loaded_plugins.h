// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::app {

/// Which plug-ins the server loads at start: the manual's data/loaded_plugins, one `name.` a line, `%` comments.
struct LoadedPlugins {
  std::vector<std::string> names;    ///< plug-ins that exist here, in the file's order, each once
  std::vector<std::string> notices;  ///< names that do not, lines that are no names
  bool readable = true;              ///< false: the file is there and cannot be read; nobody may guess what it says

  [[nodiscard]] bool has(std::string_view name) const;
};

/// True for the names of plug-ins that this server has.
bool is_plugin(std::string_view name);

/// A file that is not there means the plug-ins that are loaded by default: emq_retainer, emq_coap.
LoadedPlugins read_loaded_plugins(const std::filesystem::path& file);

}  // namespace sluice::app
