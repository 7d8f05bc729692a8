// SPDX-License-Identifier: Apache-2.0
#include "broker/router/topic_rules.h"

#include <algorithm>
#include <utility>

namespace sluice::router {
namespace {

constexpr std::string_view kShare = "$share/";
constexpr std::string_view kQueue = "$queue/";
constexpr std::string_view kLocal = "$local/";

// Boost gives error_category a protected destructor on purpose: categories live for ever.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class TopicCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "sluice.topic"; }
  [[nodiscard]] std::string message(int code) const override {
    switch (static_cast<TopicError>(code)) {
      case TopicError::Empty:
        return "topic is empty [MQTT-4.7.3-1]";
      case TopicError::TooLong:
        return "topic is longer than 65535 bytes [MQTT-4.7.3-3]";
      case TopicError::NullCharacter:
        return "topic contains U+0000 [MQTT-4.7.3-2]";
      case TopicError::WildcardInName:
        return "topic name contains a wildcard [MQTT-4.7.0-1]";
      case TopicError::HashNotLast:
        return "'#' is not the last level [MQTT-4.7.1-1]";
      case TopicError::HashInLevel:
        return "'#' does not fill its level [MQTT-4.7.1-1]";
      case TopicError::PlusInLevel:
        return "'+' does not fill its level [MQTT-4.7.1-2]";
      case TopicError::TooManyLevels:
        return "topic has more levels than this server allows";
      case TopicError::ShareNameInvalid:
        return "share name is empty, has a wildcard or no filter behind it [MQTT-4.8.2-1] [MQTT-4.8.2-2]";
      case TopicError::PrefixMisplaced:
        return "filter has prefixes that do not go together ($local/ comes first, then one of $share/, $queue/)";
    }
    return "unknown topic error";
  }
};
#pragma GCC diagnostic pop

ErrorCode check_text(std::string_view text, std::size_t max_levels) {
  if (text.empty()) return TopicError::Empty;
  if (text.size() > kMaxTopicBytes) return TopicError::TooLong;
  if (text.find('\0') != std::string_view::npos) return TopicError::NullCharacter;
  if (count_levels(text) > max_levels) return TopicError::TooManyLevels;
  return {};
}

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

/// Takes `<group>/` off.
ErrorCode take_group(std::string_view& text, std::string_view& group) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos || slash == 0) return TopicError::ShareNameInvalid;
  group = text.substr(0, slash);
  if (has_wildcards(group)) return TopicError::ShareNameInvalid;
  text.remove_prefix(slash + 1);
  return text.empty() ? ErrorCode(TopicError::ShareNameInvalid) : ErrorCode();
}

}  // namespace

const boost::system::error_category& topic_category() {
  static const TopicCategory category;
  return category;
}

bool has_wildcards(std::string_view filter) {
  return filter.find('#') != std::string_view::npos || filter.find('+') != std::string_view::npos;
}

std::size_t count_levels(std::string_view topic) {
  return static_cast<std::size_t>(std::count(topic.begin(), topic.end(), '/')) + 1;
}

ErrorCode check_topic_name(std::string_view name, std::size_t max_levels) {
  if (const ErrorCode error = check_text(name, max_levels)) return error;
  return has_wildcards(name) ? ErrorCode(TopicError::WildcardInName) : ErrorCode();
}

ErrorCode check_topic_filter(std::string_view filter, std::size_t max_levels) {
  if (const ErrorCode error = check_text(filter, max_levels)) return error;
  if (!has_wildcards(filter)) return {};
  for (LevelReader reader(filter); !reader.done();) {
    const std::string_view level = reader.next();
    if (level.find('#') != std::string_view::npos) {
      if (level.size() != 1) return TopicError::HashInLevel;
      if (!reader.done()) return TopicError::HashNotLast;
    }
    if (level.size() != 1 && level.find('+') != std::string_view::npos) return TopicError::PlusInLevel;
  }
  return {};
}

Result<ParsedFilter> parse_filter(std::string_view text, std::size_t max_levels) {
  if (const ErrorCode error = check_text(text, kMaxTopicBytes + 1)) return error;
  ParsedFilter parsed;
  while (!text.empty() && text.front() == '$') {
    if (take_prefix(text, kLocal)) {
      if (parsed.shared || std::exchange(parsed.local, true)) return ErrorCode(TopicError::PrefixMisplaced);
    } else if (take_prefix(text, kQueue)) {
      if (std::exchange(parsed.shared, true)) return ErrorCode(TopicError::PrefixMisplaced);
    } else if (take_prefix(text, kShare)) {
      if (std::exchange(parsed.shared, true)) return ErrorCode(TopicError::PrefixMisplaced);
      if (const ErrorCode error = take_group(text, parsed.group)) return error;
    } else {
      break;
    }
  }
  if (const ErrorCode error = check_topic_filter(text, max_levels)) return error;
  parsed.filter = text;
  return parsed;
}

std::string to_text(const ParsedFilter& filter) {
  std::string text;
  if (filter.local) text += kLocal;
  if (filter.shared && filter.group.empty()) text += kQueue;
  if (filter.shared && !filter.group.empty()) text.append(kShare).append(filter.group).append("/");
  return text.append(filter.filter);
}

bool matches(std::string_view filter, std::string_view topic) {
  if (is_dollar_topic(topic) && !filter.empty() && (filter.front() == '+' || filter.front() == '#')) return false;
  LevelReader wanted(filter);
  LevelReader levels(topic);
  while (!wanted.done()) {
    const std::string_view want = wanted.next();
    if (want == "#") return true;
    if (levels.done()) return false;
    const std::string_view level = levels.next();
    if (want != "+" && want != level) return false;
  }
  return levels.done();
}

}  // namespace sluice::router
