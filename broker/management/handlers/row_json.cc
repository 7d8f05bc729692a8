// SPDX-License-Identifier: Apache-2.0
#include "broker/management/handlers/row_json.h"

#include "broker/management/text.h"

namespace sluice::management {

Json to_json(const ClientRow& row, bool details) {
  Json json{{"client_id", row.client_id},          {"username", row.username},
            {"ipaddress", row.peer.ip_string()},   {"port", row.peer.port},
            {"clean_sess", row.clean_start},       {"proto_ver", row.protocol_version},
            {"keepalive", row.keep_alive_seconds}, {"connected_at", datetime_text(row.connected_at)}};
  if (details) {
    json["peername"] = row.peer.to_string();
    json["connected_ts"] = row.connected_at / 1000;
  }
  return json;
}

Json to_json(const SessionRow& row, bool details) {
  Json json{{"client_id", row.client_id},
            {"clean_sess", !row.persistent},
            {"subscriptions", row.subscriptions},
            {"max_inflight", row.max_inflight},
            {"inflight_len", row.inflight},
            {"mqueue_len", row.queued},
            {"mqueue_dropped", row.dropped},
            {"awaiting_rel_len", row.awaiting_release},
            {"deliver_msg", row.delivered},
            {"enqueue_msg", row.enqueued},
            {"created_at", datetime_text(row.created_at)}};
  if (details) {
    json["awaiting_ack"] = row.inflight - row.awaiting_completion;
    json["awaiting_comp"] = row.awaiting_completion;
    json["created_ts"] = row.created_at / 1000;
  }
  return json;
}

Json to_json(const SubscriptionRow& row, bool) {
  return {{"client_id", row.client_id}, {"topic", row.topic}, {"qos", static_cast<int>(row.qos)}};
}

}  // namespace sluice::management
