// SPDX-License-Identifier: Apache-2.0
#include "broker/management/event_publisher.h"

#include <span>
#include <string>

#include "broker/management/management_probe.h"
#include "broker/management/text.h"
#include "broker/session/publish_pipeline.h"
#include "shared/log/log.h"

namespace sluice::management {

void publish_event(session::SessionManager& sessions, const EventName& name, std::string_view payload, Qos qos) {
  const std::string topic = event_topic(name.node, name.kind, name.id, name.event);
  if (topic.empty()) {
    probe().events_unpublished.add();
    static log::RateLimit limit(1);
    if (const auto hushed = limit.admit(); hushed >= 0) {
      log::get("management")
          .warn(
              "event not published: kind={} event={} reason=id of {} bytes is too long for a topic "
              "({} like this not shown)",
              name.kind, name.event, name.id.size(), hushed);
    }
    return;
  }
  session::SessionContext& context = sessions.context_of(*Shard::current());
  context.shard.post([&context, message = Message::create({.topic = topic,
                                                           .payload = std::as_bytes(std::span(payload)),
                                                           .properties = {},
                                                           .qos = qos,
                                                           .publisher = {},
                                                           .timestamp = context.wall_now()})] {
    session::publish_message(context, message);
  });
}

}  // namespace sluice::management
