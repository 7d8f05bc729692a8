// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/psk_store.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "broker/auth/text_file.h"

namespace sluice::auth {

namespace {

constexpr std::size_t kMaxPskFile = 256UL * 1024 * 1024;
constexpr std::size_t kMaxIdentity = 256;
constexpr std::size_t kMaxKey = 256;

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kBlanks = " \t\r";
  const auto first = line.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kBlanks) - first + 1);
}

std::optional<unsigned> digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a' + 10);
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A' + 10);
  return std::nullopt;
}

std::optional<PskStore::Key> parse_key(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  PskStore::Key key;
  key.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = digit(text[i]);
    const auto low = digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    key.push_back(static_cast<std::byte>(*high * 16 + *low));
  }
  return key;
}

struct PskLine {
  std::string_view identity;
  PskStore::Key key;
};

/// The messages must not show the line: it may hold a key.
LoadResult<PskLine> parse_line(std::string_view text, std::uint32_t line) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return LoadError{line, 0, "expected identity:hexkey, found no colon"};
  const std::string_view identity = trimmed(text.substr(0, colon));
  if (identity.empty()) return LoadError{line, 0, "expected an identity before the colon"};
  if (identity.size() > kMaxIdentity) {
    return LoadError{line, 0, fmt::format("the identity has {} bytes; {} is the most", identity.size(), kMaxIdentity)};
  }
  auto key = parse_key(trimmed(text.substr(colon + 1)));
  if (!key) return LoadError{line, 0, "expected an even number of hexadecimal digits behind the colon"};
  if (key->empty()) return LoadError{line, 0, "expected a key behind the colon"};
  if (key->size() > kMaxKey) {
    return LoadError{line, 0, fmt::format("the key has {} bytes; {} is the most", key->size(), kMaxKey)};
  }
  return PskLine{identity, std::move(*key)};
}

}  // namespace

LoadResult<void> PskStore::load_file(const std::filesystem::path& path) {
  auto text = read_text_file(path, kMaxPskFile);
  if (!text) return text.error();
  return load_text(*text);
}

LoadResult<void> PskStore::load_text(std::string_view text) {
  Keys keys;
  for (std::uint32_t number = 1; !text.empty(); ++number) {
    const auto end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    auto entry = parse_line(line, number);
    if (!entry) return entry.error();
    if (!keys.try_emplace(std::string(entry->identity), std::move(entry->key)).second) {
      return LoadError{number, 0, "this identity is there twice"};
    }
  }
  const MutexLock lock(mutex_);
  keys_ = std::move(keys);
  return {};
}

PskStore::Key PskStore::key(std::string_view identity) const {
  const MutexLock lock(mutex_);
  const auto found = keys_.find(identity);
  return found == keys_.end() ? Key() : found->second;
}

std::size_t PskStore::size() const {
  const MutexLock lock(mutex_);
  return keys_.size();
}

}  // namespace sluice::auth
