// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/content_format.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace sluice::coap {
namespace {

struct Row {
  std::uint16_t format;
  std::string_view type;
};

/// The first row of a type or a format counts.
constexpr std::array kRows{
    Row{0, "text/plain;charset=utf-8"},
    Row{0, "text/plain; charset=utf-8"},
    Row{0, "text/plain"},
    Row{40, "application/link-format"},
    Row{41, "application/xml"},
    Row{42, "application/octet-stream"},
    Row{47, "application/exi"},
    Row{50, "application/json"},
    Row{51, "application/json-patch+json"},
    Row{52, "application/merge-patch+json"},
    Row{60, "application/cbor"},
    Row{61, "application/cwt"},
    Row{63, "application/cbor-seq"},
    Row{110, "application/senml+json"},
    Row{111, "application/sensml+json"},
    Row{112, "application/senml+cbor"},
    Row{113, "application/sensml+cbor"},
    Row{114, "application/senml-exi"},
    Row{115, "application/sensml-exi"},
    Row{310, "application/senml+xml"},
    Row{311, "application/sensml+xml"},
    Row{11050, "application/json"},
    Row{11060, "application/cbor"},
    Row{11542, "application/vnd.oma.lwm2m+tlv"},
    Row{11543, "application/vnd.oma.lwm2m+json"},
    Row{11544, "application/vnd.oma.lwm2m+cbor"},
};

constexpr std::string_view kNumbered = "coap/";

bool same_type(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, [](unsigned char x, unsigned char y) { return std::tolower(x) == std::tolower(y); });
}

}  // namespace

std::string content_type_of(std::uint16_t format) {
  const auto row = std::ranges::find(kRows, format, &Row::format);
  if (row != kRows.end()) return std::string(row->type);
  return std::string(kNumbered) + std::to_string(format);
}

std::optional<std::uint16_t> content_format_of(std::string_view content_type) {
  for (const Row& row : kRows) {
    if (same_type(row.type, content_type)) return row.format;
  }
  if (!content_type.starts_with(kNumbered)) return std::nullopt;
  content_type.remove_prefix(kNumbered.size());
  std::uint16_t format = 0;
  const auto [end, error] = std::from_chars(content_type.data(), content_type.data() + content_type.size(), format);
  if (error != std::errc() || end != content_type.data() + content_type.size()) return std::nullopt;
  return format;
}

}  // namespace sluice::coap
