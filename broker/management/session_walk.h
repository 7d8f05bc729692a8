// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/management/session_rows.h"
#include "broker/management/shard_query.h"
#include "broker/session/session_context.h"

namespace sluice::management {

/// Where a walk through all rows of all sessions stands: the next row of the session in that slot of that shard.
struct Place {
  std::size_t shard = 0;
  std::uint32_t slot = 1;
  std::size_t index = 0;

  friend bool operator==(const Place&, const Place&) = default;
};

/// As clients of the API hold it: "0.4096.12".
std::string to_text(const Place& place);
/// The empty text is the beginning; nullopt for anything that to_text() does not write.
std::optional<Place> parse_place(std::string_view text);

template <class Row>
struct Rows {
  std::vector<Row> rows;
  std::optional<Place> next;  ///< none: this was the end
};

/// What one task may do on a shard, so that its clients do not feel it.
inline constexpr std::size_t kRowsPerTask = 500;
inline constexpr std::uint32_t kSlotsPerTask = 4096;

/// One step of a walk, on the shard of `place`: passes over `skip` rows (counted down) and collects at most `limit`.
template <class Kind>
Rows<typename Kind::Row> walk_step(session::SessionContext& context, Place place, std::size_t& skip,
                                   std::size_t limit) {
  Rows<typename Kind::Row> found;
  for (std::uint32_t visited = 0; visited < kSlotsPerTask; ++visited) {
    bool finished = true;
    const std::uint32_t next =
        context.core.table.visit(context.shard.index(), place.slot, 1, [&](session::ClientSession& session) {
          const std::size_t count = Kind::count(session);
          const std::size_t passed = std::min(skip, count - std::min(place.index, count));
          skip -= passed;
          place.index += passed;
          while (place.index < count && found.rows.size() < limit)
            found.rows.push_back(Kind::row(session, place.index++));
          finished = place.index >= count;
        });
    if (finished) {
      if (next == 0) return found;
      place.slot = next;
      place.index = 0;
    }
    if (found.rows.size() >= limit) break;
  }
  found.next = place;
  return found;
}

/// Rows of all shards from `place` on, `skip` of them left out, at most `limit`. Sessions that are there throughout
/// are seen exactly once in a walk from place to place. Not ordered. nullopt: a shard did not answer in time.
/// Thread: not a shard's.
template <class Kind>
std::optional<Rows<typename Kind::Row>> walk(const session::SessionCore& core, Place place, std::size_t skip,
                                             std::size_t limit) {
  using Row = typename Kind::Row;
  Rows<Row> all;
  while (place.shard < core.contexts.size()) {
    if (all.rows.size() >= limit) {
      all.next = place;
      return all;
    }
    const std::size_t room = std::min(limit - all.rows.size(), kRowsPerTask);
    auto step = ask_shard(*core.contexts[place.shard], [place, skip, room](session::SessionContext& context) mutable {
      Rows<Row> rows = walk_step<Kind>(context, place, skip, room);
      return std::pair(std::move(rows), skip);
    });
    if (!step) return std::nullopt;
    skip = step->second;
    std::move(step->first.rows.begin(), step->first.rows.end(), std::back_inserter(all.rows));
    place = step->first.next.value_or(Place{place.shard + 1, 1, 0});
  }
  return all;
}

/// The rows of one client's session from `first` on, at most `limit`; none if there is no session. nullopt: the shard
/// did not answer in time. Of the next place only the index counts. Thread: not a shard's.
template <class Kind>
std::optional<Rows<typename Kind::Row>> rows_of(const session::SessionCore& core, std::string_view client_id,
                                                std::size_t first, std::size_t limit) {
  using Step = Rows<typename Kind::Row>;
  const auto ref = core.registry.find(client_id);
  const std::uint32_t where = ref ? core.table.shard_of(*ref) : session::SessionTable::kNowhere;
  Step all;
  if (where == session::SessionTable::kNowhere) return all;
  do {
    const std::size_t room = std::min(limit - all.rows.size(), kRowsPerTask);
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): without a ref it is kNowhere
    auto step = ask_shard(*core.contexts[where], [target = *ref, first, room](session::SessionContext& context) {
      Step found;
      session::ClientSession* const session = context.core.table.find(target, context.shard.index());
      const std::size_t count = session == nullptr ? 0 : Kind::count(*session);
      const std::size_t end = std::min(count, first + room);
      for (std::size_t i = first; i < end; ++i) found.rows.push_back(Kind::row(*session, i));
      if (end < count) found.next = Place{.index = end};
      return found;
    });
    if (!step) return std::nullopt;
    std::move(step->rows.begin(), step->rows.end(), std::back_inserter(all.rows));
    all.next = step->next;
    first += room;
  } while (all.next && all.rows.size() < limit);
  return all;
}

}  // namespace sluice::management
