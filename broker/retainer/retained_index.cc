// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/retained_index.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "broker/router/topic_rules.h"

namespace sluice::retainer {
namespace {

/// Looking for the next candidate from the root of the order costs as much as about so many neighbours.
constexpr std::size_t kSeekSteps = 4;

/// What a topic means for a filter, and where the next candidate can stand.
struct Verdict {
  enum class Kind : std::uint8_t { Match, Next, Seek, End };
  Kind kind;
  std::string key;  ///< Seek: nothing before it can match
};

/// Everything that begins with `prefix` and a '/' stands before this, everything later behind it.
std::string behind(std::string_view prefix) { return std::string(prefix) + '\x01'; }

Verdict judge(std::string_view filter, std::string_view topic) {
  using Kind = Verdict::Kind;
  if (router::is_dollar_topic(topic) && (filter.front() == '+' || filter.front() == '#')) {
    return {Kind::Seek, std::string(1, '$' + 1)};  // [MQTT-4.7.2-1]
  }
  router::LevelReader wanted(filter);
  router::LevelReader levels(topic);
  bool plus = false;
  std::size_t end = 0;  // of the levels that fit
  while (!wanted.done()) {
    const std::string_view want = wanted.next();
    if (want == "#") return {Kind::Match, {}};
    if (levels.done()) return {Kind::Next, {}};
    const std::string_view level = levels.next();
    const auto begin = static_cast<std::size_t>(level.data() - topic.data());
    if (want == "+") {
      plus = true;
    } else if (const int order = want.compare(level); order > 0) {
      return {Kind::Seek, std::string(topic.substr(0, begin)).append(want)};
    } else if (order < 0) {
      return plus ? Verdict{Kind::Seek, behind(topic.substr(0, end))} : Verdict{Kind::End, {}};
    }
    end = begin + level.size();
  }
  if (levels.done()) return {Kind::Match, {}};
  return plus ? Verdict{Kind::Seek, behind(topic.substr(0, end))} : Verdict{Kind::End, {}};
}

/// The levels before the first wildcard.
std::string_view literal_part(std::string_view filter) {
  const std::size_t wildcard = filter.find_first_of("+#");
  if (wildcard == std::string_view::npos) return filter;
  return wildcard == 0 ? std::string_view() : filter.substr(0, wildcard - 1);
}

}  // namespace

bool RetainedIndex::Order::less(std::string_view a, std::string_view b) {
  const std::size_t common = std::min(a.size(), b.size());
  const auto [left, right] = std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(common), b.begin());
  if (left == a.begin() + static_cast<std::ptrdiff_t>(common)) return a.size() < b.size();
  const auto rank = [](char c) { return c == '/' ? 0U : static_cast<unsigned char>(c); };  // no topic has U+0000
  return rank(*left) < rank(*right);
}

std::uint32_t RetainedIndex::find_id(std::uint64_t hash, std::string_view topic) const {
  return table_.find(hash, [&](std::uint32_t id) { return items_[id].message->topic() == topic; });
}

const RetainedIndex::Item* RetainedIndex::find(std::uint64_t hash, std::string_view topic) const {
  const std::uint32_t id = find_id(hash, topic);
  return id == 0 ? nullptr : &items_[id];
}

void RetainedIndex::note_expiry(UnixMillis expires_at, int count) {
  if (expires_at != 0) expiring_ += static_cast<std::size_t>(count);
}

MessagePtr RetainedIndex::replace(std::uint64_t hash, Item item) {
  Item& place = items_[find_id(hash, item.message->topic())];
  note_expiry(place.expires_at, -1);
  note_expiry(item.expires_at, +1);
  std::swap(place, item);
  return std::move(item.message);
}

void RetainedIndex::insert(std::uint64_t hash, Item item) {
  note_expiry(item.expires_at, +1);
  const std::uint32_t id = items_.acquire();
  items_[id] = std::move(item);
  table_.insert(hash, id);
  ordered_.insert(id);
}

MessagePtr RetainedIndex::erase(std::uint64_t hash, std::string_view topic) {
  const std::uint32_t id = find_id(hash, topic);
  if (id == 0) return nullptr;
  table_.erase(hash, id);
  ordered_.erase(id);
  Item gone = std::exchange(items_[id], {});
  note_expiry(gone.expires_at, -1);
  items_.release(id);
  return std::move(gone.message);
}

RetainedIndex::Ordered::const_iterator RetainedIndex::seek(Ordered::const_iterator at, std::string_view key,
                                                           std::size_t& steps) const {
  for (std::size_t i = 0; i < kSeekSteps; ++i) {
    if (at == ordered_.end() || !Order::less(topic_at(at), key)) return at;
    ++at;
    if (steps > 0) --steps;
  }
  steps -= std::min(steps, kSeekSteps);
  return ordered_.lower_bound(key);
}

bool RetainedIndex::scan(std::string_view filter, UnixMillis now, IndexCursor& cursor, std::size_t max,
                         std::size_t& steps, std::vector<MessagePtr>& out) const {
  auto at = ordered_.lower_bound(cursor.from.empty() ? literal_part(filter) : std::string_view(cursor.from));
  while (at != ordered_.end()) {
    if (out.size() >= max || steps == 0) {
      cursor.from = topic_at(at);
      return false;
    }
    --steps;
    const Verdict verdict = judge(filter, topic_at(at));
    switch (verdict.kind) {
      case Verdict::Kind::Match:
        if (!items_[*at].expired(now)) out.push_back(items_[*at].message);
        ++at;
        break;
      case Verdict::Kind::Next:
        ++at;
        break;
      case Verdict::Kind::Seek:
        at = seek(at, verdict.key, steps);
        break;
      case Verdict::Kind::End:
        return true;
    }
  }
  return true;
}

std::size_t RetainedIndex::find_expired(UnixMillis now, std::size_t count, std::vector<MessagePtr>& expired) {
  std::size_t looked = 0;
  if (expiring_ == 0) swept_ = items_.end();
  for (; looked < count && swept_ < items_.end(); ++looked, ++swept_) {
    const Item& item = items_[swept_];
    if (item.message != nullptr && item.expired(now)) expired.push_back(item.message);
  }
  if (looked < count) swept_ = 1;
  return looked;
}

}  // namespace sluice::retainer
