// SPDX-License-Identifier: Apache-2.0
#include "broker/management/alarms.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "broker/management/management_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::management {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

}  // namespace

Alarms::Alarms(const EventPublisher& events, std::size_t limit) : events_(events), limit_(limit) {
  on_raised_ = events_.sessions().core().hooks.alarm_raised.add(0, [this](const hooks::Alarm& alarm) {
    raise(alarm);
    return hooks::Next::Continue;
  });
  on_cleared_ = events_.sessions().core().hooks.alarm_cleared.add(0, [this](std::string_view id) {
    clear(id);
    return hooks::Next::Continue;
  });
}

Alarms::~Alarms() {
  events_.sessions().core().hooks.alarm_raised.remove(on_raised_);
  events_.sessions().core().hooks.alarm_cleared.remove(on_cleared_);
}

void Alarms::raise(const hooks::Alarm& alarm) {
  const UnixMillis now = unix_millis();
  if (!keep({std::string(alarm.id), std::string(alarm.severity), std::string(alarm.title), std::string(alarm.summary),
             now})) {
    probe().alarms_untracked.add();
    static log::RateLimit limit(1);
    if (const auto hushed = limit.admit(); hushed >= 0) {
      log::get("management")
          .warn("alarm not listed: {} are active already; id={} ({} like this not shown)", limit_,
                log::loggable(alarm.id), hushed);
    }
  }
  events_.publish("alarms", alarm.id, "alert", [&] { return alert_json(alarm, now); }, Qos::AtMostOnce);
}

bool Alarms::keep(ActiveAlarm alarm) {
  MutexLock lock(mutex_);
  const auto known = active_.find(alarm.id);
  if (known != active_.end()) {
    known->second = std::move(alarm);
    return true;
  }
  if (active_.size() >= limit_) return false;
  std::string id = alarm.id;
  active_.emplace(std::move(id), std::move(alarm));
  probe().alarms.add(1);
  return true;
}

void Alarms::clear(std::string_view id) {
  {
    MutexLock lock(mutex_);
    const auto known = active_.find(id);
    if (known != active_.end()) {
      active_.erase(known);
      probe().alarms.add(-1);
    }
  }
  events_.publish("alarms", id, "clear", [&] { return clear_json(id, unix_millis()); }, Qos::AtMostOnce);
}

std::vector<ActiveAlarm> Alarms::active() const {
  MutexLock lock(mutex_);
  std::vector<ActiveAlarm> all;
  all.reserve(active_.size());
  for (const auto& [id, alarm] : active_) all.push_back(alarm);
  return all;
}

std::string alert_json(const hooks::Alarm& alarm, UnixMillis now) {
  return text({{"id", alarm.id},
               {"severity", alarm.severity},
               {"title", alarm.title},
               {"summary", alarm.summary},
               {"ts", now / 1000}});
}

std::string clear_json(std::string_view id, UnixMillis now) { return text({{"id", id}, {"ts", now / 1000}}); }

}  // namespace sluice::management
