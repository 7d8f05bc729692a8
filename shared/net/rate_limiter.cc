// SPDX-License-Identifier: Apache-2.0
#include "shared/net/rate_limiter.h"

#include <algorithm>
#include <charconv>
#include <chrono>

namespace sluice {
namespace {

constexpr std::uint64_t kMaxKilobytes = std::uint64_t{1} << 40U;

std::optional<std::uint64_t> parse_kilobytes(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(" \t") - first + 1);
  std::uint64_t kilobytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), kilobytes);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  if (kilobytes == 0 || kilobytes > kMaxKilobytes) return std::nullopt;
  return kilobytes * 1024;
}

}  // namespace

std::optional<RateLimit> RateLimit::parse(std::string_view text) {
  if (text.find_first_not_of(" \t") == std::string_view::npos) return RateLimit{};
  const std::size_t comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto burst = parse_kilobytes(text.substr(0, comma));
  const auto rate = parse_kilobytes(text.substr(comma + 1));
  if (!burst || !rate) return std::nullopt;
  return RateLimit{*burst, *rate};
}

std::uint64_t TokenBucket::available(TimePoint now) {
  refill(now);
  return level_ < 1 ? 0 : static_cast<std::uint64_t>(level_);
}

void TokenBucket::take(std::uint64_t n, TimePoint now) {
  refill(now);
  level_ -= static_cast<double>(n);
}

Duration TokenBucket::wait(TimePoint now) {
  refill(now);
  if (level_ >= 1) return Duration::zero();
  const auto rate = static_cast<double>(limit_.per_second);
  const double enough = std::min(static_cast<double>(limit_.burst), std::max(1.0, rate / 10));
  const std::chrono::duration<double> seconds((enough - level_) / rate);
  return std::chrono::ceil<Duration>(seconds);
}

void TokenBucket::refill(TimePoint now) {
  if (now <= filled_) return;
  const std::chrono::duration<double> passed = now - filled_;
  filled_ = now;
  level_ =
      std::min(static_cast<double>(limit_.burst), level_ + passed.count() * static_cast<double>(limit_.per_second));
}

}  // namespace sluice
