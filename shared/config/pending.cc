// SPDX-License-Identifier: Apache-2.0
#include "shared/config/pending.h"

#include <set>
#include <variant>

#include <fmt/format.h>

namespace sluice {
namespace {

struct RowFacts {
  bool waits = false;  ///< for a start
  bool secret = false;
};

RowFacts facts_of(const AnyProperty& row) {
  return std::visit(
      [](const auto* property) {
        const bool waits = property->reload == Reload::Restart || property->reload == Reload::ListenerRestart;
        return RowFacts{waits, property->secret == Secret::Yes};
      },
      row);
}

template <class T>
ValueOf<T> value_in(const ConfigStore& store, const Property<T>& property, const std::string& key) {
  const auto text = store.raw(key);
  if (!text) return ValueOf<T>(property.def);
  return parse_value(property, *text).value_or(ValueOf<T>(property.def));
}

bool same_value(const AnyProperty& row, const std::string& key, const ConfigStore& a, const ConfigStore& b) {
  return std::visit([&](const auto* property) { return value_in(a, *property, key) == value_in(b, *property, key); },
                    row);
}

std::string value_text(const AnyProperty& row, const std::string& key, const ConfigStore& store) {
  const std::string text =
      std::visit([&](const auto* property) { return format_value(value_in(store, *property, key)); }, row);
  return text.empty() ? "not set" : text;
}

std::string sentence(const AnyProperty& row, const std::string& key, bool secret, const ConfigStore& running,
                     const ConfigStore& fresh) {
  const std::string now = secret ? "another" : value_text(row, key, running);
  const bool removed = !fresh.raw(key);
  return fmt::format("{} ({}) takes effect with the next start; now it is {}", key,
                     removed ? "no longer set" : fresh.origin(key), now);
}

}  // namespace

std::vector<std::string> pending_changes(const ConfigStore& running, const ConfigStore& fresh) {
  std::set<std::string> keys;
  for (const ConfigStore* store : {&running, &fresh}) {
    for (std::string& key : store->keys()) keys.insert(std::move(key));
  }
  std::vector<std::string> sentences;
  for (const std::string& key : keys) {
    const AnyProperty* const row = fresh.row_of(key);
    if (row == nullptr) continue;
    const RowFacts facts = facts_of(*row);
    if (!facts.waits || same_value(*row, key, running, fresh)) continue;
    sentences.push_back(sentence(*row, key, facts.secret, running, fresh));
  }
  return sentences;
}

}  // namespace sluice
