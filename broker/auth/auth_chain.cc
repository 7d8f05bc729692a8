// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/auth_chain.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "broker/auth/auth_probe.h"
#include "shared/base/shard.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::auth {

namespace {

void count(const AuthResult& result) {
  const AuthProbe& counters = probe();
  if (result.allowed) {
    counters.allowed.add();
    if (result.anonymous) counters.anonymous.add();
  } else if (result.reason == Reason::ServerBusy) {
    counters.busy.add();
  } else if (result.reason == Reason::ServerUnavailable) {
    counters.failed.add();
  } else {
    counters.denied.add();
  }
}

void log_refusal(const Credentials& client, const AuthResult& result) {
  static log::RateLimit limit(10);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("auth").info(
      "client refused: client_id={} username={} peer={} listener={} reason={} ({} like this not shown)",
      log::loggable(client.client_id), log::loggable(client.username.value_or("")), client.peer.address.to_string(),
      client.listener, reason_name(result.reason), hushed);
}

}  // namespace

/// One client's walk along the chain. Everything but `answered` and `wanted` happens on the shard that asked.
class AuthRun final : public AuthWaiter, public std::enable_shared_from_this<AuthRun> {
 public:
  AuthRun(const AuthChain& chain, Credentials credentials, AuthChain::Done done)
      : home_(Shard::current()),
        list_(chain.list()),
        allow_anonymous_(chain.allow_anonymous_.load(std::memory_order_relaxed)),
        credentials_(std::move(credentials)),
        done_(std::move(done)) {}

  /// Asks the back ends that are left. Returns when one takes its time, or when the result is out.
  void walk() {
    while (next_ < list_->size()) {
      Authenticator& back_end = *(*list_)[next_++];
      immediate_.reset();
      asking_ = true;
      back_end.authenticate(credentials_, AuthReply(shared_from_this()));
      asking_ = false;
      if (!immediate_ || settle(*immediate_)) return;
    }
    finish_unknown();
  }

  void answered(AuthAnswer answer) override {
    if (!wanted()) return;
    if (Shard::current() != home_) {
      home_->post([self = shared_from_this(), answer] { self->resume(answer); });
    } else if (asking_) {
      immediate_ = answer;
    } else {
      resume(answer);
    }
  }

  void cancel() {
    wanted_.store(false, std::memory_order_relaxed);
    done_ = nullptr;
  }

  [[nodiscard]] bool finished() const { return done_ == nullptr; }

 private:
  void resume(AuthAnswer answer) {
    if (wanted() && !settle(answer)) walk();
  }

  /// False: the next back end is to be asked.
  bool settle(AuthAnswer answer) {
    switch (answer.verdict) {
      case AuthVerdict::Ignore:
        return false;
      case AuthVerdict::Allow:
        finish({.allowed = true, .superuser = answer.superuser});
        return true;
      case AuthVerdict::Deny:
        finish({.reason = Reason::BadUserNameOrPassword});
        return true;
      case AuthVerdict::Busy:
        finish({.reason = Reason::ServerBusy});
        return true;
      case AuthVerdict::Unavailable:
        finish({.reason = Reason::ServerUnavailable});
        return true;
    }
    return false;
  }

  void finish_unknown() {
    if (allow_anonymous_) {
      finish({.allowed = true, .anonymous = true});
    } else {
      finish({.reason = credentials_.username ? Reason::BadUserNameOrPassword : Reason::NotAuthorized});
    }
  }

  void finish(const AuthResult& result) {
    count(result);
    if (!result.allowed) log_refusal(credentials_, result);
    wanted_.store(false, std::memory_order_relaxed);
    std::exchange(done_, nullptr)(result);
  }

  Shard* const home_;
  const std::shared_ptr<const AuthChain::List> list_;
  const bool allow_anonymous_;
  const Credentials credentials_;
  AuthChain::Done done_;  ///< empty once the result is out, or cancelled
  std::size_t next_ = 0;
  bool asking_ = false;  ///< inside a back end's authenticate()
  std::optional<AuthAnswer> immediate_;
};

PendingAuth& PendingAuth::operator=(PendingAuth&& other) noexcept {
  if (this != &other) {
    if (run_) run_->cancel();
    run_ = std::move(other.run_);
  }
  return *this;
}

PendingAuth::~PendingAuth() {
  if (run_) run_->cancel();
}

void AuthChain::add(std::shared_ptr<Authenticator> authenticator) {
  const MutexLock lock(mutex_);
  auto list = std::make_shared<List>(*list_);
  const auto same =
      std::find_if(list->begin(), list->end(), [&](const auto& each) { return each->name() == authenticator->name(); });
  if (same != list->end()) {
    *same = std::move(authenticator);
  } else {
    list->push_back(std::move(authenticator));
  }
  list_ = std::move(list);
}

bool AuthChain::remove(std::string_view name) {
  const MutexLock lock(mutex_);
  auto list = std::make_shared<List>(*list_);
  const bool removed = std::erase_if(*list, [&](const auto& each) { return each->name() == name; }) > 0;
  list_ = std::move(list);
  return removed;
}

std::vector<std::string> AuthChain::names() const {
  std::vector<std::string> names;
  for (const auto& each : *list()) names.emplace_back(each->name());
  return names;
}

std::shared_ptr<const AuthChain::List> AuthChain::list() const {
  const MutexLock lock(mutex_);
  return list_;
}

PendingAuth AuthChain::authenticate(Credentials credentials, Done done) const {
  const auto run = std::make_shared<AuthRun>(*this, std::move(credentials), std::move(done));
  run->walk();
  return run->finished() ? PendingAuth() : PendingAuth(run);
}

}  // namespace sluice::auth
