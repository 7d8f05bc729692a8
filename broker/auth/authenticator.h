// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "broker/api/types.h"
#include "shared/net/transport.h"

namespace sluice::auth {

/// What a client shows when it connects. The password is never logged.
struct Credentials {
  std::string client_id;
  std::optional<std::string> username;
  std::optional<std::string> password;
  TransportPeer peer;
  Protocol protocol = Protocol::Mqtt5;
  std::string listener;  ///< "mqtt:tcp:external"
};

enum class AuthVerdict : std::uint8_t {
  Allow,
  Deny,
  Ignore,       ///< knows nothing of this client: the next back end is asked
  Busy,         ///< too many are waiting: refuse without asking further
  Unavailable,  ///< the back end cannot answer: refuse without asking further
};

struct AuthAnswer {
  AuthVerdict verdict = AuthVerdict::Ignore;
  bool superuser = false;  ///< with Allow: no ACL applies
};

/// Who waits for an answer. Thread safety: `answered` once, from any thread; `wanted` from any thread.
class AuthWaiter {
 public:
  virtual ~AuthWaiter() = default;
  virtual void answered(AuthAnswer answer) = 0;
  /// False once the connection has gone: the answer goes nowhere, so work for it may be skipped.
  [[nodiscard]] bool wanted() const { return wanted_.load(std::memory_order_relaxed); }

 protected:
  std::atomic<bool> wanted_{true};
};

/// The right to answer one request, once. Move-only; dropped unused it answers Unavailable.
class AuthReply {
 public:
  explicit AuthReply(std::shared_ptr<AuthWaiter> waiter) : waiter_(std::move(waiter)) {}
  AuthReply(AuthReply&&) noexcept = default;
  AuthReply& operator=(AuthReply&&) = delete;
  ~AuthReply() {
    if (waiter_) waiter_->answered({.verdict = AuthVerdict::Unavailable});
  }

  void operator()(AuthAnswer answer) { std::exchange(waiter_, nullptr)->answered(answer); }
  [[nodiscard]] bool wanted() const { return waiter_->wanted(); }

 private:
  std::shared_ptr<AuthWaiter> waiter_;
};

/// One back end of the chain (manual 8.1): a file of users, a database, …
/// Thread safety: any thread, several at a time.
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// The plug-in's name in the manual: "emq_auth_username".
  [[nodiscard]] virtual std::string_view name() const = 0;

  /// Must not block: what is cheap is answered before the call returns, everything else later from another thread.
  /// `credentials` lives until the reply is used or dropped.
  virtual void authenticate(const Credentials& credentials, AuthReply reply) = 0;
};

}  // namespace sluice::auth
