// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/client_access.h"

#include <limits>
#include <optional>
#include <string>

#include "broker/auth/acl_cache.h"
#include "broker/auth/auth_probe.h"

namespace sluice::auth {

namespace {

/// Comparing this many topics costs more than asking the cache.
constexpr std::size_t kCacheFrom = 16;

const AclViewPtr& nothing_allowed() {
  static const AclViewPtr view(new AclView(false, std::numeric_limits<std::uint64_t>::max()));
  return view;
}

}  // namespace

struct ClientAccess::State {
  std::string client_id;
  std::optional<std::string> username;
  std::optional<AclCache> cache;
};

ClientAccess::ClientAccess() : view_(nothing_allowed()) {}

ClientAccess::ClientAccess(AclViewPtr view, const AclSubject& subject, const CacheSettings& cache)
    : view_(std::move(view)) {
  const bool remember = cache.size > 0 && view_->cost() >= kCacheFrom;
  if (!remember && !view_->personal()) return;
  state_ = std::make_unique<State>();
  if (view_->personal()) {
    state_->client_id = subject.client_id;
    if (subject.username) state_->username.emplace(*subject.username);
  }
  if (remember) state_->cache.emplace(cache.size, cache.ttl);
}

ClientAccess::ClientAccess(ClientAccess&& other) noexcept = default;
ClientAccess& ClientAccess::operator=(ClientAccess&& other) noexcept = default;
ClientAccess::~ClientAccess() = default;

bool ClientAccess::deny() {
  probe().acl_denied.add();
  return false;
}

bool ClientAccess::decide(Action action, std::string_view topic, TimePoint now) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  AclCache* const cache = state_ && state_->cache ? &*state_->cache : nullptr;
  if (cache != nullptr) {
    const auto known = cache->find(action, topic, now);
    (known ? probe().acl_cache_hit : probe().acl_cache_miss).add();
    if (known) return *known ? allow() : deny();
  }
  AclSubject subject;
  if (state_) {
    subject.client_id = state_->client_id;
    // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
    if (state_->username) subject.username = *state_->username;
  }
  const bool allowed = view_->check(action, topic, subject);
  if (cache != nullptr) cache->put(action, topic, allowed, now);
  return allowed ? allow() : deny();
}

bool ClientAccess::allow() {
  probe().acl_allowed.add();
  return true;
}

void ClientAccess::clear_cache() {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  if (state_ && state_->cache) state_->cache->clear();
}

void ClientAccess::clear_cache(std::string_view topic) {
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  if (state_ && state_->cache) state_->cache->clear(topic);
}

}  // namespace sluice::auth
