// SPDX-License-Identifier: Apache-2.0
#include "broker/management/stats.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "shared/metrics/registry.h"

namespace sluice::management {
namespace {

constexpr std::string_view kManualMetrics[] = {"bytes/received",
                                               "bytes/sent",
                                               "messages/dropped",
                                               "messages/qos0/received",
                                               "messages/qos0/sent",
                                               "messages/qos1/received",
                                               "messages/qos1/sent",
                                               "messages/qos2/dropped",
                                               "messages/qos2/received",
                                               "messages/qos2/sent",
                                               "messages/received",
                                               "messages/retained",
                                               "messages/sent",
                                               "packets/connack",
                                               "packets/connect",
                                               "packets/disconnect",
                                               "packets/pingreq",
                                               "packets/pingresp",
                                               "packets/puback/missed",
                                               "packets/puback/received",
                                               "packets/puback/sent",
                                               "packets/pubcomp/missed",
                                               "packets/pubcomp/received",
                                               "packets/pubcomp/sent",
                                               "packets/publish/received",
                                               "packets/publish/sent",
                                               "packets/pubrec/missed",
                                               "packets/pubrec/received",
                                               "packets/pubrec/sent",
                                               "packets/pubrel/missed",
                                               "packets/pubrel/received",
                                               "packets/pubrel/sent",
                                               "packets/received",
                                               "packets/sent",
                                               "packets/suback",
                                               "packets/subscribe",
                                               "packets/unsuback",
                                               "packets/unsubscribe"};

struct Count {
  std::string_view name;
  std::int64_t value;
};

std::array<Count, 8> count(const session::SessionCore& core) {
  const router::RouterStats router = core.router.stats();
  const auto number = [](std::size_t n) { return static_cast<std::int64_t>(n); };
  return {{{"clients", metrics::read("clients/count")},
           {"sessions", metrics::read("sessions/count")},
           {"subscriptions", number(router.subscriptions)},
           {"subscribers", number(router.subscriptions)},
           {"topics", number(router.routes)},
           {"routes", number(router.routes)},
           {"retained", number(core.retainer.count())},
           {"queues", number(router.groups)}}};
}

}  // namespace

void Stats::sample() { static_cast<void>(read()); }

Figures Stats::read() {
  Figures figures;
  for (const metrics::Sample& sample : metrics::read_all()) {
    if (sample.kind == metrics::Kind::Gauge) figures.emplace(sample.name, sample.value);
  }
  for (const Count& one : count(core_)) {
    const std::string name(one.name);
    std::int64_t& max = max_[name];
    max = std::max(max, one.value);
    figures[name + "/count"] = one.value;
    figures[name + "/max"] = max;
  }
  figures["routes/reverse"] = figures["routes/count"];
  return figures;
}

Figures read_metrics(const session::SessionCore& core) {
  Figures figures;
  for (const std::string_view name : kManualMetrics) figures.emplace(name, 0);
  for (const metrics::Sample& sample : metrics::read_all()) {
    if (sample.kind == metrics::Kind::Counter) figures[std::string(sample.name)] = sample.value;
  }
  figures["messages/retained"] = static_cast<std::int64_t>(core.retainer.count());
  return figures;
}

}  // namespace sluice::management
