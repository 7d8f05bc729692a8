// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/form_body.h"

#include <algorithm>

#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

std::optional<std::string> decode_field(std::string_view text) {
  std::string spaced(text);
  std::ranges::replace(spaced, '+', ' ');
  return percent_decode(spaced);
}

}  // namespace

std::optional<FormFields> parse_form(std::string_view body) {
  FormFields fields;
  while (!body.empty()) {
    const auto end = std::min(body.find('&'), body.size());
    const QueryParameter field = split_query(body.substr(0, end));
    body.remove_prefix(std::min(end + 1, body.size()));
    if (field.key.empty() && !field.value) continue;
    auto name = decode_field(field.key);
    auto value = decode_field(field.value.value_or(std::string_view()));
    if (!name || !value || fields.size() == kMostFields) return std::nullopt;
    fields.emplace_back(std::move(*name), std::move(*value));
  }
  return fields;
}

}  // namespace sluice::coap
