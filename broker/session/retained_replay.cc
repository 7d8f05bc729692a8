// SPDX-License-Identifier: Apache-2.0
#include "broker/session/retained_replay.h"

#include <memory>
#include <utility>

#include "broker/session/client_session.h"

namespace sluice::session {
namespace {

bool connected(const SessionContext& context, SessionRef ref) {
  const ClientSession* const session = context.core.table.find(ref, context.shard.index());
  return session != nullptr && session->attached();
}

}  // namespace

SessionContext::SessionContext(SessionCore& shared, Shard& own, SessionSettings initial)
    : core(shared), shard(own), settings(std::move(initial)), replays(std::make_unique<RetainedReplays>(*this)) {}
SessionContext::~SessionContext() = default;

RetainedReplay::RetainedReplay(std::string filter, SubscriptionOptions options, std::uint32_t subscription_id)
    : filter_(std::move(filter)), options_(options), subscription_id_(subscription_id) {}

RetainedReplay::Progress RetainedReplay::send_some(SessionContext& context, SessionRef ref) {
  ClientSession* const session = context.core.table.find(ref, context.shard.index());
  if (session == nullptr) return Progress::Over;
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

void RetainedReplays::add(SessionRef session, RetainedReplay replay) {
  Client& client = clients_[session.slot];
  client.session = session;
  client.replays.push_back(std::move(replay));
  schedule(client);
}

void RetainedReplays::resume(SessionRef session) {
  if (Client* const client = find(session)) schedule(*client);
}

void RetainedReplays::drop(SessionRef session, std::string_view filter) {
  Client* const client = find(session);
  if (client == nullptr) return;
  std::erase_if(client->replays, [&](const RetainedReplay& replay) { return replay.filter() == filter; });
}

void RetainedReplays::drop(SessionRef session) {
  Client* const client = find(session);
  if (client == nullptr) return;
  client->replays.clear();
  if (!client->scheduled) clients_.erase(session.slot);
}

RetainedReplays::Client* RetainedReplays::find(SessionRef session) {
  const auto client = clients_.find(session.slot);
  return client != clients_.end() && client->second.session == session ? &client->second : nullptr;
}

void RetainedReplays::schedule(Client& client) {
  if (std::exchange(client.scheduled, true)) return;
  ready_.push_back(client.session.slot);
  context_.shard.at_turn_end(*this);
}

std::size_t RetainedReplays::waiting(SessionRef session) const {
  const auto client = clients_.find(session.slot);
  return client != clients_.end() && client->second.session == session ? client->second.replays.size() : 0;
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
    const std::uint32_t slot = ready_.front();
    ready_.pop_front();
    serve(slot);
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

void RetainedReplays::serve(std::uint32_t slot) {
  Client& client = clients_.at(slot);
  if (!client.replays.empty()) {
    switch (client.replays.front().send_some(context_, client.session)) {
      case RetainedReplay::Progress::Over:
        client.replays.pop_front();
        break;
      case RetainedReplay::Progress::More:
        break;
      case RetainedReplay::Progress::Blocked:
        client.scheduled = connected(context_, client.session);
        if (client.scheduled) blocked_.push_back(slot);
        return;
    }
  }
  if (client.replays.empty()) {
    clients_.erase(slot);
  } else {
    ready_.push_back(slot);
  }
}

}  // namespace sluice::session
