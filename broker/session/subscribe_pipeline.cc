// SPDX-License-Identifier: Apache-2.0
#include "broker/session/subscribe_pipeline.h"

#include <string>
#include <utility>

#include "broker/router/topic_rules.h"
#include "broker/session/client_session.h"
#include "broker/session/retained_replay.h"
#include "broker/session/session_probe.h"

namespace sluice::session {
namespace {

/// A filter as the router knows it: parsed, with the client's mount point before it. Owns the mounted text.
class MountedFilter {
 public:
  MountedFilter(const ClientSession& session, router::ParsedFilter parsed) : parsed_(parsed) {
    if (session.mountpoint().empty()) return;
    text_ = std::string(session.mountpoint()).append(parsed.filter);
    parsed_.filter = text_;
  }
  MountedFilter(const MountedFilter&) = delete;
  MountedFilter& operator=(const MountedFilter&) = delete;
  [[nodiscard]] const router::ParsedFilter& get() const { return parsed_; }

 private:
  std::string text_;
  router::ParsedFilter parsed_;
};

Reason granted(Qos qos) { return static_cast<Reason>(static_cast<std::uint8_t>(qos)); }

Reason check(ClientSession& session, std::string_view text, const Result<router::ParsedFilter>& parsed,
             const SubscriptionOptions& options) {
  if (!parsed) return Reason::TopicFilterInvalid;
  if (parsed->shared && options.no_local) return Reason::ProtocolError;  // [MQTT-3.8.3-4]
  if (!session.allowed(auth::Action::Subscribe, parsed->filter)) {
    auth::log_acl_denied(session.client_id(), auth::Action::Subscribe, text);
    return Reason::NotAuthorized;
  }
  if (session.subscriptions().size() >= session.context().settings.max_subscriptions &&
      session.subscriptions().find(text) == nullptr) {
    probe().subscriptions_refused.add();
    return Reason::QuotaExceeded;
  }
  return Reason::Success;
}

bool wants_retained(const SubscriptionOptions& options, bool replaced) {
  return options.retain_handling == RetainHandling::Send ||
         (options.retain_handling == RetainHandling::SendIfNew && !replaced);
}

Reason subscribe_one(ClientSession& session, std::string_view text, SubscriptionOptions options,
                     std::uint32_t subscription_id) {
  SessionContext& context = session.context();
  const Result<router::ParsedFilter> parsed = router::parse_filter(text, context.settings.max_topic_levels);
  if (const Reason refused = check(session, text, parsed, options); refused != Reason::Success) return refused;
  const MountedFilter mounted(session, *parsed);
  const router::SubscribeResult result =
      context.core.router.subscribe(session.ref(), mounted.get(), options, subscription_id);
  session.subscriptions().put({std::string(text), subscription_id, options});
  if (!parsed->shared && wants_retained(options, result.replaced)) {
    RetainedReplay::start(context, session.ref(), std::string(mounted.get().filter), options, subscription_id);
  }
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
  const MountedFilter mounted(session, *router::parse_filter(text, context.settings.max_topic_levels));
  context.core.router.unsubscribe(session.ref(), mounted.get());
  if (!context.core.hooks.session_unsubscribed.empty()) {
    context.core.hooks.session_unsubscribed.run(session.info(), text);
  }
  session.subscriptions().erase(text);
  return Reason::Success;
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

void unsubscribe_all(ClientSession& session) {
  SessionContext& context = session.context();
  std::vector<router::ParsedFilter> filters;
  std::vector<std::unique_ptr<MountedFilter>> mounted;
  for (const auto& own : session.subscriptions()) {
    const router::ParsedFilter parsed = *router::parse_filter(own->filter, context.settings.max_topic_levels);
    if (session.mountpoint().empty()) {
      filters.push_back(parsed);
    } else {
      mounted.push_back(std::make_unique<MountedFilter>(session, parsed));
      filters.push_back(mounted.back()->get());
    }
  }
  context.core.router.unsubscribe_all(session.ref(), filters);
}

void set_shared_attached(ClientSession& session, std::string_view filter, bool attached) {
  const auto parsed = router::parse_filter(filter, session.context().settings.max_topic_levels);
  if (!parsed || !parsed->shared) return;
  const MountedFilter mounted(session, *parsed);
  session.context().core.router.set_attached(session.ref(), mounted.get(), attached);
}

}  // namespace sluice::session
