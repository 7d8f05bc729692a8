// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <spdlog/spdlog.h>

namespace sluice::log {

/// The logger of a module; made on first use. Names are the folders': "mqtt", "session", "net".
/// Write key-value text: `log::get("mqtt").warn("client refused: client_id={} peer={} reason={}", …)`.
/// Topics may be logged, payloads and passwords never.
/// Thread safety: any thread.
spdlog::logger& get(std::string_view module);

/// Where lines go and from which level on; the manual's keys `log.*`.
struct Settings {
  std::string console = "console";  ///< off, file, console, both
  std::string console_level = "error";
  std::string console_file;
  std::uint64_t console_size = 10485760;
  std::uint32_t console_count = 5;
  std::string info_file;  ///< empty: none
  std::uint64_t info_size = 10485760;
  std::uint32_t info_count = 5;
  std::string error_file;  ///< empty: none
  std::uint64_t error_size = 10485760;
  std::uint32_t error_count = 5;
  bool syslog = false;
  std::string syslog_identity = "sluice";
  std::string syslog_facility = "local0";
  std::string syslog_level = "error";
};

/// Opens the sinks; loggers made before and after use them. Throws std::runtime_error naming the file that cannot be
/// opened. Until it is called, warnings and worse go to standard error.
void configure(const Settings& settings);
void flush();

/// The manual's level names: debug, info, notice, warning, error, critical, alert, emergency, none. notice counts as
/// info, alert and emergency as critical; any other name as error.
spdlog::level::level_enum level_of(std::string_view name);
/// The number syslog(3) has for "daemon", "local0" … "local7"; any other name counts as local0.
int facility_of(std::string_view name);

/// Lets through at most `per_second` lines of one kind and counts the rest: for lines that a peer can cause.
///   static log::RateLimit limit(10);
///   if (auto hushed = limit.admit(); hushed >= 0) log.warn("… ({} like this not shown)", hushed);
/// Thread safety: any thread.
class RateLimit {
 public:
  explicit RateLimit(std::uint32_t per_second) : per_second_(per_second) {}
  /// -1: say nothing. Otherwise the number of lines that were not shown since the last one.
  std::int64_t admit();
  /// The same with the time given, in seconds of a steady clock.
  std::int64_t admit(std::int64_t second);

 private:
  const std::uint32_t per_second_;
  std::atomic<std::int64_t> window_{0};
  std::atomic<std::uint32_t> shown_{0};
  std::atomic<std::int64_t> hushed_{0};
};

}  // namespace sluice::log
