// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/builtin_users.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace sluice::auth {

namespace {

constexpr AuthAnswer kIgnore{.verdict = AuthVerdict::Ignore};

/// What memory keeps of plain passwords.
const PasswordHash& cheap_salted() {
  static const PasswordHash scheme = *PasswordHash::parse("salt,sha256");
  return scheme;
}

AuthAnswer answer_for(bool right, bool superuser) {
  return {.verdict = right ? AuthVerdict::Allow : AuthVerdict::Deny, .superuser = right && superuser};
}

}  // namespace

LoadResult<std::shared_ptr<BuiltinUsers>> BuiltinUsers::create(const BuiltinUsersSettings& settings,
                                                               WorkerPool& workers) {
  std::shared_ptr<BuiltinUsers> users(new BuiltinUsers(settings.key, workers));
  if (auto loaded = users->reload(settings); !loaded) return loaded.error();
  return users;
}

std::string_view BuiltinUsers::name() const {
  return key_ == BuiltinUsersSettings::Key::Username ? "emq_auth_username" : "emq_auth_clientid";
}

void BuiltinUsers::authenticate(const Credentials& credentials, AuthReply reply) {
  const bool by_username = key_ == BuiltinUsersSettings::Key::Username;
  if (by_username && !credentials.username) return reply(kIgnore);
  EntryPtr entry = find(by_username ? *credentials.username : credentials.client_id);
  if (!entry) return reply(kIgnore);
  if (!credentials.password) return reply({.verdict = AuthVerdict::Deny});
  if (!entry->scheme.slow())
    return reply(answer_for(entry->scheme.verify(*credentials.password, entry->stored), entry->superuser));
  if (!workers_.reserve()) return reply({.verdict = AuthVerdict::Busy});
  workers_.run([entry = std::move(entry), &credentials, reply = std::move(reply)]() mutable {
    if (!reply.wanted()) return reply(kIgnore);
    reply(answer_for(entry->scheme.verify(*credentials.password, entry->stored), entry->superuser));
  });
}

LoadResult<void> BuiltinUsers::reload(const BuiltinUsersSettings& settings) {
  auto scheme = PasswordHash::parse(settings.password_hash);
  if (!scheme) return scheme.error();
  Users users;
  for (const BuiltinUser& user : settings.users) {
    if (user.name.empty()) return LoadError{.what = "a user without a name"};
    if (!users.try_emplace(user.name, make_entry(*scheme, user)).second) {
      return LoadError{.what = fmt::format("'{}' is there twice", user.name)};
    }
  }
  const MutexLock lock(mutex_);
  scheme_ = std::move(*scheme);
  users_ = std::move(users);
  return {};
}

bool BuiltinUsers::add(std::string_view name, std::string_view password) {
  const PasswordHash scheme = [this] {
    const MutexLock lock(mutex_);
    return scheme_;
  }();
  EntryPtr entry = make_entry(scheme, {.name = {}, .password = std::string(password)});
  const MutexLock lock(mutex_);
  return users_.try_emplace(std::string(name), std::move(entry)).second;
}

bool BuiltinUsers::remove(std::string_view name) {
  const MutexLock lock(mutex_);
  return users_.erase(std::string(name)) > 0;
}

std::vector<std::string> BuiltinUsers::list() const {
  std::vector<std::string> names;
  {
    const MutexLock lock(mutex_);
    names.reserve(users_.size());
    for (const auto& [name, entry] : users_) names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

BuiltinUsers::EntryPtr BuiltinUsers::make_entry(const PasswordHash& scheme, const BuiltinUser& user) {
  const std::string_view password = user.password;
  const auto entry = [&](const PasswordHash& kept, StoredPassword stored) {
    return std::make_shared<const Entry>(Entry{kept, std::move(stored), user.superuser});
  };
  if (!scheme.salted() && scheme.looks_stored(password)) {
    return entry(scheme, {.hash = user.password, .salt = {}});
  }
  const std::size_t colon = password.rfind(':');
  if (scheme.salted() && colon != std::string_view::npos && scheme.looks_stored(password.substr(colon + 1))) {
    return entry(scheme,
                 {.hash = std::string(password.substr(colon + 1)), .salt = std::string(password.substr(0, colon))});
  }
  const PasswordHash& kept = scheme.is_plain() ? cheap_salted() : scheme;
  return entry(kept, kept.make(password));
}

BuiltinUsers::EntryPtr BuiltinUsers::find(const std::string& name) const {
  const MutexLock lock(mutex_);
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second;
}

}  // namespace sluice::auth
