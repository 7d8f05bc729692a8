// SPDX-License-Identifier: Apache-2.0
#include "broker/session/publish_pipeline.h"

#include <string>

#include "broker/router/topic_rules.h"
#include "broker/session/client_session.h"
#include "broker/session/dispatcher.h"
#include "broker/session/session_probe.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

/// `$SYS/…` is the broker's own voice.
bool reserved(std::string_view topic) { return topic.starts_with("$SYS/"); }

Reason authorise(ClientSession& session, std::string_view topic) {
  const Reason reason = may_publish(session, topic);
  if (reason == Reason::NotAuthorized) {
    probe().dropped.add();
    probe().dropped_denied.add();
  }
  return reason;
}

UnixMillis expiry_at(std::optional<std::uint32_t> seconds, UnixMillis now) {
  return seconds ? now + static_cast<UnixMillis>(*seconds) * 1000 : 0;
}

MessagePtr make_message(ClientSession& session, MessageParts parts) {
  parts.publisher = session.ref();
  if (session.mountpoint().empty()) return Message::create(parts);
  const std::string mounted = std::string(session.mountpoint()).append(parts.topic);
  parts.topic = mounted;
  return Message::create(parts);
}

/// Hooks, then retain and route.
Routed publish_from(ClientSession& session, MessagePtr message, Refusal refusal) {
  SessionContext& context = session.context();
  if (!context.core.hooks.message_publish.empty()) {
    context.core.hooks.message_publish.run(session.info(), message);
    if (!message) return {};
  }
  return publish_message(context, message, refusal);
}

/// For as long as the store takes no messages.
void note_refused(const Message& message, std::string_view why) {
  storage::probe().refused.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "message refused: topic={} reason={}, and the store takes nothing: see its alarm ({} like this not shown)",
        log::loggable(message.topic()), why, hushed);
  }
}

/// Who will get it is known later only, and that there are sessions on disk.
Routed park(SessionContext& context, const MessagePtr& message, Refusal refusal) {
  if (message->qos() != Qos::AtMostOnce && message->publisher() && !store_takes(context, refusal)) {
    note_refused(*message, "sessions are being restored");
    return {.refused = true};
  }
  if (!context.parked.add(message)) {
    probe().parked_refused.add();
    return {.refused = true};
  }
  return {.deliveries = 1, .ticket = message->qos() == Qos::AtMostOnce ? 0 : context.records->journal().touch()};
}

/// A retained message that has to survive, and cannot be taken for now. What clears one makes room.
bool exceeds_storage(SessionContext& context, const Message& message, Refusal refusal) {
  if (message.qos() == Qos::AtMostOnce || !message.publisher() || !context.core.retainer.durable()) return false;
  if (store_takes(context, refusal) || (message.payload().empty() && context.core.storage->takes_changes())) {
    return false;
  }
  note_refused(message, "it is to be retained");
  return true;
}

Routed retain_and_route(SessionContext& context, const MessagePtr& message, Refusal refusal) {
  if (!message->retain()) return dispatch(context, message, refusal);
  if (exceeds_storage(context, *message, refusal)) return {.refused = true};
  retainer::Retainer& retainer = context.core.retainer;
  const bool may_refuse = context.core.may_refuse();
  retainer::RetainedBefore before;
  // Before it is routed: whoever subscribes in between gets it from here.
  retainer.store(message, context.wall_now(), may_refuse ? &before : nullptr);
  Routed routed = dispatch(context, message, refusal);
  if (routed.refused) {
    retainer.undo(message, before);  // its publisher is told no: nothing may be left of it
    return routed;
  }
  if (retainer.durable() && context.records && message->qos() != Qos::AtMostOnce) {
    routed.ticket = context.records->journal().touch();
  }
  return routed;
}

void log_lost_will(const ClientSession& session, const WillRequest& will, Reason refused) {
  static log::RateLimit limit(1);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("session").info("will not published: client_id={} topic={} reason={} ({} like this not shown)",
                           log::loggable(session.client_id()), log::loggable(will.topic), reason_name(refused), hushed);
}

}  // namespace

Reason may_publish(ClientSession& session, std::string_view topic) {
  if (router::check_topic_name(topic, session.context().settings.max_topic_levels)) return Reason::TopicNameInvalid;
  if (!reserved(topic) && session.allowed(auth::Action::Publish, topic)) [[likely]]
    return Reason::Success;
  auth::log_acl_denied(session.client_id(), auth::Action::Publish, topic);
  return Reason::NotAuthorized;
}

PublishResult publish(ClientSession& session, const PublishRequest& request) {
  if (const Reason refused = authorise(session, request.topic); refused != Reason::Success) return refused;
  const UnixMillis now = session.context().wall_now();
  const MessagePtr message = make_message(session, {.topic = request.topic,
                                                    .payload = request.payload,
                                                    .properties = request.properties,
                                                    .qos = request.qos,
                                                    .retain = request.retain,
                                                    .publisher = {},
                                                    .timestamp = now,
                                                    .expires_at = expiry_at(request.expiry_seconds, now)});
  const Routed routed = publish_from(session, message, Refusal::Possible);
  if (routed.refused) return Reason::QuotaExceeded;
  return {routed.deliveries > 0 ? Reason::Success : Reason::NoMatchingSubscribers, session.await(routed.ticket)};
}

bool publish_will(ClientSession& session, const WillRequest& will) {
  if (const Reason refused = authorise(session, will.topic); refused != Reason::Success) {
    log_lost_will(session, will, refused);
    return true;
  }
  const UnixMillis now = session.context().wall_now();
  const MessagePtr message = make_message(session, {.topic = will.topic,
                                                    .payload = will.payload,
                                                    .properties = will.properties,
                                                    .qos = will.qos,
                                                    .retain = will.retain,
                                                    .publisher = {},
                                                    .timestamp = now,
                                                    .expires_at = expiry_at(will.expiry_seconds, now)});
  return !publish_from(session, message, Refusal::Unheard).refused;
}

void give_up_will(const ClientSession& session, const WillRequest& will) {
  probe().refused_will.add();
  log_lost_will(session, will, Reason::QuotaExceeded);
}

Routed publish_message(SessionContext& context, const MessagePtr& message, Refusal refusal) {
  if (context.parked.active() && !reserved(message->topic())) return park(context, message, refusal);
  return retain_and_route(context, message, refusal);
}

void publish_parked(SessionContext& context) {
  constexpr int kPerTurn = 256;
  for (int i = 0; i < kPerTurn; ++i) {
    const MessagePtr message = context.parked.take();
    if (message == nullptr) {
      context.records->journal().release();
      context.core.released.fetch_add(1, std::memory_order_release);
      return;
    }
    // Its publisher has been told nothing yet, but will be told yes: the acknowledgement waits for the commit only.
    retain_and_route(context, message, Refusal::TooLate);
  }
  context.shard.post([&context] { publish_parked(context); });
}

}  // namespace sluice::session
