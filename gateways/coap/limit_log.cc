// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/limit_log.h"

#include <chrono>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "shared/base/clock.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::coap {
namespace {

constexpr auto kPause = std::chrono::seconds(1);

/// How many lines of a key were not shown; -1: this one is not shown either.
std::int64_t admit(std::string_view key) {
  struct Line {
    TimePoint at{};
    std::int64_t hushed = 0;
  };
  static std::mutex mutex;
  static std::map<std::string, Line, std::less<>> lines;
  const std::lock_guard lock(mutex);
  const TimePoint now = Clock::now();
  const auto [found, first] = lines.try_emplace(std::string(key));
  Line& line = found->second;
  if (!first && now - line.at < kPause) {
    ++line.hushed;
    return -1;
  }
  line.at = now;
  return std::exchange(line.hushed, 0);
}

}  // namespace

void log_limit_reached(std::string_view what, std::string_view key, std::size_t value, std::string_view client_id) {
  const std::int64_t hushed = admit(key);
  if (hushed < 0) return;
  log::get("coap").warn("{}: client_id={} reason={}={} is reached, raise it ({} like this not shown)", what,
                        log::loggable(client_id), key, value, hushed);
}

}  // namespace sluice::coap
