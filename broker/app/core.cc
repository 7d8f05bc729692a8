// SPDX-License-Identifier: Apache-2.0
#include "broker/app/core.h"

#include <chrono>
#include <string_view>
#include <thread>
#include <utility>

#include "broker/app/settings.h"
#include "broker/auth/auth_config.h"
#include "broker/retainer/durable_retained_store.h"
#include "broker/retainer/retainer_config.h"
#include "broker/session/session_config.h"

namespace sluice::app {

namespace {

std::unique_ptr<retainer::RetainedStore> make_retained_store(const Configuration& configuration,
                                                             storage::Storage* storage) {
  if (storage == nullptr || configuration.store().get(retainer::kStorageType) == "ram") {
    return std::make_unique<retainer::RamRetainedStore>();
  }
  return std::make_unique<retainer::DurableRetainedStore>(*storage);
}

session::Overflow load_overflow(const ConfigStore& config) {
  return config.get(session::kOverflow) == "refuse" ? session::Overflow::Refuse : session::Overflow::Drop;
}

/// Of an alarm.
std::string_view title_of(storage::StoreTrouble trouble) {
  switch (trouble) {
    case storage::StoreTrouble::Slow:
      return "the store is slow";
    case storage::StoreTrouble::Damaged:
      return "the store is damaged";
    case storage::StoreTrouble::Failing:
    case storage::StoreTrouble::Full:
      break;
  }
  return "the store takes no messages";
}

}  // namespace

Core::Core(const Configuration& configuration, ShardGroup& shards, storage::Storage* storage,
           std::function<void(const std::string&)> on_failure)
    : shards_(shards),
      router_(load_router_settings(configuration.store(), shards.size())),
      storage_(storage),
      retained_store_(make_retained_store(configuration, storage)),
      retainer_(load_retainer_settings(configuration.store()), *retained_store_),
      sweeper_(retainer_, shards.at(0)),
      access_(load_access_settings(configuration.store())),
      acl_file_(configuration.path(auth::kAclFile)),
      session_core_{.router = router_,
                    .retainer = retainer_,
                    .access = access_,
                    .hooks = hooks_,
                    .table = {},
                    .registry = {},
                    .contexts = {},
                    .storage = storage,
                    .overflow = load_overflow(configuration.store())} {
  const session::SessionSettings settings = load_session_settings(configuration.store());
  for (std::size_t i = 0; i < shards.size(); ++i) {
    session_core_.contexts.push_back(std::make_unique<session::SessionContext>(session_core_, shards.at(i), settings));
  }
  sessions_ = std::make_unique<session::SessionManager>(session_core_, psk_);
  if (storage == nullptr) return;
  storage->health().on_change([this](storage::StoreTrouble trouble, bool begins, const std::string& why) {
    shards_.at(0).post([this, trouble, begins, why] { tell_store_trouble(trouble, begins, why); });
  });
  restorer_ = std::make_unique<session::SessionRestorer>(session_core_, std::move(on_failure));
  session_core_.restorer = restorer_.get();
}

void Core::tell_store_trouble(storage::StoreTrouble trouble, bool begins, const std::string& why) {
  const std::string_view id = storage::trouble_name(trouble);
  if (!begins) {
    hooks_.alarm_cleared.run(id);
    return;
  }
  const std::string_view severity = trouble == storage::StoreTrouble::Slow ? "warning" : "critical";
  hooks_.alarm_raised.run(hooks::Alarm{id, severity, title_of(trouble), why});
}

void Core::prepare() {
  if (!restorer_) return;
  restorer_->prepare();
  storage_->start();
}

void Core::await_serving(std::chrono::milliseconds limit) {
  if (!restorer_) return;
  const TimePoint end = Clock::now() + limit;
  while (session_core_.released.load(std::memory_order_acquire) < session_core_.contexts.size() && Clock::now() < end) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

void Core::stop() {
  if (!restorer_) return;
  storage_->reader().stop();
  restorer_->stop();
}

void Core::start() {
  if (restorer_) restorer_->start();
  if (storage_ != nullptr && !retainer_.durable()) retainer::erase_stored(*storage_);
  shards_.at(0).post([this] { sweeper_.start(); });
}

std::vector<std::string> Core::load_files(const Configuration& configuration) {
  std::vector<std::string> problems;
  const auto note = [&](std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  };
  for (const std::string& plugin : configuration.plugins().names) note(load_plugin(plugin, configuration));
  note(reload_acl());
  note(reload_psk(configuration));
  return problems;
}

std::string Core::load_plugin(const std::string& plugin, const Configuration& configuration) {
  const auto create = [&](const auth::BuiltinUsersSettings& settings, std::shared_ptr<auth::BuiltinUsers>& users) {
    auto created = auth::BuiltinUsers::create(settings, access_.workers());
    if (!created) return created.error().to_string(plugin);
    users = *created;
    access_.chain().add(users);
    return std::string();
  };
  if (plugin == "emq_auth_username") return create(load_username_settings(configuration.store()), usernames_);
  if (plugin == "emq_auth_clientid") return create(load_clientid_settings(configuration.store()), clientids_);
  return {};
}

std::string Core::reload_acl() {
  const MutexLock lock(acl_file_mutex_);
  if (acl_file_.empty()) {
    access_.replace_rules({});
    return {};
  }
  const auto loaded = access_.reload_acl(acl_file_);
  return loaded ? std::string() : loaded.error().to_string(acl_file_.string());
}

std::string Core::reload_psk(const Configuration& configuration) {
  const std::filesystem::path file = configuration.path(auth::kPskFile);
  if (file.empty()) {
    static_cast<void>(psk_.load_text({}));
    return {};
  }
  const auto loaded = psk_.load_file(file);
  return loaded ? std::string() : loaded.error().to_string(file.string());
}

std::string Core::reload_usernames(const Configuration& configuration) {
  if (!usernames_) return {};
  const auto loaded = usernames_->reload(load_username_settings(configuration.store()));
  return loaded ? std::string() : loaded.error().to_string("emq_auth_username");
}

std::string Core::reload_clientids(const Configuration& configuration) {
  if (!clientids_) return {};
  const auto loaded = clientids_->reload(load_clientid_settings(configuration.store()));
  return loaded ? std::string() : loaded.error().to_string("emq_auth_clientid");
}

std::vector<std::string> Core::reconfigure(const Configuration& configuration) {
  access_.reconfigure(load_access_settings(configuration.store()));
  retainer_.apply(load_retainer_settings(configuration.store()));
  const session::SessionSettings settings = load_session_settings(configuration.store());
  shards_.run_on_all([&](Shard& shard) { sessions_->reconfigure(shard, settings); });
  {
    const MutexLock lock(acl_file_mutex_);
    acl_file_ = configuration.path(auth::kAclFile);
  }
  std::vector<std::string> problems;
  for (std::string& problem : std::vector<std::string>{
           reload_acl(), reload_psk(configuration), reload_usernames(configuration), reload_clientids(configuration)}) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  }
  return problems;
}

}  // namespace sluice::app
