// SPDX-License-Identifier: Apache-2.0
#include "broker/session/dispatcher.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/session/client_session.h"
#include "broker/session/session_probe.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

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

/// One session that gets the message, with what its subscriptions say about it.
struct Target {
  SessionRef session;
  QueuedMessage queued;
  storage::SessionId durable_id = 0;
};

/// Calls f(SessionRef, QueuedMessage&&) for each session that gets the message. Returns how many.
template <class F>
std::size_t for_each_session(SessionContext& context, const MessagePtr& message, F&& f) {
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
  std::size_t sessions = 0;
  for (std::size_t i = 0; i < matches.size(); ++sessions) {
    QueuedMessage queued = queued_for(context, message, matches[i]);
    const router::Match& first = matches[i++];
    for (; i < matches.size() && same_delivery(first, matches[i]); ++i) {
      merge(queued, queued_for(context, message, matches[i]));
    }
    f(first.session, std::move(queued));
  }
  context.matches = std::move(matches);
  if (sessions == 0 && message->publisher() != SessionRef{}) probe().no_subscribers.add();
  return sessions;
}

/// Members of a shared group that are asked for a place before the message is refused.
constexpr std::size_t kMostMembersAsked = 32;

/// Promises a place in the session's queue, or, through a shared subscription, in that of another member. Those who
/// have none are in `full`, or appended to it. False: nobody has one.
bool reserve_place(SessionContext& context, const MessagePtr& message, Target& target, std::vector<SessionRef>& full) {
  for (;;) {
    if (target.queued.qos == Qos::AtMostOnce) return true;
    if (context.core.table.reserve(target.session, context.settings.queue.max_length)) {
      target.queued.reserved = true;
      return true;
    }
    full.push_back(target.session);
    if (!target.queued.group || full.size() >= kMostMembersAsked) return false;
    const auto other =
        context.core.router.pick_other(context.shard.index(), target.queued.group, message->publisher(), full);
    if (!other) return false;
    target = {other->session, queued_for(context, message, *other)};
  }
}

/// For a message that cannot be refused any more: it gets a place even if there is none.
void take_place_at(SessionContext& context, Target& target) {
  if (target.queued.qos == Qos::AtMostOnce) return;
  target.queued.reserved = context.core.table.reserve(target.session, SessionTable::kNoLimit);
}

void release_places(SessionContext& context, std::vector<Target>& targets) {
  for (Target& target : targets) {
    if (std::exchange(target.queued.reserved, false)) context.core.table.unreserve(target.session);
  }
}

/// Tells the session that it made somebody's message be refused: once in an episode.
void tell_refused(SessionContext& context, SessionRef session, const Message& message) {
  const std::uint32_t where = context.core.table.shard_of(session);
  if (where == SessionTable::kNowhere || !context.core.table.begin_refusing(session)) return;
  SessionContext& there = *context.core.contexts[where];
  there.shard.post([&there, session, topic = std::string(message.topic())] {
    if (ClientSession* const target = there.core.table.find(session, there.shard.index())) target->note_refused(topic);
  });
}

/// Promises a place in the queue of everybody who needs one. False: somebody has none, and nothing is promised.
bool reserve_places(SessionContext& context, const MessagePtr& message, std::vector<Target>& targets) {
  std::vector<SessionRef> full;
  for (Target& target : targets) {
    full.clear();
    if (reserve_place(context, message, target, full)) continue;
    release_places(context, targets);
    for (const SessionRef session : full) tell_refused(context, session, *message);
    return false;
  }
  return true;
}

void log_refused(const Message& message, std::string_view why) {
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn("message refused: topic={} reason={} ({} like this not shown)",
                             log::loggable(message.topic()), why, hushed);
  }
}

/// From here on the message is delivered to everybody: a place that was taken is waited for. Returns how many durable
/// sessions there still are.
std::size_t take_places(SessionContext& context, std::vector<Target>& targets) {
  std::size_t durable = 0;
  for (Target& target : targets) {
    if (target.durable_id == 0) continue;
    target.queued.place = context.core.table.take_place(target.session);
    if (target.queued.place == 0) {
      target.durable_id = 0;  // it ended a moment ago
      continue;
    }
    context.records->note_place(target.durable_id, target.queued.place);
    ++durable;
  }
  return durable;
}

/// Puts the message into the shard's batch, once: with its session if that is the only one, else apart.
CommitTicket store_for(SessionContext& context, const Message& message, std::vector<Target>& targets,
                       std::size_t durable) {
  SessionRecords& records = *context.records;
  const storage::MessageId shared = durable > 1 ? records.put_shared(message, durable) : 0;
  for (Target& target : targets) {
    if (target.durable_id == 0) continue;
    QueuedMessage& queued = target.queued;
    queued.stored = true;
    queued.shared_record = shared;
    const std::string group =
        queued.group ? context.core.router.group_text(context.shard.index(), queued.group) : std::string();
    records.put_queued(target.durable_id, queued, group);
  }
  return records.journal().ticket();
}

void deliver_when_committed(SessionContext& context, CommitTicket ticket, Target target) {
  context.records->journal().when_committed(
      ticket, [&context, session = target.session, id = target.durable_id,
               queued = std::move(target.queued)]() mutable { deliver_to(context, session, std::move(queued), id); });
}

/// Finds out which of them are kept on disk. Returns how many.
std::size_t find_durable(SessionContext& context, std::vector<Target>& targets) {
  std::size_t durable = 0;
  for (Target& target : targets) {
    if (target.queued.qos != Qos::AtMostOnce) target.durable_id = context.core.table.durable_id(target.session);
    if (target.durable_id != 0) ++durable;
  }
  return durable;
}

/// Puts the message on its way to the disk for those whose sessions are kept there. Returns the ticket, or 0.
/// `takes`: what store_takes() said, once for the whole message.
CommitTicket keep(SessionContext& context, const Message& message, std::vector<Target>& targets, bool takes) {
  if (find_durable(context, targets) == 0) return 0;
  const bool stores = takes && !context.core.storage->drops_messages();
  const std::size_t durable = take_places(context, targets);
  return stores && durable > 0 ? store_for(context, message, targets, durable) : 0;
}

/// At QoS 2 not before it is safe. While the journal is held, nothing: another shard could erase what it has not put
/// yet.
void send_off(SessionContext& context, CommitTicket ticket, const Message& message, Target target) {
  const bool exactly_once = higher(message.qos(), target.queued.qos) == Qos::ExactlyOnce;
  if (target.queued.stored && (exactly_once || context.records->journal().held())) {
    deliver_when_committed(context, ticket, std::move(target));
  } else {
    deliver_to(context, target.session, std::move(target.queued), target.durable_id);
  }
}

/// Nobody is to get the message: a queue is full, or the store takes nothing.
bool refuses(SessionContext& context, const MessagePtr& message, std::vector<Target>& targets, bool takes) {
  if (context.core.overflow == Overflow::Refuse && !reserve_places(context, message, targets)) {
    probe().refused_overflow.add();
    return true;
  }
  if (takes || find_durable(context, targets) == 0) return false;
  release_places(context, targets);
  storage::probe().refused.add();
  log_refused(*message, "the store takes nothing: see its alarm");
  return true;
}

/// As dispatch(), where there are sessions that are kept on disk or whose places are counted.
Routed dispatch_carefully(SessionContext& context, const MessagePtr& message, Refusal refusal) {
  std::vector<Target> targets;
  const std::size_t sessions = for_each_session(context, message, [&](SessionRef session, QueuedMessage&& queued) {
    targets.push_back({session, std::move(queued)});
  });
  const bool takes = store_takes(context, refusal);
  if (refusal != Refusal::TooLate && message->publisher() && message->qos() != Qos::AtMostOnce) {
    if (refuses(context, message, targets, takes)) return {.refused = true};
  } else if (refusal == Refusal::TooLate && context.core.overflow == Overflow::Refuse) {
    for (Target& target : targets) take_place_at(context, target);
  }
  const CommitTicket ticket = keep(context, *message, targets, takes);
  const std::size_t changes = context.records ? context.records->journal().gathered() : 0;
  for (Target& target : targets) send_off(context, ticket, *message, std::move(target));
  if (message->qos() == Qos::AtMostOnce) return {.deliveries = sessions};
  // Where a member of a group had just ended, the message was put for another one.
  const bool more = context.records && context.records->journal().gathered() > changes;
  return {.deliveries = sessions, .ticket = more ? context.records->journal().ticket() : ticket};
}

}  // namespace

bool store_takes(const SessionContext& context, Refusal refusal) {
  if (context.core.storage == nullptr) return true;
  const storage::Storage& storage = *context.core.storage;
  switch (refusal) {
    case Refusal::Possible:
      return storage.takes_messages() || storage.drops_messages();
    case Refusal::Unheard:
      return storage.takes_additions() || storage.drops_messages();
    case Refusal::TooLate:
      break;
  }
  return true;
}

Routed dispatch(SessionContext& context, const MessagePtr& message, Refusal refusal) {
  if (context.core.may_refuse()) return dispatch_carefully(context, message, refusal);
  return {.deliveries = for_each_session(context, message, [&](SessionRef session, QueuedMessage&& queued) {
            deliver_to(context, session, std::move(queued), 0);
          })};
}

namespace {

/// What goes to another shard of a message that no store has.
class Passing {
 public:
  explicit Passing(QueuedMessage&& queued)
      : message_(std::move(queued.message)),
        more_ids_(std::move(queued.more_ids)),
        group_(queued.group),
        subscription_id_(queued.subscription_id),
        qos_(queued.qos),
        retain_(queued.retain),
        reserved_(queued.reserved),
        handed_on_(queued.handed_on) {}

  QueuedMessage arrive() && {
    QueuedMessage queued;
    queued.message = std::move(message_);
    queued.more_ids = std::move(more_ids_);
    queued.group = group_;
    queued.subscription_id = subscription_id_;
    queued.qos = qos_;
    queued.retain = retain_;
    queued.reserved = reserved_;
    queued.handed_on = handed_on_;
    return queued;
  }

 private:
  MessagePtr message_;
  std::unique_ptr<std::vector<std::uint32_t>> more_ids_;
  router::GroupRef group_;
  std::uint32_t subscription_id_;
  Qos qos_;
  bool retain_;
  bool reserved_ : 1;
  std::uint8_t handed_on_ : 2;
};
static_assert(sizeof(Passing) + sizeof(SessionContext*) + sizeof(SessionRef) <= InlineTask::kInlineBytes,
              "every delivery to another shard would need the heap");

/// How often a message of a group is handed on because its member has just ended: until that is known here, the same
/// ones may be picked again.
constexpr std::uint8_t kMostHandedOn = 3;

/// Its session ended a moment ago, and could not know of it.
void deliver_to_nobody(SessionContext& context, SessionRef gone, QueuedMessage& queued, storage::SessionId id) {
  if (queued.stored && id != 0) context.records->erase_queued(id, queued);
  if (!queued.group || queued.handed_on == kMostHandedOn) return;
  ++queued.handed_on;
  redeliver_to_group(context, queued, gone);
}

void deliver_here(SessionContext& context, SessionRef session, QueuedMessage&& queued, storage::SessionId id) {
  if (ClientSession* const target = context.core.table.find(session, context.shard.index())) {
    queued.handed_on = 0;
    target->deliver(std::move(queued));
  } else {
    deliver_to_nobody(context, session, queued, id);
  }
}

}  // namespace

void deliver_to(SessionContext& context, SessionRef session, QueuedMessage&& queued, storage::SessionId id) {
  const std::uint32_t where = context.core.table.shard_of(session);
  if (where == context.shard.index()) {
    deliver_here(context, session, std::move(queued), id);
    return;
  }
  if (where == SessionTable::kNowhere) {
    deliver_to_nobody(context, session, queued, id);
    return;
  }
  SessionContext& there = *context.core.contexts[where];
  const TaskSize size = size_of_delivery(*queued.message);
  if (queued.place == 0) {
    there.shard.post(
        [&there, session, passing = Passing(std::move(queued))]() mutable {
          deliver_here(there, session, std::move(passing).arrive(), 0);
        },
        size);
  } else {
    there.shard.post([&there, session, id,
                      queued = std::move(queued)]() mutable { deliver_here(there, session, std::move(queued), id); },
                     size);
  }
}

bool redeliver_to_group(SessionContext& context, const QueuedMessage& queued, SessionRef except) {
  const std::array<SessionRef, 1> excluded{except};
  const auto other =
      context.core.router.pick_other(context.shard.index(), queued.group, queued.message->publisher(), excluded);
  if (!other) return false;
  std::vector<Target> targets;
  Target& target = targets.emplace_back(Target{other->session, queued_for(context, queued.message, *other)});
  target.queued.handed_on = queued.handed_on;
  if (context.core.overflow == Overflow::Refuse) {
    std::vector<SessionRef> full{except};
    // Its publisher has been told yes: where no member has room, the queue of one becomes longer than it should.
    if (!reserve_place(context, queued.message, target, full)) take_place_at(context, target);
  }
  probe().redelivered.add();
  const CommitTicket ticket = keep(context, *queued.message, targets, true);
  send_off(context, ticket, *queued.message, std::move(target));
  return true;
}

}  // namespace sluice::session
