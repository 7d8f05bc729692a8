// SPDX-License-Identifier: Apache-2.0
#include "broker/management/event_publisher.h"

#include <span>
#include <utility>

#include "broker/management/management_probe.h"
#include "broker/management/text.h"
#include "broker/session/publish_pipeline.h"
#include "shared/log/log.h"

namespace sluice::management {
namespace {

void log_unpublished(std::string_view kind, std::string_view id, std::string_view event) {
  probe().events_unpublished.add();
  static log::RateLimit limit(1);
  if (const auto hushed = limit.admit(); hushed >= 0) {
    log::get("management")
        .warn(
            "event not published: kind={} event={} reason=id of {} bytes is too long for a topic "
            "({} like this not shown)",
            kind, event, id.size(), hushed);
  }
}

}  // namespace

EventPublisher::EventPublisher(session::SessionManager& sessions, std::string node)
    : sessions_(sessions), node_(std::move(node)) {
  on_subscribed_ = sessions_.core().hooks.session_subscribed.add(
      0, [this](const hooks::ClientInfo&, std::string_view filter, SubscriptionOptions) {
        note_filter(filter);
        return hooks::Next::Continue;
      });
  on_restored_ = sessions_.core().hooks.subscription_restored.add(0, [this](std::string_view filter) {
    note_filter(filter);
    return hooks::Next::Continue;
  });
}

EventPublisher::~EventPublisher() {
  sessions_.core().hooks.session_subscribed.remove(on_subscribed_);
  sessions_.core().hooks.subscription_restored.remove(on_restored_);
}

void EventPublisher::note_filter(std::string_view filter) {
  // Anywhere: prefixes of shared subscriptions come first. Wildcards alone do not match `$SYS/` [MQTT-4.7.2-1].
  if (filter.find("$SYS/") != std::string_view::npos) audience_.store(true, std::memory_order_relaxed);
}

void EventPublisher::publish(std::string_view kind, std::string_view id, std::string_view event,
                             const std::function<std::string()>& payload, Qos qos) const {
  if (!audience_.load(std::memory_order_relaxed)) return;
  const std::string topic = event_topic(node_, kind, id, event);
  if (topic.empty()) {
    log_unpublished(kind, id, event);
    return;
  }
  session::SessionContext& context = sessions_.context_of(*Shard::current());
  const std::string text = payload();
  context.shard.post([&context, message = Message::create({.topic = topic,
                                                           .payload = std::as_bytes(std::span(text)),
                                                           .properties = {},
                                                           .qos = qos,
                                                           .publisher = {},
                                                           .timestamp = context.wall_now()})] {
    session::publish_message(context, message);
  });
}

}  // namespace sluice::management
