// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/access_control.h"

#include <utility>

#include "broker/auth/acl_file.h"
#include "broker/auth/auth_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::auth {

AccessControl::AccessControl(const AccessSettings& settings)
    : settings_(settings), superuser_(new AclView(true, ClientAccess::kNeverOutdated)), workers_(settings.workers) {
  static_cast<void>(probe());  // the counters are to be listed before they count
  chain_.allow_anonymous(settings.allow_anonymous);
  replace_rules({});
}

ClientAccess AccessControl::compile(const AclSubject& subject, bool superuser) const {
  if (superuser) return {superuser_, subject, {}};
  const ClientAccess::CacheSettings cache = [this] {
    const MutexLock lock(mutex_);
    return ClientAccess::CacheSettings{settings_.cache_acl ? settings_.cache_size : 0, settings_.cache_ttl};
  }();
  return {view_for(subject), subject, cache};
}

AclViewPtr AccessControl::view_for(const AclSubject& subject) const {
  const std::shared_ptr<const AclRules> rules = [this] {
    const MutexLock lock(mutex_);
    return rules_;
  }();
  Choice chosen = rules->select(subject);

  const MutexLock lock(mutex_);
  if (rules != rules_) return new AclView(rules, chosen);  // replaced meanwhile: compiled again at the next use
  const auto shared = shared_views_.find(chosen);
  if (shared != shared_views_.end()) return shared->second;
  AclViewPtr view(new AclView(rules, chosen));
  if (shared_views_.size() < kSharedViews) shared_views_.emplace(std::move(chosen), view);
  return view;
}

LoadResult<void> AccessControl::reload_acl(const std::filesystem::path& path) {
  auto rules = load_acl_file(path);
  if (!rules) {
    log::get("auth").error("ACL not loaded, the rules of before stay in force: {}",
                           rules.error().to_string(path.string()));
    return rules.error();
  }
  log::get("auth").info("ACL loaded: file={} rules={}", path.string(), rules->size());
  replace_rules(std::move(*rules));
  return {};
}

void AccessControl::replace_rules(std::vector<AclRule> rules) {
  std::map<Choice, AclViewPtr> old_views;  // destroyed without the lock
  const MutexLock lock(mutex_);
  const std::uint64_t next = generation_.load(std::memory_order_relaxed) + 1;
  rules_ = std::make_shared<const AclRules>(std::move(rules), settings_.nomatch_allow, next);
  old_views.swap(shared_views_);
  generation_.store(next, std::memory_order_release);
}

void AccessControl::reconfigure(const AccessSettings& settings) {
  chain_.allow_anonymous(settings.allow_anonymous);
  std::vector<AclRule> rules;
  {
    const MutexLock lock(mutex_);
    settings_ = settings;
    rules = rules_->all();
  }
  replace_rules(std::move(rules));
}

void log_acl_denied(std::string_view client_id, Action action, std::string_view topic) {
  static log::RateLimit limit(10);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("auth").info("refused by the ACL: client_id={} action={} topic={} ({} like this not shown)",
                        log::loggable(client_id), action == Action::Publish ? "publish" : "subscribe",
                        log::loggable(topic), hushed);
}

}  // namespace sluice::auth
