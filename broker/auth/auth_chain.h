// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/reason.h"
#include "broker/auth/authenticator.h"
#include "shared/base/thread_annotations.h"

namespace sluice::auth {

struct AuthResult {
  bool allowed = false;
  bool superuser = false;
  bool anonymous = false;  ///< no back end knew the client
  Reason reason =
      Reason::Success;  ///< unless allowed: BadUserNameOrPassword, NotAuthorized, ServerBusy, ServerUnavailable
};

class AuthRun;

/// A client whose answer is still to come. Destroying it cancels: the callback is not called any more.
/// Thread: the shard that asked.
class PendingAuth {
 public:
  PendingAuth() = default;
  explicit PendingAuth(std::shared_ptr<AuthRun> run) : run_(std::move(run)) {}
  PendingAuth(PendingAuth&&) noexcept = default;
  PendingAuth& operator=(PendingAuth&& other) noexcept;
  ~PendingAuth();

  /// False: the callback has been called already.
  [[nodiscard]] explicit operator bool() const { return run_ != nullptr; }

 private:
  std::shared_ptr<AuthRun> run_;
};

/// The back ends in the order in which they were loaded: allow or deny ends the walk, ignore goes on; when all have
/// ignored a client, it is anonymous (manual 8.1 and 15.24.5).
/// Owner: AccessControl. Thread safety: any thread, except as noted.
class AuthChain {
 public:
  using Done = std::function<void(AuthResult)>;

  /// At the end, or in the place of the back end of the same name.
  void add(std::shared_ptr<Authenticator> authenticator);
  /// False if there is none of that name. Requests under way may still use it.
  bool remove(std::string_view name);
  [[nodiscard]] std::vector<std::string> names() const;

  void allow_anonymous(bool allow) { allow_anonymous_.store(allow, std::memory_order_relaxed); }

  /// Calls `done` before it returns (the result is then empty) or later on the same shard.
  /// Thread: a shard's; tests may call from others if every back end answers at once.
  [[nodiscard]] PendingAuth authenticate(Credentials credentials, Done done) const;

 private:
  friend class AuthRun;
  using List = std::vector<std::shared_ptr<Authenticator>>;

  [[nodiscard]] std::shared_ptr<const List> list() const;

  mutable Mutex mutex_;
  std::shared_ptr<const List> list_ GUARDED_BY(mutex_) = std::make_shared<const List>();
  std::atomic<bool> allow_anonymous_{true};
};

}  // namespace sluice::auth
