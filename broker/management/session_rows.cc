// SPDX-License-Identifier: Apache-2.0
#include "broker/management/session_rows.h"

namespace sluice::management {

ClientRow ClientRows::row(session::ClientSession& session, std::size_t) {
  const session::ClientDetails& details = session.details();
  return {.client_id = std::string(session.client_id()),
          .username = details.username.value_or("undefined"),
          .peer = details.address,
          .clean_start = details.clean_start,
          .protocol_version = protocol_version(details.protocol),
          .keep_alive_seconds = details.keep_alive_seconds,
          .connected_at = details.connected_at};
}

SessionRow SessionRows::row(session::ClientSession& session, std::size_t) {
  return {.client_id = std::string(session.client_id()),
          .persistent = session.expiry_seconds() > 0,
          .subscriptions = session.subscriptions().size(),
          .max_inflight = session.context().settings.max_inflight,
          .inflight = session.inflight(),
          .queued = session.queued(),
          .dropped = session.dropped(),
          .awaiting_release = session.awaiting_release(),
          .awaiting_completion = session.awaiting_completion(),
          .delivered = session.delivered(),
          .enqueued = session.enqueued(),
          .created_at = session.created_at()};
}

SubscriptionRow SubscriptionRows::row(session::ClientSession& session, std::size_t index) {
  const session::OwnSubscription& own = **(session.subscriptions().begin() + static_cast<std::ptrdiff_t>(index));
  return {.client_id = std::string(session.client_id()), .topic = own.filter, .qos = own.options.qos};
}

}  // namespace sluice::management
