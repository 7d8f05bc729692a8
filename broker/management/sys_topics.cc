// SPDX-License-Identifier: Apache-2.0
#include "broker/management/sys_topics.h"

#include <span>

#include "broker/management/text.h"

namespace sluice::management {
namespace {

constexpr const char* kBrokers = "$SYS/brokers";

}  // namespace

MessagePtr SysTopics::message(const std::string& topic, std::string_view payload, bool retain, UnixMillis now) const {
  return Message::create({.topic = topic,
                          .payload = std::as_bytes(std::span(payload)),
                          .properties = {},
                          .qos = Qos::AtMostOnce,
                          .retain = retain,
                          .publisher = {},
                          .timestamp = now});
}

void SysTopics::publish_identity(UnixMillis now) const {
  publish_({message(kBrokers, identity_.node, true, now),
            message(sys_topic(identity_.node, "version"), identity_.version, true, now),
            message(sys_topic(identity_.node, "sysdescr"), kDescription, true, now)});
}

void SysTopics::publish_clock(std::chrono::seconds uptime, UnixMillis now) const {
  publish_({message(sys_topic(identity_.node, "uptime"), uptime_text(uptime), false, now),
            message(sys_topic(identity_.node, "datetime"), datetime_text(now), false, now)});
}

void SysTopics::publish_figures(const Figures& stats, const Figures& metrics, UnixMillis now) const {
  std::vector<MessagePtr> messages;
  messages.reserve(stats.size() + metrics.size());
  for (const auto& [name, value] : stats) {
    messages.push_back(message(sys_topic(identity_.node, "stats/" + name), std::to_string(value), false, now));
  }
  for (const auto& [name, value] : metrics) {
    messages.push_back(message(sys_topic(identity_.node, "metrics/" + name), std::to_string(value), false, now));
  }
  publish_(std::move(messages));
}

std::vector<std::string> SysTopics::topics(const Figures& stats, const Figures& metrics) const {
  std::vector<std::string> names{kBrokers};
  for (const char* what : {"version", "uptime", "datetime", "sysdescr"}) {
    names.push_back(sys_topic(identity_.node, what));
  }
  for (const auto& [name, value] : stats) names.push_back(sys_topic(identity_.node, "stats/" + name));
  for (const auto& [name, value] : metrics) names.push_back(sys_topic(identity_.node, "metrics/" + name));
  return names;
}

}  // namespace sluice::management
