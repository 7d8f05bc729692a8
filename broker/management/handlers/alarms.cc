// SPDX-License-Identifier: Apache-2.0
// Active alarms, as EMQ 2.x lists them (the manual has no section for it).
#include "broker/management/handlers/api_json.h"
#include "broker/management/handlers/handlers.h"
#include "broker/management/text.h"

namespace sluice::management {

void add_alarm_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "nodes/{}/alarms", on_node(services, [&services](const ApiCall&) {
               Json list = Json::array();
               for (const ActiveAlarm& alarm : services.alarms.active()) {
                 list.push_back({{"id", alarm.id},
                                 {"severity", alarm.severity},
                                 {"title", alarm.title},
                                 {"summary", alarm.summary},
                                 {"occurred_at", datetime_text(alarm.raised_at)}});
               }
               return api_ok(std::move(list));
             }));
}

}  // namespace sluice::management
