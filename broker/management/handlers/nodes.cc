// SPDX-License-Identifier: Apache-2.0
// Who this is (manual 13.3.1, 13.3.2).
#include <string>

#include "broker/management/handlers/api_json.h"
#include "broker/management/handlers/handlers.h"
#include "broker/management/text.h"

namespace sluice::management {
namespace {

Json description(const Services& services) {
  return {{"version", services.deps.version},
          {"sysdescr", SysTopics::kDescription},
          {"uptime", uptime_text(services.uptime())},
          {"datetime", datetime_text(unix_millis())},
          {"otp_release", "none"},  // there is no Erlang here; the member stays for those who read it
          {"node_status", "Running"}};
}

}  // namespace

void add_node_paths(RestRouter& router, Services& services) {
  router.add(Method::Get, "management/nodes", [&services](const ApiCall&) {
    Json node{{"name", services.deps.node}};
    node.update(description(services));
    return api_ok(Json::array({std::move(node)}));
  });
  router.add(Method::Get, "management/nodes/{}",
             on_node(services, [&services](const ApiCall&) { return api_ok(description(services)); }));
}

}  // namespace sluice::management
