// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

constexpr std::string_view kDigits = "0123456789ABCDEF";

/// Value of a hexadecimal digit; 16: it is none.
constexpr unsigned hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<unsigned>(digit - '0');
  if (digit >= 'A' && digit <= 'F') return static_cast<unsigned>(digit - 'A') + 10;
  if (digit >= 'a' && digit <= 'f') return static_cast<unsigned>(digit - 'a') + 10;
  return 16;
}

constexpr bool is_alphanumeric(char character) {
  return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
         (character >= 'a' && character <= 'z');
}

/// A pchar that needs no escape [RFC 3986 3.3].
constexpr bool is_plain(char character) {
  return is_alphanumeric(character) ||
         (character != '\0' && std::string_view("-._~!$&'()*+,;=:@").find(character) != std::string_view::npos);
}

/// Calls `visit` with each text between two '/', until it returns false.
template <class Visit>
bool each_segment(std::string_view text, Visit visit) {
  while (true) {
    const std::size_t slash = text.find('/');
    if (!visit(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

/// Size of what percent_decode makes of it; nullopt: it does not.
std::optional<std::size_t> decoded_size(std::string_view text) {
  std::size_t size = 0;
  for (std::size_t at = 0; at < text.size(); ++at, ++size) {
    if (text[at] != '%') continue;
    if (text.size() - at < 3 || hex_value(text[at + 1]) > 15 || hex_value(text[at + 2]) > 15) return std::nullopt;
    at += 2;
  }
  return size;
}

}  // namespace

std::optional<std::string> percent_decode(std::string_view text) {
  const auto size = decoded_size(text);
  if (!size) return std::nullopt;
  std::string decoded;
  decoded.reserve(*size);
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') {
      decoded += static_cast<char>(hex_value(text[at + 1]) * 16 + hex_value(text[at + 2]));
      at += 2;
    } else {
      decoded += text[at];
    }
  }
  return decoded;
}

void append_percent_encoded(std::string& out, std::string_view segment) {
  for (const char character : segment) {
    if (is_plain(character)) {
      out += character;
    } else {
      const auto byte = static_cast<unsigned char>(character);
      out += '%';
      out += kDigits[byte >> 4U];
      out += kDigits[byte & 0x0FU];
    }
  }
}

std::string join_segments(std::span<const OptionView> options, std::size_t skip, Option kind) {
  std::string joined;
  bool first = true;
  for (const OptionView& option : options) {
    if (!option.is(kind)) continue;
    if (skip > 0) {
      --skip;
      continue;
    }
    if (!first) joined += '/';
    joined += option.text();
    first = false;
  }
  return joined;
}

std::string uri_path(std::span<const OptionView> options, Option kind) {
  std::string path;
  for (const OptionView& option : options) {
    if (!option.is(kind)) continue;
    path += '/';
    append_percent_encoded(path, option.text());
  }
  return path.empty() ? "/" : path;
}

bool add_segments(Options& options, std::string_view segments, Option kind) {
  if (segments.empty()) return true;
  if (!each_segment(segments, [](std::string_view segment) { return segment.size() <= kMostSegment; })) return false;
  return each_segment(segments, [&](std::string_view segment) {
    options.add(kind, segment);
    return true;
  });
}

bool add_path(Options& options, std::string_view path, Option kind) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return true;
  const bool valid = each_segment(
      path, [](std::string_view segment) { return decoded_size(segment).value_or(kMostSegment + 1) <= kMostSegment; });
  return valid && each_segment(path, [&](std::string_view segment) {
           options.add(kind, std::string_view(*percent_decode(segment)));
           return true;
         });
}

QueryParameter split_query(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return {text, std::nullopt};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

std::optional<QueryParameter> find_query(std::span<const OptionView> options, std::string_view key) {
  for (const OptionView& option : options) {
    if (!option.is(Option::UriQuery)) continue;
    const QueryParameter parameter = split_query(option.text());
    if (parameter.key == key) return parameter;
  }
  return std::nullopt;
}

}  // namespace sluice::coap
