// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "broker/auth/acl.h"
#include "broker/auth/auth_chain.h"
#include "broker/auth/client_access.h"
#include "broker/auth/load_error.h"
#include "broker/auth/worker_pool.h"
#include "shared/base/clock.h"
#include "shared/base/thread_annotations.h"

namespace sluice::auth {

struct AccessSettings {
  bool allow_anonymous = true;                   ///< mqtt.allow_anonymous
  bool nomatch_allow = true;                     ///< mqtt.acl_nomatch
  bool cache_acl = true;                         ///< mqtt.cache_acl
  std::uint32_t cache_size = 32;                 ///< mqtt.acl_cache_size, decisions per client
  Duration cache_ttl = std::chrono::minutes(1);  ///< mqtt.acl_cache_ttl
  WorkerPool::Settings workers{};
};

/// Who may connect, and who may publish and subscribe where: the one thing that a session needs of this module.
///   start-up:  AccessControl access(settings); access.chain().add(…); if (auto bad = access.reload_acl(path)) …
///   connect:   pending = access.authenticate(credentials, [](AuthResult result) { … });
///              client_access = access.compile(subject, result.superuser);
///   each use:  access.refresh(client_access, subject); if (!client_access.allowed(Action::Publish, topic, now)) …
/// Owner: the app. Thread safety: any thread, except as noted at AuthChain::authenticate.
class AccessControl {
 public:
  explicit AccessControl(const AccessSettings& settings);

  [[nodiscard]] AuthChain& chain() { return chain_; }
  [[nodiscard]] WorkerPool& workers() { return workers_; }

  /// See AuthChain::authenticate. Counts, and logs refusals (never a password).
  [[nodiscard]] PendingAuth authenticate(Credentials credentials, AuthChain::Done done) const {
    return chain_.authenticate(std::move(credentials), std::move(done));
  }

  /// What this client may do under the rules of now.
  [[nodiscard]] ClientAccess compile(const AclSubject& subject, bool superuser) const;
  /// Another number whenever rules were replaced.
  [[nodiscard]] std::uint64_t generation() const { return generation_.load(std::memory_order_acquire); }
  /// Compiles again if rules were replaced; otherwise one load and one branch. Superusers stay superusers.
  void refresh(ClientAccess& access, const AclSubject& subject) const {
    if (access.outdated(generation())) access = compile(subject, false);
  }

  /// Reads the rules of `path`. After an error the old ones stay in force.
  [[nodiscard]] LoadResult<void> reload_acl(const std::filesystem::path& path);
  /// Puts rules in force that came from elsewhere.
  void replace_rules(std::vector<AclRule> rules);
  /// After a change of configuration: holds for new connections, except anonymous access: at once.
  void reconfigure(const AccessSettings& settings);

 private:
  using Choice = std::vector<std::uint32_t>;

  [[nodiscard]] AclViewPtr view_for(const AclSubject& subject) const;

  mutable Mutex mutex_;
  AccessSettings settings_ GUARDED_BY(mutex_);
  std::shared_ptr<const AclRules> rules_ GUARDED_BY(mutex_);
  mutable std::map<Choice, AclViewPtr> shared_views_ GUARDED_BY(mutex_);  ///< at most kSharedViews
  std::atomic<std::uint64_t> generation_{0};
  const AclViewPtr superuser_;
  AuthChain chain_;
  WorkerPool workers_;  ///< last: its jobs use the back ends

  static constexpr std::size_t kSharedViews = 64;
};

/// A line about a refused publish or subscribe, at most 10 a second.
void log_acl_denied(std::string_view client_id, Action action, std::string_view topic);

}  // namespace sluice::auth
