// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/paths.h"

#include <string>

namespace sluice::app {
namespace {

/// "{{ platform_etc_dir }}/certs" → "etc/certs"; other texts stay.
std::string without_template(std::string_view text) {
  if (!text.starts_with("{{")) return std::string(text);
  const auto end = text.find("}}");
  if (end == std::string_view::npos) return std::string(text);
  const auto name = text.substr(2, end - 2);
  for (const std::string_view folder : {"etc", "data", "log"}) {
    const auto full = "platform_" + std::string(folder) + "_dir";
    if (name.find(full) != std::string_view::npos) return std::string(folder).append(text.substr(end + 2));
  }
  return std::string(text);
}

}  // namespace

Paths Paths::around(const std::filesystem::path& file) {
  Paths paths;
  paths.etc_dir = std::filesystem::absolute(file).lexically_normal().parent_path();
  paths.root = paths.etc_dir.filename() == "etc" ? paths.etc_dir.parent_path() : paths.etc_dir;
  paths.data_dir = paths.root / "data";
  paths.log_dir = paths.root / "log";
  return paths;
}

std::filesystem::path Paths::under_root(std::string_view text) const {
  auto path = (root / std::filesystem::path(text)).lexically_normal();
  return path.has_filename() ? path : path.parent_path();
}

std::filesystem::path Paths::resolve(std::string_view text) const {
  if (text.empty()) return {};
  std::filesystem::path path = std::filesystem::path(without_template(text)).lexically_normal();
  if (path.is_absolute()) return path;
  const auto first = *path.begin();
  const auto rest = path.lexically_relative(first);
  const auto& folder = first == "etc" ? etc_dir : first == "data" ? data_dir : first == "log" ? log_dir : root;
  if (&folder == &root) return under_root(path.string());
  return rest == "." ? folder : (folder / rest).lexically_normal();
}

}  // namespace sluice::app
