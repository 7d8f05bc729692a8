// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/config/property.h"

namespace sluice {

/// One thing wrong with the configuration, ready to be shown: "etc/sluice.conf:12: mqtt.max_packet_sise: unknown key;
/// did you mean mqtt.max_packet_size?".
struct ConfigProblem {
  std::string where;  ///< "etc/sluice.conf:12", "environment", "-o"
  std::string key;
  std::string what;
  [[nodiscard]] std::string to_string() const;
};

/// The values of all keys, layered: default < file < environment (EMQ_*, SLUICE_*) < -o.
/// Lifetime: built at start-up and again on SIGHUP; a built store does not change.
/// Thread safety: const access from any thread.
class ConfigStore {
 public:
  explicit ConfigStore(std::vector<PropertyTable> tables);

  /// Reads a `k = v` file; later files and lines win. A missing file is a problem.
  void load_file(const std::filesystem::path& path);
  void load_environment(char** environment);
  /// "key=value", split at the first '='.
  void override_with(std::string_view assignment);

  [[nodiscard]] const std::vector<ConfigProblem>& problems() const { return problems_; }
  /// Things that are accepted without an effect: keys of the Erlang VM.
  [[nodiscard]] const std::vector<ConfigProblem>& notices() const { return notices_; }

  /// `placeholders` fills `$name`, `$id` in the property's name, in order.
  template <class T>
  [[nodiscard]] ValueOf<T> get(const Property<T>& property, std::initializer_list<std::string_view> placeholders = {}) const;
  /// True if any layer set the key.
  template <class T>
  [[nodiscard]] bool is_set(const Property<T>& property, std::initializer_list<std::string_view> placeholders = {}) const {
    return raw(expand(property.name, placeholders)).has_value();
  }
  /// The values that the first placeholder of `pattern` takes: {"external", "internal"} for "listener.tcp.$name".
  [[nodiscard]] std::vector<std::string> names(std::string_view pattern) const;
  /// Text of a key as it was written, whatever layer it came from.
  [[nodiscard]] std::optional<std::string> raw(std::string_view key) const;
  /// Where a key was set, for messages: "etc/sluice.conf:12".
  [[nodiscard]] std::string origin(std::string_view key) const;

  [[nodiscard]] const std::vector<PropertyTable>& tables() const { return tables_; }

 private:
  struct Entry {
    std::string text;
    std::string where;
  };

  static std::string expand(std::string_view pattern, std::initializer_list<std::string_view> placeholders);
  void set(std::string_view key, std::string_view text, const std::string& where);

  std::vector<PropertyTable> tables_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<ConfigProblem> problems_;
  std::vector<ConfigProblem> notices_;
};

}  // namespace sluice
