// SPDX-License-Identifier: Apache-2.0
#include "broker/session/retained_replay.h"

#include <iterator>
#include <memory>
#include <utility>

#include "broker/session/client_session.h"
#include "broker/session/retained_search.h"

namespace sluice::session {
namespace {

bool connected(const SessionContext& context, SessionRef ref) {
  const ClientSession* const session = context.core.table.find(ref, context.shard.index());
  return session != nullptr && session->attached();
}

}  // namespace

SessionContext::SessionContext(SessionCore& shared, Shard& own, SessionSettings initial)
    : core(shared),
      shard(own),
      replays(std::make_unique<RetainedReplays>(*this)),
      searches(std::make_unique<RetainedSearches>(*this)),
      records(shared.storage == nullptr ? nullptr : std::make_unique<SessionRecords>(*shared.storage, own)) {
  apply(std::move(initial));
}
SessionContext::~SessionContext() = default;

bool SessionContext::apply(SessionSettings next) {
  const bool changed = next.queue.max_length != settings.queue.max_length ||
                       next.queue.low_watermark != settings.queue.low_watermark ||
                       next.queue.high_watermark != settings.queue.high_watermark;
  settings = std::move(next);
  settings.queue.keeps_promises = core.overflow == Overflow::Refuse;
  return changed;
}

RetainedReplay::RetainedReplay(std::string filter, SubscriptionOptions options, std::uint32_t subscription_id,
                               CommitTicket ticket)
    : filter_(std::move(filter)), options_(options), subscription_id_(subscription_id), ticket_(ticket) {}

RetainedReplay::Progress RetainedReplay::send_some(SessionContext& context, SessionRef ref) {
  ClientSession* const session = context.core.table.find(ref, context.shard.index());
  if (session == nullptr) return Progress::Over;
  if (ticket_ != 0 && !context.records->journal().is_committed(ticket_)) return Progress::Waits;
  if (context.core.retainer.loading()) return Progress::Blocked;
  if (sent_ == found_.size()) {
    if (cursor_.done) return Progress::Over;
    found_.clear();
    sent_ = 0;
    context.core.retainer.lookup(filter_, context.wall_now(), cursor_, kPerStep, found_);
  }
  while (sent_ < found_.size()) {
    if (!session->ready_for_more()) return Progress::Blocked;
    const MessagePtr& message = found_[sent_++];
    QueuedMessage queued;
    queued.message = message;
    queued.subscription_id = subscription_id_;
    queued.qos =
        context.settings.upgrade_qos ? higher(message->qos(), options_.qos) : lower(message->qos(), options_.qos);
    queued.retain = true;  // the answer to a new subscription [MQTT-3.3.1-8]
    session->deliver(std::move(queued));
  }
  return cursor_.done ? Progress::Over : Progress::More;
}

void RetainedReplay::replace(SubscriptionOptions options, std::uint32_t subscription_id) {
  options_ = options;
  subscription_id_ = subscription_id;
}

void ReplayQueue::push(RetainedReplay replay) {
  drop(replay.filter());
  order_.push_back(std::move(replay));
  by_filter_.emplace(order_.back().filter(), std::prev(order_.end()));
}

RetainedReplay* ReplayQueue::find(std::string_view filter) {
  const auto found = by_filter_.find(filter);
  return found == by_filter_.end() ? nullptr : &*found->second;
}

void ReplayQueue::drop(std::string_view filter) {
  const auto found = by_filter_.find(filter);
  if (found == by_filter_.end()) return;
  const auto replay = found->second;
  by_filter_.erase(found);
  order_.erase(replay);
}

void RetainedReplays::add(SessionRef session, RetainedReplay replay) {
  Client& client = clients_[key_of(session)];
  client.session = session;
  client.replays.push(std::move(replay));
  schedule(client);
}

void RetainedReplays::replace(SessionRef session, std::string_view filter, SubscriptionOptions options,
                              std::uint32_t subscription_id) {
  Client* const client = find(session);
  if (client == nullptr) return;
  if (RetainedReplay* const replay = client->replays.find(filter)) replay->replace(options, subscription_id);
}

void RetainedReplays::drop(SessionRef session, std::string_view filter) {
  if (Client* const client = find(session)) client->replays.drop(filter);
}

void RetainedReplays::resume(SessionRef session) {
  if (Client* const client = find(session)) schedule(*client);
}

RetainedReplays::Client* RetainedReplays::find(SessionRef session) {
  if (clients_.empty()) return nullptr;
  const auto client = clients_.find(key_of(session));
  return client == clients_.end() ? nullptr : &client->second;
}

void RetainedReplays::schedule(Client& client) {
  if (std::exchange(client.scheduled, true)) return;
  ready_.push_back(key_of(client.session));
  context_.shard.at_turn_end(*this);
}

void RetainedReplays::clear() {
  cancel();
  clients_.clear();
  ready_.clear();
  blocked_.clear();
}

void RetainedReplays::on_turn_end() { serve_clients(); }

void RetainedReplays::on_timer(TimePoint) {
  ready_.insert(ready_.end(), blocked_.begin(), blocked_.end());
  blocked_.clear();
  serve_clients();
}

void RetainedReplays::serve_clients() {
  const TimePoint end = Clock::now() + kPerTurn;
  while (!ready_.empty()) {
    const Key key = ready_.front();
    ready_.pop_front();
    serve(key);
    if (Clock::now() >= end) break;
  }
  if (!ready_.empty() && !std::exchange(posted_, true)) {
    context_.shard.post([this] {
      posted_ = false;
      serve_clients();
    });
  }
  if (!blocked_.empty() && !armed()) context_.shard.wheel().arm(*this, context_.now() + kBlockedWait);
}

void RetainedReplays::serve(Key key) {
  Client& client = clients_.at(key);
  if (!client.replays.empty()) {
    switch (client.replays.front().send_some(context_, client.session)) {
      case RetainedReplay::Progress::Over:
        client.replays.pop_front();
        break;
      case RetainedReplay::Progress::More:
        break;
      case RetainedReplay::Progress::Waits:
        client.scheduled = false;
        return;
      case RetainedReplay::Progress::Blocked:
        client.scheduled = connected(context_, client.session);
        if (client.scheduled) blocked_.push_back(key);
        return;
    }
  }
  if (client.replays.empty()) {
    clients_.erase(key);
  } else {
    ready_.push_back(key);
  }
}

}  // namespace sluice::session
