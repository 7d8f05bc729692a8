// SPDX-License-Identifier: Apache-2.0
#include "broker/management/handlers/paging.h"

#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace sluice::management {
namespace {

/// Keeps (page - 1) × size far from overflow.
constexpr std::size_t kMaxPage = 100'000'000;

bool read(const ApiCall& call, std::string_view name, std::size_t max, std::size_t& number) {
  const auto found = call.query.find(name);
  if (found == call.query.end()) return true;
  const std::string& text = found->second;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= 1 && number <= max;
}

}  // namespace

std::optional<Paging> parse_paging(const ApiCall& call) {
  Paging paging;
  paging.by_cursor = call.query.contains("cursor");
  if (!read(call, "curr_page", kMaxPage, paging.page) || !read(call, "page_size", kMaxPageSize, paging.size)) {
    return std::nullopt;
  }
  return paging;
}

ApiResponse bad_paging() {
  return api_error(
      400, ApiCode::BadParameter,
      fmt::format("curr_page counts from 1, page_size is 1 to {}, and cursor is what an answer gave", kMaxPageSize));
}

ApiResponse api_page(const Paging& paging, std::size_t total, Json objects) {
  Json result{{"current_page", paging.page},
              {"page_size", paging.size},
              {"total_num", total},
              {"total_page", (total + paging.size - 1) / paging.size}};
  result["objects"] = std::move(objects);
  return api_ok(std::move(result));
}

ApiResponse api_walk(Json objects, std::string next) {
  Json result;
  result["objects"] = std::move(objects);
  if (!next.empty()) result["cursor"] = std::move(next);
  return api_ok(std::move(result));
}

}  // namespace sluice::management
