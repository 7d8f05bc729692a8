// SPDX-License-Identifier: Apache-2.0
// Connected clients (manual 13.4).
#include <algorithm>
#include <string>

#include "broker/management/handlers/handlers.h"
#include "broker/management/handlers/session_lists.h"
#include "shared/metrics/registry.h"

namespace sluice::management {
namespace {

ApiResponse offline() { return api_error(404, ApiCode::ClientOffline, "this client is not connected"); }

ApiResponse kick(const Services& services, const ApiCall& call) {
  const std::string& client_id = call.arguments.back();
  const auto found = rows_of<ClientRows>(services.core, client_id, 0, 1);
  if (!found) return api_busy();
  if (found->rows.empty() || !services.deps.sessions.kick(client_id)) return offline();
  return api_ok(Json::array());
}

ApiResponse clean_acl_cache(const Services& services, const ApiCall& call) {
  return with_text(call.body, "topic", [&](std::string topic) {
    const auto& core = services.core;
    const auto ref = core.registry.find(call.arguments.front());
    const std::uint32_t where = ref ? core.table.shard_of(*ref) : session::SessionTable::kNowhere;
    if (where == session::SessionTable::kNowhere) return offline();
    const auto done = ask_shard(*core.contexts[where], [target = *ref, topic = std::move(topic)](auto& context) {
      session::ClientSession* const session = context.core.table.find(target, context.shard.index());
      if (session == nullptr || !session->attached()) return false;
      session->clear_acl_cache(topic);
      return true;
    });
    if (!done) return api_busy();
    return *done ? api_ok(Json::array()) : offline();
  });
}

}  // namespace

void add_client_paths(RestRouter& router, Services& services) {
  const auto show = [&services](const ApiCall& call) { return show_rows<ClientRows>(services, call); };
  router.add(Method::Get, "nodes/{}/clients", on_node(services, [&services](const ApiCall& call) {
               const auto total = static_cast<std::size_t>(std::max<std::int64_t>(0, metrics::read("clients/count")));
               return list_rows<ClientRows>(services, call, total);
             }));
  router.add(Method::Get, "nodes/{}/clients/{*}", on_node(services, show));
  router.add(Method::Get, "clients/{*}", show);
  router.add(Method::Delete, "clients/{*}", [&services](const ApiCall& call) { return kick(services, call); });
  router.add(Method::Put, "clients/{}/clean_acl_cache",
             [&services](const ApiCall& call) { return clean_acl_cache(services, call); });
}

}  // namespace sluice::management
