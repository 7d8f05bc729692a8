// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shared/base/result.h"

namespace sluice::router {

/// What topic names and topic filters may look like [MQTT5 4.7, 4.8]. Well-formed UTF-8 is the codec's affair.
/// Everything here is pure and takes no lock; views point into the argument.

/// Why a topic name or filter is refused. `message()` of the code tells it in words, with the clause.
enum class TopicError {
  Empty = 1,         ///< [MQTT-4.7.3-1]
  TooLong,           ///< [MQTT-4.7.3-3]
  NullCharacter,     ///< [MQTT-4.7.3-2]
  WildcardInName,    ///< [MQTT-4.7.0-1]
  HashNotLast,       ///< [MQTT-4.7.1-1]
  HashInLevel,       ///< [MQTT-4.7.1-1]
  PlusInLevel,       ///< [MQTT-4.7.1-2]
  TooManyLevels,     ///< a limit of this server (mqtt.max_topic_levels)
  ShareNameInvalid,  ///< [MQTT-4.8.2-1], [MQTT-4.8.2-2]
  PrefixMisplaced,   ///< `$local/$local/…`, `$queue/$share/…`, `$queue/$local/…`
};

const boost::system::error_category& topic_category();
inline ErrorCode make_error_code(TopicError error) { return {static_cast<int>(error), topic_category()}; }

inline constexpr std::size_t kMaxTopicBytes = 65535;
/// The upper bound of the configurable limit: matching keeps its state for that many levels on the stack.
inline constexpr std::size_t kTopicLevelsCeiling = 256;
inline constexpr std::size_t kDefaultTopicLevels = 128;

/// A name that may be published to: no wildcards.
ErrorCode check_topic_name(std::string_view name, std::size_t max_levels = kDefaultTopicLevels);
/// A filter without a `$share`-like prefix.
ErrorCode check_topic_filter(std::string_view filter, std::size_t max_levels = kDefaultTopicLevels);

/// What a client's SUBSCRIBE filter says.
struct ParsedFilter {
  std::string_view filter;  ///< without the prefixes: what is mounted, authorised and matched
  std::string_view group;   ///< of `$share/<group>/`; empty with `$queue/`, which is a group of its own
  bool shared = false;      ///< `$share/<group>/…` or `$queue/…`
  bool local = false;       ///< `$local/…`: not announced to other nodes

  friend bool operator==(const ParsedFilter&, const ParsedFilter&) = default;
};

/// Takes the prefixes off and checks the rest. `$local/` may stand before a share prefix, not behind it.
Result<ParsedFilter> parse_filter(std::string_view text, std::size_t max_levels = kDefaultTopicLevels);
/// The inverse: the filter as a client would write it.
std::string to_text(const ParsedFilter& filter);

/// True if the filter has `+` or `#`.
[[nodiscard]] bool has_wildcards(std::string_view filter);
/// `$`-topics, which a leading wildcard does not match [MQTT-4.7.2-1].
[[nodiscard]] constexpr bool is_dollar_topic(std::string_view topic) { return !topic.empty() && topic.front() == '$'; }
/// One valid filter against one valid name, without memory or recursion; linear in their length.
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);
[[nodiscard]] std::size_t count_levels(std::string_view topic);

/// Walks the levels of a name or filter. "a//b" has three, the second empty; every text has at least one.
class LevelReader {
 public:
  explicit LevelReader(std::string_view text) : rest_(text) {}
  [[nodiscard]] bool done() const { return done_; }
  /// Requires: not done.
  std::string_view next() {
    const std::size_t slash = rest_.find('/');
    const std::string_view level = rest_.substr(0, slash);
    done_ = slash == std::string_view::npos;
    if (!done_) rest_.remove_prefix(slash + 1);
    return level;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

}  // namespace sluice::router

template <>
struct boost::system::is_error_code_enum<sluice::router::TopicError> : std::true_type {};
