// SPDX-License-Identifier: Apache-2.0
#include "broker/session/retained_replay.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/session/client_session.h"

namespace sluice::session {

SessionContext::SessionContext(SessionCore& shared, Shard& own, SessionSettings initial)
    : core(shared), shard(own), settings(std::move(initial)) {}
SessionContext::~SessionContext() = default;

void RetainedReplay::start(SessionContext& context, SessionRef session, std::string filter, SubscriptionOptions options,
                           std::uint32_t subscription_id) {
  if (context.core.retainer.count() == 0) return;
  context.replays.push_back(
      std::make_unique<RetainedReplay>(context, session, std::move(filter), options, subscription_id));
  context.replays.back()->begin();
}

RetainedReplay::RetainedReplay(SessionContext& context, SessionRef session, std::string filter,
                               SubscriptionOptions options, std::uint32_t subscription_id)
    : context_(context),
      session_(session),
      filter_(std::move(filter)),
      options_(options),
      subscription_id_(subscription_id) {}

RetainedReplay::~RetainedReplay() = default;

void RetainedReplay::begin() { context_.shard.at_turn_end(*this); }

void RetainedReplay::on_turn_end() { step(); }

void RetainedReplay::on_timer(TimePoint) { step(); }

void RetainedReplay::step() {
  Progress progress = Progress::More;
  for (int i = 0; i < kLookupsPerTurn && progress == Progress::More; ++i) progress = send_some();
  switch (progress) {
    case Progress::More:
      // Only the context's list owns replays, and only finish() takes them off it: `this` is alive in that turn.
      context_.shard.post([this] { step(); });
      return;
    case Progress::Blocked:
      context_.shard.wheel().arm(*this, context_.now() + kBlockedWait);
      return;
    case Progress::Over:
      finish();
      return;
  }
}

RetainedReplay::Progress RetainedReplay::send_some() {
  ClientSession* const session = context_.core.table.find(session_, context_.shard.index());
  if (session == nullptr) return Progress::Over;
  if (sent_ == found_.size()) {
    if (cursor_.done) return Progress::Over;
    found_.clear();
    sent_ = 0;
    context_.core.retainer.lookup(filter_, context_.wall_now(), cursor_, kPerStep, found_);
  }
  while (sent_ < found_.size()) {
    if (!session->ready_for_more()) return Progress::Blocked;
    const MessagePtr& message = found_[sent_++];
    QueuedMessage queued;
    queued.message = message;
    queued.subscription_id = subscription_id_;
    queued.qos =
        context_.settings.upgrade_qos ? higher(message->qos(), options_.qos) : lower(message->qos(), options_.qos);
    queued.retain = true;  // the answer to a new subscription [MQTT-3.3.1-8]
    session->deliver(std::move(queued));
  }
  return cursor_.done ? Progress::Over : Progress::More;
}

void RetainedReplay::finish() {
  const auto own = std::find_if(context_.replays.begin(), context_.replays.end(),
                                [this](const auto& replay) { return replay.get() == this; });
  std::swap(*own, context_.replays.back());
  context_.replays.pop_back();
}

}  // namespace sluice::session
