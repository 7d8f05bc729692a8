// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/topics.h"

#include <fmt/format.h>

namespace sluice::bench {
namespace {
constexpr std::string_view kRoot = "bench/";
constexpr std::size_t kDigits = 9;
}  // namespace

std::string numbered_topic(std::string_view kind, std::size_t number) {
  return fmt::format("{}{}/{:09}", kRoot, kind, number);
}

std::string numbered_filter(std::size_t number) {
  switch (number % 3) {
    case 0:
      return filter_topic(number);
    case 1:
      return fmt::format("{}{:09}/+", kRoot, number);
    default:
      return fmt::format("{}{:09}/#", kRoot, number);
  }
}

std::string filter_topic(std::size_t number) { return fmt::format("{}{:09}/temp", kRoot, number); }

void patch_filter_topic(std::size_t number, std::span<std::uint8_t> topic) {
  for (std::size_t i = kRoot.size() + kDigits; i > kRoot.size(); --i) {
    topic[i - 1] = static_cast<std::uint8_t>('0' + number % 10);
    number /= 10;
  }
}

std::string expand_topic(std::string_view pattern, std::string_view client_id, std::string_view username,
                         std::size_t number) {
  std::string topic;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    const char variable = pattern[i] == '%' && i + 1 < pattern.size() ? pattern[i + 1] : '\0';
    switch (variable) {
      case 'c':
        topic += client_id;
        break;
      case 'u':
        topic += username;
        break;
      case 'i':
        topic += std::to_string(number);
        break;
      default:
        topic += pattern[i];
        continue;
    }
    ++i;
  }
  return topic;
}

}  // namespace sluice::bench
