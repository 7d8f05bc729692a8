// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "broker/management/handlers/api_json.h"

namespace sluice::management {

/// Most objects of one answer.
inline constexpr std::size_t kMaxPageSize = 10'000;

/// Which part of a list a request wants. Two ways:
/// - `curr_page`, `page_size` (from 1 and 20 on), as the manual has it;
/// - `cursor` (empty: the beginning), `page_size`: what is there throughout is seen exactly once however long the walk
///   takes; the answer's `cursor` continues it and is absent at the end. Not in the manual.
struct Paging {
  bool by_cursor = false;
  std::size_t page = 1;
  std::size_t size = 20;

  [[nodiscard]] std::size_t skip() const { return by_cursor ? 0 : (page - 1) * size; }
};

/// nullopt: a number that is none, or is out of range; answer with bad_paging().
std::optional<Paging> parse_paging(const ApiCall& call);
ApiResponse bad_paging();

/// The manual's frame around a page of `total` objects.
ApiResponse api_page(const Paging& paging, std::size_t total, Json objects);
/// `next` empty: the end.
ApiResponse api_walk(Json objects, std::string next);

}  // namespace sluice::management
