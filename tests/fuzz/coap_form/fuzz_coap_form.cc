// SPDX-License-Identifier: Apache-2.0
// A form's body: it is refused for an escape that is none or for too many fields and for nothing else, read as a reader
// that looks at it byte by byte reads it, and reads the same when everything in it is escaped.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

#include "gateways/coap/form_body.h"

namespace {

using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

std::optional<int> digit(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const char lower = c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  const auto at = kDigits.find(lower);
  return at == std::string_view::npos ? std::nullopt : std::optional(static_cast<int>(at));
}

/// One byte of a name or a value, taken off `body`; nothing: the escape is none.
std::optional<char> take_byte(std::string_view& body) {
  const char first = body.front();
  body.remove_prefix(1);
  if (first == '+') return ' ';
  if (first != '%') return first;
  if (body.size() < 2) return std::nullopt;
  const auto high = digit(body[0]);
  const auto low = digit(body[1]);
  if (!high || !low) return std::nullopt;
  body.remove_prefix(2);
  return static_cast<char>(*high * 16 + *low);
}

/// What the body says, whatever number of fields that is.
std::optional<FormFields> read_slowly(std::string_view body) {
  FormFields fields;
  bool begun = false;
  bool in_value = false;
  while (!body.empty()) {
    if (body.front() == '&') {
      begun = false;
      body.remove_prefix(1);
      continue;
    }
    if (!begun) fields.emplace_back();
    in_value = begun && in_value;
    begun = true;
    if (body.front() == '=' && !in_value) {
      in_value = true;
      body.remove_prefix(1);
      continue;
    }
    const auto byte = take_byte(body);
    if (!byte) return std::nullopt;
    (in_value ? fields.back().second : fields.back().first) += *byte;
  }
  return fields;
}

void append_escaped(std::string& out, std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<std::uint8_t>(c);
    out += {'%', kDigits[byte >> 4U], kDigits[byte & 15U]};
  }
}

std::string escaped(const FormFields& fields) {
  std::string body;
  for (const auto& [name, value] : fields) {
    append_escaped(body, name);
    body += '=';
    append_escaped(body, value);
    body += '&';
  }
  return body;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto expected = read_slowly(body);
  const auto fields = parse_form(body);
  require(fields.has_value() == (expected && expected->size() <= kMostFields));
  if (!fields) return 0;
  require(*fields == *expected);
  require(parse_form(escaped(*fields)) == fields);
  return 0;
}
