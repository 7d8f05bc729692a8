// SPDX-License-Identifier: Apache-2.0
#include "broker/management/text.h"

#include <array>
#include <ctime>

#include <fmt/format.h>

#include "broker/router/topic_rules.h"

namespace sluice::management {
namespace {

std::string escaped(std::string_view id, std::string_view unwanted) {
  std::string text;
  text.reserve(id.size());
  for (const char c : id) {
    if (unwanted.find(c) == std::string_view::npos) {
      text += c;
    } else {
      text += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return text;
}

}  // namespace

std::string uptime_text(std::chrono::seconds uptime) {
  const auto total = uptime.count();
  std::string text;
  if (total >= 86400) text += fmt::format("{} days,", total / 86400);
  if (total >= 3600) text += fmt::format("{} hours, ", total / 3600 % 24);
  if (total >= 60) text += fmt::format("{} minutes, ", total / 60 % 60);
  return text + fmt::format("{} seconds", total % 60);
}

std::string datetime_text(UnixMillis when) {
  const std::time_t seconds = static_cast<std::time_t>(when / 1000);
  std::tm local{};
  ::localtime_r(&seconds, &local);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S", &local)};
}

std::string sys_topic(std::string_view node, std::string_view what) {
  return fmt::format("$SYS/brokers/{}/{}", node, what);
}

std::string event_topic(std::string_view node, std::string_view kind, std::string_view id, std::string_view event) {
  for (const std::string_view unwanted : {"+#", "+#/"}) {
    std::string topic = fmt::format("$SYS/brokers/{}/{}/{}/{}", node, kind, escaped(id, unwanted), event);
    if (!router::check_topic_name(topic)) return topic;
  }
  return {};
}

}  // namespace sluice::management
