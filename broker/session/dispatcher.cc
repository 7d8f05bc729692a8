// SPDX-License-Identifier: Apache-2.0
#include "broker/session/dispatcher.h"

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "broker/session/client_session.h"
#include "broker/session/session_probe.h"

namespace sluice::session {
namespace {

QueuedMessage queued_for(const SessionContext& context, const MessagePtr& message, const router::Match& match) {
  QueuedMessage queued;
  queued.message = message;
  queued.subscription_id = match.subscription_id;
  queued.qos = context.settings.upgrade_qos ? higher(message->qos(), match.options.qos)
                                            : lower(message->qos(), match.options.qos);
  queued.retain = message->retain() && match.options.retain_as_published;
  queued.group = match.group;
  return queued;
}

/// Adds a further subscription of the same session to what it gets anyway.
void merge(QueuedMessage& into, QueuedMessage&& further) {
  into.qos = higher(into.qos, further.qos);
  into.retain = into.retain || further.retain;
  if (further.subscription_id == 0) return;
  if (into.subscription_id == 0 && !into.more_ids) {
    into.subscription_id = further.subscription_id;
    return;
  }
  if (!into.more_ids) into.more_ids = std::make_unique<std::vector<std::uint32_t>>(1, into.subscription_id);
  into.more_ids->push_back(further.subscription_id);
}

/// A long message may have to be encrypted or compressed for its client.
TaskSize size_of_delivery(const Message& message) {
  constexpr std::size_t kSmall = 16 * 1024UL;
  return message.footprint() <= kSmall ? TaskSize::Small : TaskSize::Large;
}

bool same_delivery(const router::Match& a, const router::Match& b) {
  return a.session == b.session && !a.group && !b.group;
}

}  // namespace

std::size_t dispatch(SessionContext& context, const MessagePtr& message) {
  // Taken out of the context: a delivery may lead to another message (an alarm) and come back here.
  std::vector<router::Match> matches = std::exchange(context.matches, {});
  context.core.router.match(context.shard.index(), message->topic(), message->publisher(), matches);
  if (context.settings.ignore_loop_deliver) {
    std::erase_if(matches, [&](const router::Match& m) { return !m.group && m.session == message->publisher(); });
  }
  if (matches.size() > 1) {
    std::sort(matches.begin(), matches.end(),
              [](const router::Match& a, const router::Match& b) { return a.session.slot < b.session.slot; });
  }
  std::size_t deliveries = 0;
  for (std::size_t i = 0; i < matches.size(); ++deliveries) {
    QueuedMessage queued = queued_for(context, message, matches[i]);
    const router::Match& first = matches[i++];
    for (; i < matches.size() && same_delivery(first, matches[i]); ++i) {
      merge(queued, queued_for(context, message, matches[i]));
    }
    deliver_to(context, first.session, std::move(queued));
  }
  context.matches = std::move(matches);
  if (deliveries == 0 && message->publisher() != SessionRef{}) probe().no_subscribers.add();
  return deliveries;
}

void deliver_to(SessionContext& context, SessionRef session, QueuedMessage queued) {
  const std::uint32_t where = context.core.table.shard_of(session);
  if (where == context.shard.index()) {
    if (ClientSession* const target = context.core.table.find(session, where)) target->deliver(std::move(queued));
    return;
  }
  if (where == SessionTable::kNowhere) return;
  SessionContext& there = *context.core.contexts[where];
  const TaskSize size = size_of_delivery(*queued.message);
  there.shard.post(
      [&there, session, queued = std::move(queued)]() mutable {
        if (ClientSession* const target = there.core.table.find(session, there.shard.index())) {
          target->deliver(std::move(queued));
        }
      },
      size);
}

bool redeliver_to_group(SessionContext& context, const QueuedMessage& queued, SessionRef except) {
  const std::array<SessionRef, 1> excluded{except};
  const auto other =
      context.core.router.pick_other(context.shard.index(), queued.group, queued.message->publisher(), excluded);
  if (!other) return false;
  probe().redelivered.add();
  deliver_to(context, other->session, queued_for(context, queued.message, *other));
  return true;
}

}  // namespace sluice::session
