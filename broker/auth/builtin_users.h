// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/auth/authenticator.h"
#include "broker/auth/password_hash.h"
#include "broker/auth/worker_pool.h"
#include "shared/base/thread_annotations.h"

namespace sluice::auth {

/// One `auth.user.N.*` or `auth.client.N.*`.
struct BuiltinUser {
  std::string name;      ///< user name, or client id
  std::string password;  ///< plain, or already hashed (see BuiltinUsers)
  bool superuser = false;
};

struct BuiltinUsersSettings {
  enum class Key : std::uint8_t { Username, ClientId };
  Key key = Key::Username;
  std::string password_hash = "plain";  ///< auth.user.password_hash, auth.client.password_hash
  std::vector<BuiltinUser> users;
};

/// emq_auth_username and emq_auth_clientid (manual 12.2, 12.3): users from a file in etc/plugins.
///
/// A client without a user name, or with one that is not listed, is ignored, so that the next back end is asked; a
/// listed one without or with a wrong password is denied.
/// A password that has the form of the scheme's stored value (for md5, sha, sha256, sha512 as many hexadecimal digits
/// as the digest has, after "<salt>:" for salted schemes and pbkdf2; "$2b$…" for bcrypt) is taken as the hash;
/// any other is plain text and is hashed when it is loaded: memory holds no plain text.
class BuiltinUsers final : public Authenticator {
 public:
  /// `workers` must outlive the requests; slow schemes run there. Errors: the scheme, an empty or a repeated name.
  static LoadResult<std::shared_ptr<BuiltinUsers>> create(const BuiltinUsersSettings& settings, WorkerPool& workers);

  [[nodiscard]] std::string_view name() const override;
  void authenticate(const Credentials& credentials, AuthReply reply) override;

  /// Replaces everything; after an error the old users stay.
  [[nodiscard]] LoadResult<void> reload(const BuiltinUsersSettings& settings);
  /// False: exists already.
  bool add(std::string_view name, std::string_view password);
  /// False: unknown.
  bool remove(std::string_view name);
  [[nodiscard]] std::vector<std::string> list() const;

 private:
  struct Entry {
    PasswordHash scheme;
    StoredPassword stored;
    bool superuser = false;
  };
  using EntryPtr = std::shared_ptr<const Entry>;
  using Users = std::unordered_map<std::string, EntryPtr>;

  BuiltinUsers(BuiltinUsersSettings::Key key, WorkerPool& workers) : key_(key), workers_(workers) {}
  [[nodiscard]] static EntryPtr make_entry(const PasswordHash& scheme, const BuiltinUser& user);
  [[nodiscard]] EntryPtr find(const std::string& name) const;

  const BuiltinUsersSettings::Key key_;
  WorkerPool& workers_;
  mutable Mutex mutex_;
  PasswordHash scheme_ GUARDED_BY(mutex_);
  Users users_ GUARDED_BY(mutex_);
};

}  // namespace sluice::auth
