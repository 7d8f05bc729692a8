// SPDX-License-Identifier: Apache-2.0
// A text as a path, as segments, as a query and as something percent-encoded: each way there leads back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/coap/codec/uri.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<OptionView> views(const Options& options) {
  std::vector<OptionView> list;
  for (std::size_t index = 0; index < options.size(); ++index) list.push_back(options[index]);
  return list;
}

void check_escapes(std::string_view text) {
  std::string encoded;
  append_percent_encoded(encoded, text);
  require(encoded.find_first_of("/?# ") == std::string::npos && percent_decode(encoded) == text);
  const auto decoded = percent_decode(text);
  require(!decoded || decoded->size() <= text.size());
  if (text.find('%') == std::string_view::npos) require(decoded == text);
}

void check_segments(std::string_view text) {
  Options options;
  if (!add_segments(options, text)) return require(options.empty() && text.size() > kMostSegment);
  require(join_segments(views(options)) == text);
}

void check_path(std::string_view text) {
  Options options;
  if (!add_path(options, text)) return require(options.empty());
  const std::string path = uri_path(views(options));
  require(path.starts_with('/'));
  Options again;
  require(add_path(again, path) && again.size() == options.size());
  for (std::size_t index = 0; index < options.size(); ++index) {
    require(again[index].text() == options[index].text() && options[index].value.size() <= kMostSegment);
  }
}

void check_query(std::string_view text) {
  const QueryParameter parameter = split_query(text);
  std::string joined(parameter.key);
  if (parameter.value) joined.append("=").append(*parameter.value);
  require(joined == text && parameter.key.find('=') == std::string_view::npos);
  Options options;
  options.add(Option::UriQuery, text);
  require(find_query(views(options), parameter.key)->value == parameter.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_escapes(text);
  check_segments(text);
  check_path(text);
  check_query(text);
  return 0;
}
