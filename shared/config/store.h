// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <initializer_list>
#include <istream>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shared/config/parse.h"
#include "shared/config/property.h"

namespace sluice {

/// One thing wrong with the configuration, ready to be shown: "etc/sluice.conf:12: mqtt.max_packet_sise: unknown key;
/// did you mean mqtt.max_packet_size?".
struct ConfigProblem {
  std::string where;  ///< "etc/sluice.conf:12", "environment SLUICE_…", "-o"
  std::string key;    ///< empty: the whole line or file
  std::string what;
  [[nodiscard]] std::string to_string() const;
};

/// The values of all keys, layered: default < file < environment (EMQ_*, SLUICE_*) < -o. The layers are loaded in
/// that order; what is set later wins. A value that is refused changes nothing and becomes a problem.
/// Lifetime: built at start-up and again on SIGHUP; a built store does not change.
/// Thread safety: const access from any thread.
class ConfigStore {
 public:
  /// More problems than this are not collected: the file is not a configuration file.
  static constexpr std::size_t kMaxProblems = 100;

  explicit ConfigStore(std::vector<PropertyTable> tables);

  /// Reads a `k = v` file; later files and lines win. A missing file is a problem.
  void load_file(const std::filesystem::path& path);
  /// The same for an open file; `name` stands in messages.
  void load_stream(std::istream& in, const std::string& name);
  /// SLUICE_<KEY> and EMQ_<KEY> with `__` for a dot, and the manual's short names (EMQ_NODE_NAME, EMQ_TCP_PORT, …).
  void load_environment(const char* const* environment);
  /// "key=value", split at the first '='.
  void override_with(std::string_view assignment);

  [[nodiscard]] const std::vector<ConfigProblem>& problems() const { return problems_; }
  /// What a reader should know although nothing is wrong: a 0 that is bounded, an older name.
  [[nodiscard]] const std::vector<ConfigProblem>& notices() const { return notices_; }
  /// Keys that were set and do nothing here, sorted, each once.
  [[nodiscard]] std::vector<std::string> without_effect() const;

  /// `placeholders` fills `$name`, `$id` in the property's name, in order.
  template <class T>
  [[nodiscard]] ValueOf<T> get(const Property<T>& property,
                               std::initializer_list<std::string_view> placeholders = {}) const;
  /// True if any layer set the key.
  template <class T>
  [[nodiscard]] bool is_set(const Property<T>& property,
                            std::initializer_list<std::string_view> placeholders = {}) const {
    return raw(expand(property.name, placeholders)).has_value();
  }
  /// The values that the first placeholder of `pattern` takes: {"external", "internal"} for "listener.tcp.$name".
  /// Sorted; numbers by value. Placeholders after the first match anything.
  [[nodiscard]] std::vector<std::string> names(std::string_view pattern) const;
  /// Text of a key as it was written, whatever layer it came from.
  [[nodiscard]] std::optional<std::string> raw(std::string_view key) const;
  /// Where a key was set, for messages: "etc/sluice.conf:12"; "default" if nowhere.
  [[nodiscard]] std::string origin(std::string_view key) const;

  [[nodiscard]] const std::vector<PropertyTable>& tables() const { return tables_; }
  /// Every key that a layer set, sorted.
  [[nodiscard]] std::vector<std::string> keys() const;
  /// The row of a key that does something here; null for others.
  [[nodiscard]] const AnyProperty* row_of(std::string_view key) const;

  /// "listener.tcp.$name" and {"external"} give "listener.tcp.external".
  static std::string expand(std::string_view pattern, std::initializer_list<std::string_view> placeholders);

 private:
  struct Entry {
    std::string text;
    std::string where;
  };
  struct Row {
    const AnyProperty* property = nullptr;
    const PropertyTable* table = nullptr;
  };

  void load_line(std::string_view line, const std::string& where);
  void load_variable(std::string_view name, std::size_t prefix, std::string_view value);
  void set(std::string_view key, std::string_view text, const std::string& where);
  void set_known(const Row& row, std::string_view key, std::string_view text, const std::string& where);
  [[nodiscard]] Row find(std::string_view key) const;
  [[nodiscard]] std::string unknown_key(std::string_view key) const;
  [[nodiscard]] std::optional<std::string_view> name_behind(std::string_view old_name) const;
  void add_problem(const std::string& where, std::string_view key, std::string what);
  template <class T>
  [[nodiscard]] ValueOf<T> limit_behind(std::string_view key) const;

  std::vector<PropertyTable> tables_;
  std::map<std::string, Entry, std::less<>> entries_;
  std::vector<ConfigProblem> problems_;
  std::vector<ConfigProblem> notices_;
};

template <class T>
ValueOf<T> ConfigStore::get(const Property<T>& property, std::initializer_list<std::string_view> placeholders) const {
  const auto entry = entries_.find(expand(property.name, placeholders));
  std::optional<ValueOf<T>> value;
  if (entry != entries_.end()) value = parse_value(property, entry->second.text);
  if (!value) value = ValueOf<T>(property.def);
  if (!property.zero_means.empty() && *value == ValueOf<T>{}) return limit_behind<T>(property.zero_means);
  return *value;
}

template <class T>
ValueOf<T> ConfigStore::limit_behind(std::string_view key) const {
  const Row row = find(key);
  if (row.property == nullptr) return {};
  const auto* limit = std::get_if<const Property<T>*>(row.property);
  return limit != nullptr ? get(**limit) : ValueOf<T>{};
}

}  // namespace sluice
