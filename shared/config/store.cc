// SPDX-License-Identifier: Apache-2.0
#include "shared/config/store.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <system_error>

#include <fmt/format.h>

#include "shared/config/keys.h"

namespace sluice {
namespace {

constexpr std::string_view kBlanks = " \t\r\f\v";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

/// A '#' at the start or after a blank begins a comment; one inside a word belongs to it ("x/#").
std::string_view without_comment(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '#' && (i == 0 || kBlanks.find(text[i - 1]) != std::string_view::npos)) return text.substr(0, i);
  }
  return text;
}

std::string_view name_of(const AnyProperty& property) {
  return std::visit([](const auto* row) { return row->name; }, property);
}

bool both_numbers(const std::string& a, const std::string& b) {
  const auto digits = [](const std::string& text) { return text.find_first_not_of("0123456789") == std::string::npos; };
  return digits(a) && digits(b);
}

bool name_before(const std::string& a, const std::string& b) {
  if (both_numbers(a, b) && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

/// "no limit" said with 0 where a limit of our own holds: what to tell the reader.
std::string zero_notice(const AnyProperty& property, std::string_view text) {
  return std::visit(
      [text](const auto* row) -> std::string {
        if (row->zero_means.empty()) return {};
        const auto value = parse_value(*row, text);
        if (!value || *value != std::decay_t<decltype(*value)>{}) return {};
        return fmt::format("0 means no limit; {} still bounds it", row->zero_means);
      },
      property);
}

}  // namespace

std::string ConfigProblem::to_string() const {
  return key.empty() ? fmt::format("{}: {}", where, what) : fmt::format("{}: {}: {}", where, key, what);
}

ConfigStore::ConfigStore(std::vector<PropertyTable> tables) : tables_(std::move(tables)) {}

void ConfigStore::load_file(const std::filesystem::path& path) {
  std::error_code ignored;
  std::ifstream in;
  if (!std::filesystem::is_directory(path, ignored)) in.open(path, std::ios::binary);
  if (!in.is_open()) {
    add_problem(path.string(), {}, "cannot be read; check that the file exists and that this user may read it");
    return;
  }
  load_stream(in, path.string());
}

void ConfigStore::load_stream(std::istream& in, const std::string& name) {
  std::string line;
  for (std::size_t number = 1; std::getline(in, line); ++number) {
    std::string_view text = line;
    if (number == 1 && text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    load_line(trimmed(text), fmt::format("{}:{}", name, number));
    if (problems_.size() >= kMaxProblems) return;
  }
}

void ConfigStore::load_line(std::string_view line, const std::string& where) {
  if (line.empty() || line.front() == '#') return;
  const auto equals = line.find('=');
  const auto key = trimmed(line.substr(0, equals));
  if (equals == std::string_view::npos || !is_key(key)) {
    add_problem(where, {}, "not a setting; write \"key = value\", or \"#\" before a comment");
    return;
  }
  set(key, trimmed(without_comment(trimmed(line.substr(equals + 1)))), where);
}

void ConfigStore::override_with(std::string_view assignment) {
  const auto equals = assignment.find('=');
  const auto key = trimmed(assignment.substr(0, equals));
  if (equals == std::string_view::npos || !is_key(key)) {
    add_problem("-o", {}, fmt::format("\"{}\" is not a setting; write -o key=value", key));
    return;
  }
  set(key, trimmed(assignment.substr(equals + 1)), "-o");
}

void ConfigStore::set(std::string_view key, std::string_view text, const std::string& where) {
  if (key.find('$') != std::string_view::npos) {
    notices_.push_back({where, std::string(key), "an example, not a setting: write a name or number in place of $…"});
    return;
  }
  if (const auto name = name_behind(key)) {
    notices_.push_back({where, std::string(key), fmt::format("an older name of {}", *name)});
    set(*name, text, where);
    return;
  }
  const Row row = find(key);
  if (row.property == nullptr) {
    add_problem(where, key, unknown_key(key));
    return;
  }
  set_known(row, key, text, where);
}

void ConfigStore::set_known(const Row& row, std::string_view key, std::string_view text, const std::string& where) {
  if (!row.table->without_effect) {
    if (auto problem = value_problem(*row.property, text); !problem.empty()) {
      add_problem(where, key, std::move(problem));
      return;
    }
    if (auto notice = zero_notice(*row.property, text); !notice.empty()) {
      notices_.push_back({where, std::string(key), std::move(notice)});
    }
  }
  entries_.insert_or_assign(std::string(key), Entry{std::string(text), where});
}

ConfigStore::Row ConfigStore::find(std::string_view key) const {
  for (const auto& table : tables_) {
    for (const auto& property : table.rows) {
      if (match_key(name_of(property), key)) return {&property, &table};
    }
  }
  return {};
}

std::optional<std::string_view> ConfigStore::name_behind(std::string_view old_name) const {
  for (const auto& table : tables_) {
    for (const auto& alias : table.aliases) {
      if (alias.old_name == old_name) return alias.name;
    }
  }
  return std::nullopt;
}

std::string ConfigStore::unknown_key(std::string_view key) const {
  std::string nearest;
  std::size_t distance = std::max<std::size_t>(3, key.size() / 4) + 1;
  for (const auto& table : tables_) {
    for (const auto& property : table.rows) {
      auto candidate = shaped_like(name_of(property), key);
      const auto [shorter, longer] = std::minmax({candidate.size(), key.size()});
      if (longer - shorter >= distance) continue;
      if (const auto d = edit_distance(key, candidate); d < distance) {
        distance = d;
        nearest = std::move(candidate);
      }
    }
  }
  if (nearest.empty()) return "unknown key; docs/configuration.md lists all keys (sluice --doc prints it)";
  return fmt::format("unknown key; did you mean {}?", nearest);
}

void ConfigStore::add_problem(const std::string& where, std::string_view key, std::string what) {
  if (problems_.size() < kMaxProblems) problems_.push_back({where, std::string(key), std::move(what)});
}

std::vector<std::string> ConfigStore::without_effect() const {
  std::vector<std::string> keys;
  for (const auto& [key, entry] : entries_) {
    if (find(key).table->without_effect) keys.push_back(key);
  }
  return keys;
}

std::vector<std::string> ConfigStore::keys() const {
  std::vector<std::string> keys;
  keys.reserve(entries_.size());
  for (const auto& [key, entry] : entries_) keys.push_back(key);
  return keys;
}

const AnyProperty* ConfigStore::row_of(std::string_view key) const {
  const Row row = find(key);
  return row.property == nullptr || row.table->without_effect ? nullptr : row.property;
}

std::string ConfigStore::expand(std::string_view pattern, std::initializer_list<std::string_view> placeholders) {
  std::string key;
  const auto* next = placeholders.begin();
  while (!pattern.empty()) {
    const auto dollar = pattern.find('$');
    key += pattern.substr(0, dollar);
    if (dollar == std::string_view::npos) break;
    const auto end = std::min(pattern.find('.', dollar), pattern.size());
    if (next != placeholders.end()) {
      key += *next++;
    } else {
      key += pattern.substr(dollar, end - dollar);
    }
    pattern.remove_prefix(end);
  }
  return key;
}

std::vector<std::string> ConfigStore::names(std::string_view pattern) const {
  std::set<std::string, decltype(&name_before)> found(&name_before);
  for (const auto& [key, entry] : entries_) {
    const auto values = match_key(pattern, key);
    if (values && !values->empty()) found.emplace(values->front());
  }
  return {found.begin(), found.end()};
}

std::optional<std::string> ConfigStore::raw(std::string_view key) const {
  const auto entry = entries_.find(key);
  return entry != entries_.end() ? std::optional(entry->second.text) : std::nullopt;
}

std::string ConfigStore::origin(std::string_view key) const {
  const auto entry = entries_.find(key);
  return entry != entries_.end() ? entry->second.where : "default";
}

}  // namespace sluice
