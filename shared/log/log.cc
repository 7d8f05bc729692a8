// SPDX-License-Identifier: Apache-2.0
#include "shared/log/log.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <spdlog/sinks/dist_sink.h>
#include <spdlog/sinks/rotating_file_sink.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/sinks/syslog_sink.h>

namespace sluice::log {
namespace {

using Sink = spdlog::sink_ptr;

constexpr std::string_view kPattern = "%Y-%m-%d %H:%M:%S.%e %^%l%$ [%n] %v";

/// Loggers are never destroyed: a late line of another thread's shutdown must still find its logger.
struct Loggers {
  std::mutex mutex;
  std::shared_ptr<spdlog::sinks::dist_sink_mt> out = std::make_shared<spdlog::sinks::dist_sink_mt>();
  std::map<std::string, std::shared_ptr<spdlog::logger>, std::less<>> by_name;
  spdlog::level::level_enum level = spdlog::level::warn;

  Loggers() {
    auto console = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
    console->set_level(level);
    out->add_sink(std::move(console));
    out->set_pattern(std::string(kPattern));
  }
};

Loggers& loggers() {
  static auto* const all = new Loggers;
  return *all;
}

Sink leveled(Sink sink, std::string_view level, std::string_view pattern = kPattern) {
  sink->set_level(level_of(level));
  sink->set_pattern(std::string(pattern));
  return sink;
}

Sink open_file(const std::string& path, std::uint64_t size, std::uint32_t count, std::string_view key) {
  try {
    return std::make_shared<spdlog::sinks::rotating_file_sink_mt>(path, size, count);
  } catch (const spdlog::spdlog_ex& error) {
    throw std::runtime_error(
        fmt::format("{} = {}: cannot be opened ({}); check that this user may write there", key, path, error.what()));
  }
}

void add_console(std::vector<Sink>& sinks, const Settings& settings) {
  const bool both = settings.console == "both";
  if (both || settings.console == "console") {
    sinks.push_back(leveled(std::make_shared<spdlog::sinks::stderr_color_sink_mt>(), settings.console_level));
  }
  if (both || settings.console == "file") {
    auto file = open_file(settings.console_file, settings.console_size, settings.console_count, "log.console.file");
    sinks.push_back(leveled(std::move(file), settings.console_level));
  }
}

std::vector<Sink> open_sinks(const Settings& settings) {
  std::vector<Sink> sinks;
  add_console(sinks, settings);
  if (!settings.info_file.empty()) {
    sinks.push_back(
        leveled(open_file(settings.info_file, settings.info_size, settings.info_count, "log.info.file"), "info"));
  }
  if (!settings.error_file.empty()) {
    sinks.push_back(
        leveled(open_file(settings.error_file, settings.error_size, settings.error_count, "log.error.file"), "error"));
  }
  if (settings.syslog) {
    auto syslog = std::make_shared<spdlog::sinks::syslog_sink_mt>(settings.syslog_identity, LOG_PID,
                                                                  facility_of(settings.syslog_facility), true);
    sinks.push_back(leveled(std::move(syslog), settings.syslog_level, "[%n] %v"));
  }
  return sinks;
}

}  // namespace

spdlog::level::level_enum level_of(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, spdlog::level::level_enum>, 9> kLevels{
      {{"debug", spdlog::level::debug},
       {"info", spdlog::level::info},
       {"notice", spdlog::level::info},
       {"warning", spdlog::level::warn},
       {"error", spdlog::level::err},
       {"critical", spdlog::level::critical},
       {"alert", spdlog::level::critical},
       {"emergency", spdlog::level::critical},
       {"none", spdlog::level::off}}};
  for (const auto& [known, level] : kLevels) {
    if (known == name) return level;
  }
  return spdlog::level::err;
}

int facility_of(std::string_view name) {
  if (name == "daemon") return LOG_DAEMON;
  constexpr std::array kLocal{LOG_LOCAL0, LOG_LOCAL1, LOG_LOCAL2, LOG_LOCAL3,
                              LOG_LOCAL4, LOG_LOCAL5, LOG_LOCAL6, LOG_LOCAL7};
  const bool local = name.size() == 6 && name.starts_with("local") && name[5] >= '0' && name[5] <= '7';
  return local ? kLocal[static_cast<std::size_t>(name[5] - '0')] : LOG_LOCAL0;
}

spdlog::logger& get(std::string_view module) {
  auto& all = loggers();
  const std::lock_guard guard(all.mutex);
  if (const auto known = all.by_name.find(module); known != all.by_name.end()) return *known->second;
  auto logger = std::make_shared<spdlog::logger>(std::string(module), all.out);
  logger->set_level(all.level);
  logger->flush_on(spdlog::level::err);
  return *all.by_name.emplace(std::string(module), std::move(logger)).first->second;
}

void configure(const Settings& settings) {
  auto sinks = open_sinks(settings);
  auto lowest = spdlog::level::off;
  for (const auto& sink : sinks) lowest = std::min(lowest, sink->level());
  auto& all = loggers();
  const std::lock_guard guard(all.mutex);
  all.out->set_sinks(std::move(sinks));
  all.level = lowest;
  for (const auto& [name, logger] : all.by_name) logger->set_level(lowest);
}

void flush() {
  auto& all = loggers();
  const std::lock_guard guard(all.mutex);
  all.out->flush();
}

std::int64_t RateLimit::admit() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return admit(std::chrono::duration_cast<std::chrono::seconds>(since_start).count());
}

std::int64_t RateLimit::admit(std::int64_t second) {
  auto window = window_.load(std::memory_order_relaxed);
  if (window != second && window_.compare_exchange_strong(window, second, std::memory_order_relaxed)) {
    shown_.store(0, std::memory_order_relaxed);
  }
  if (shown_.fetch_add(1, std::memory_order_relaxed) < per_second_)
    return hushed_.exchange(0, std::memory_order_relaxed);
  hushed_.fetch_add(1, std::memory_order_relaxed);
  return -1;
}

}  // namespace sluice::log
