// SPDX-License-Identifier: Apache-2.0
#include "broker/session/subscribe_pipeline.h"

#include <deque>
#include <memory>
#include <string>
#include <utility>

#include "broker/router/topic_rules.h"
#include "broker/session/client_session.h"
#include "broker/session/retained_replay.h"
#include "broker/session/session_probe.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

/// A filter as the router knows it: parsed, with the client's mount point before it. Owns the mounted text.
class MountedFilter {
 public:
  MountedFilter(std::string_view mountpoint, router::ParsedFilter parsed) : parsed_(parsed) {
    if (mountpoint.empty()) return;
    text_ = std::string(mountpoint).append(parsed.filter);
    parsed_.filter = text_;
  }
  MountedFilter(const MountedFilter&) = delete;
  MountedFilter& operator=(const MountedFilter&) = delete;
  [[nodiscard]] const router::ParsedFilter& get() const { return parsed_; }

 private:
  std::string text_;
  router::ParsedFilter parsed_;
};

/// A filter that was accepted before, whatever the limits are by now.
router::ParsedFilter parse_accepted(std::string_view filter) {
  constexpr std::size_t kMostLevels = 65'536;  // no text of MQTT has more
  return *router::parse_filter(filter, kMostLevels);
}

Reason granted(Qos qos) { return static_cast<Reason>(static_cast<std::uint8_t>(qos)); }

void note_refused(ClientSession& session) {
  probe().subscriptions_refused.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "subscription refused: client_id={} subscriptions={}; raise mqtt.session.max_subscriptions, or where that is 0 "
        "mqtt.session.subscriptions_limit, if it needs more ({} like this not shown)",
        log::loggable(session.client_id()), session.subscriptions().size(), hushed);
  }
}

/// What it has may be subscribed to again: that adds nothing.
bool exceeds_storage(ClientSession& session, std::string_view text) {
  const storage::Storage* const storage = session.context().core.storage;
  if (session.durable_id() == 0 || storage->takes_additions()) return false;
  if (storage->takes_changes() && session.subscriptions().find(text) != nullptr) return false;
  storage::probe().refused_subscriptions.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "subscription refused: client_id={} reason=\"it is to be kept, and the store takes nothing: see its alarm\" "
        "({} like this not shown)",
        log::loggable(session.client_id()), hushed);
  }
  return true;
}

bool wants_retained(const SubscriptionOptions& options, bool replaced) {
  return options.retain_handling == RetainHandling::Send ||
         (options.retain_handling == RetainHandling::SendIfNew && !replaced);
}

/// One more subscription than it may have.
bool exceeds_quota(ClientSession& session, std::string_view text) {
  const SubscriptionList& own = session.subscriptions();
  return own.size() >= session.context().settings.max_subscriptions && own.find(text) == nullptr;
}

/// Sends what is retained for a new subscription, if it wants that.
void replay_retained(ClientSession& session, const router::ParsedFilter& mounted, SubscriptionOptions options,
                     std::uint32_t subscription_id, bool replaced) {
  const SessionContext& context = session.context();
  if (mounted.shared) return;
  const CommitTicket ticket = session.durable_id() != 0 ? context.records->journal().pending() : 0;
  if (wants_retained(options, replaced) && (context.core.retainer.count() != 0 || context.core.retainer.loading())) {
    context.replays->add(session.ref(), RetainedReplay(std::string(mounted.filter), options, subscription_id, ticket));
  } else if (replaced) {
    context.replays->replace(session.ref(), mounted.filter, options, subscription_id);
  }
}

Reason check(ClientSession& session, std::string_view text, const Result<router::ParsedFilter>& parsed,
             const SubscriptionOptions& options) {
  if (!parsed) return Reason::TopicFilterInvalid;
  if (parsed->shared && options.no_local) return Reason::ProtocolError;  // [MQTT-3.8.3-4]
  if (!session.allowed(auth::Action::Subscribe, parsed->filter)) {
    auth::log_acl_denied(session.client_id(), auth::Action::Subscribe, text);
    return Reason::NotAuthorized;
  }
  if (exceeds_quota(session, text)) {
    note_refused(session);
    return Reason::QuotaExceeded;
  }
  return exceeds_storage(session, text) ? Reason::QuotaExceeded : Reason::Success;
}

Reason subscribe_one(ClientSession& session, std::string_view text, SubscriptionOptions options,
                     std::uint32_t subscription_id) {
  SessionContext& context = session.context();
  const Result<router::ParsedFilter> parsed = router::parse_filter(text, context.settings.max_topic_levels);
  if (const Reason refused = check(session, text, parsed, options); refused != Reason::Success) return refused;
  const MountedFilter mounted(session.mountpoint(), *parsed);
  const router::SubscribeResult result =
      context.core.router.subscribe(session.ref(), mounted.get(), options, subscription_id);
  session.subscriptions().put({std::string(text), subscription_id, options});
  if (session.durable_id() != 0) {
    context.records->put_subscription(session.durable_id(), {std::string(text), subscription_id, options});
  }
  replay_retained(session, mounted.get(), options, subscription_id, result.replaced);
  if (!context.core.hooks.session_subscribed.empty()) {
    context.core.hooks.session_subscribed.run(session.info(), text, options);
  }
  return granted(options.qos);
}

Reason unsubscribe_one(ClientSession& session, std::string_view text) {
  SessionContext& context = session.context();
  if (!context.core.hooks.client_unsubscribe.empty()) context.core.hooks.client_unsubscribe.run(session.info(), text);
  if (session.subscriptions().find(text) == nullptr) return Reason::NoSubscriptionExisted;
  // Parsed before the list forgets it: `text` may point into the list.
  const MountedFilter mounted(session.mountpoint(), parse_accepted(text));
  context.core.router.unsubscribe(session.ref(), mounted.get());
  if (!mounted.get().shared) context.replays->drop(session.ref(), mounted.get().filter);
  if (!context.core.hooks.session_unsubscribed.empty()) {
    context.core.hooks.session_unsubscribed.run(session.info(), text);
  }
  if (session.durable_id() != 0) context.records->erase_subscription(session.durable_id(), text);
  session.subscriptions().erase(text);
  return Reason::Success;
}

/// The subscriptions of a session that has ended, on their way out of the router.
struct Leftover {
  SessionRef session;
  storage::SessionId durable_id;
  std::string mountpoint;
  SubscriptionList subscriptions;
};

void remove_some(SessionContext& context, std::unique_ptr<Leftover> left) {
  constexpr std::size_t kPerTurn = 512;
  std::vector<std::unique_ptr<OwnSubscription>> own;
  std::deque<MountedFilter> mounted;
  std::vector<router::ParsedFilter> filters;
  while (filters.size() < kPerTurn && left->subscriptions.size() != 0) {
    own.push_back(left->subscriptions.take());
    if (left->durable_id != 0) context.records->erase_subscription(left->durable_id, own.back()->filter);
    filters.push_back(mounted.emplace_back(left->mountpoint, parse_accepted(own.back()->filter)).get());
  }
  context.core.router.unsubscribe_all(left->session, filters);
  if (left->subscriptions.size() == 0) return;
  context.shard.post([&context, left = std::move(left)]() mutable { remove_some(context, std::move(left)); });
}

}  // namespace

std::vector<Reason> subscribe(ClientSession& session, std::span<const SubscribeRequest> requests,
                              std::uint32_t subscription_id) {
  std::vector<Reason> reasons;
  reasons.reserve(requests.size());
  const auto& hook = session.context().core.hooks.client_subscribe;
  for (const SubscribeRequest& request : requests) {
    if (hook.empty()) {
      reasons.push_back(subscribe_one(session, request.filter, request.options, subscription_id));
      continue;
    }
    hooks::SubscribeChange change{std::string(request.filter), request.options};
    hook.run(session.info(), change);
    reasons.push_back(change.filter.empty() ? Reason::NotAuthorized
                                            : subscribe_one(session, change.filter, change.options, subscription_id));
  }
  return reasons;
}

std::vector<Reason> unsubscribe(ClientSession& session, std::span<const std::string_view> filters) {
  std::vector<Reason> reasons;
  reasons.reserve(filters.size());
  for (const std::string_view filter : filters) reasons.push_back(unsubscribe_one(session, filter));
  return reasons;
}

void restore_subscription(ClientSession& session, OwnSubscription subscription) {
  SessionContext& context = session.context();
  constexpr std::size_t kMostLevels = 65'536;
  const Result<router::ParsedFilter> parsed = router::parse_filter(subscription.filter, kMostLevels);
  if (!parsed) return;
  const MountedFilter mounted(session.mountpoint(), *parsed);
  context.core.router.subscribe(session.ref(), mounted.get(), subscription.options, subscription.subscription_id);
  if (!context.core.hooks.subscription_restored.empty()) {
    context.core.hooks.subscription_restored.run(subscription.filter);
  }
  session.subscriptions().put(std::move(subscription));
}

void unsubscribe_all(ClientSession& session) {
  SessionContext& context = session.context();
  for (const auto& own : session.subscriptions()) {
    if (own->filter.front() != '$') continue;
    const MountedFilter mounted(session.mountpoint(), parse_accepted(own->filter));
    if (mounted.get().shared) context.core.router.unsubscribe(session.ref(), mounted.get());
  }
  remove_some(context, std::make_unique<Leftover>(Leftover{session.ref(), session.durable_id(),
                                                           std::string(session.mountpoint()),
                                                           std::move(session.subscriptions())}));
}

void set_shared_attached(ClientSession& session, std::string_view filter, bool attached) {
  const router::ParsedFilter parsed = parse_accepted(filter);
  if (!parsed.shared) return;
  const MountedFilter mounted(session.mountpoint(), parsed);
  session.context().core.router.set_attached(session.ref(), mounted.get(), attached);
}

}  // namespace sluice::session
