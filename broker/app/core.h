// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "broker/app/config/configuration.h"
#include "broker/auth/access_control.h"
#include "broker/auth/builtin_users.h"
#include "broker/auth/psk_store.h"
#include "broker/hooks/hook_points.h"
#include "broker/retainer/retained_sweeper.h"
#include "broker/retainer/retainer.h"
#include "broker/router/router.h"
#include "broker/session/session_manager.h"
#include "broker/session/session_restorer.h"
#include "broker/storage/storage.h"
#include "shared/base/shard.h"
#include "shared/base/thread_annotations.h"

namespace sluice::app {

/// The core: everything behind the door. Knows no socket and no protocol.
/// Owner: App. Thread: the control thread; the parts say for themselves what shards may do with them.
class Core {
 public:
  /// `storage`: null if nothing is kept on disk; outlives the core. `on_failure` is told, on some thread, when what the
  /// store has cannot be read.
  Core(const Configuration& configuration, ShardGroup& shards, storage::Storage* storage,
       std::function<void(const std::string&)> on_failure);

  /// Reads users, rules and keys. Returns what is wrong with their files, a sentence each; nobody may be served then.
  std::vector<std::string> load_files(const Configuration& configuration);

  /// Before the shards run: the store begins to write, and what clients do waits until what it has is restored.
  void prepare();
  /// Begins to restore, and what runs by the clock. The shards run.
  void start();
  /// Waits until what clients publish is no longer parked, at most for `limit`.
  void await_serving(std::chrono::milliseconds limit);
  /// Restores no more. The shards still run.
  void stop();

  [[nodiscard]] session::SessionManager& sessions() { return *sessions_; }
  [[nodiscard]] router::Router& router() { return router_; }
  [[nodiscard]] retainer::Retainer& retainer() { return retainer_; }
  [[nodiscard]] hooks::HookPoints& hooks() { return hooks_; }
  [[nodiscard]] auth::AccessControl& access() { return access_; }
  [[nodiscard]] auth::PskStore& psk() { return psk_; }

  /// Takes over what may change while the server runs: rules, users, keys, limits. Returns what could not be read, a
  /// sentence each; that stays as it was.
  std::vector<std::string> reconfigure(const Configuration& configuration);
  /// Only the rules of mqtt.acl_file. Empty: done. Any thread.
  std::string reload_acl();

 private:
  /// An alarm begins or ends. On the first shard.
  void tell_store_trouble(storage::StoreTrouble trouble, bool begins, const std::string& why);
  std::string load_plugin(const std::string& plugin, const Configuration& configuration);
  std::string reload_usernames(const Configuration& configuration);
  std::string reload_clientids(const Configuration& configuration);
  std::string reload_psk(const Configuration& configuration);

  ShardGroup& shards_;
  hooks::HookPoints hooks_;
  router::Router router_;
  storage::Storage* const storage_;
  const std::unique_ptr<retainer::RetainedStore> retained_store_;
  retainer::Retainer retainer_;
  retainer::RetainedSweeper sweeper_;
  auth::AccessControl access_;
  auth::PskStore psk_;
  std::shared_ptr<auth::BuiltinUsers> usernames_;
  std::shared_ptr<auth::BuiltinUsers> clientids_;
  Mutex acl_file_mutex_;
  std::filesystem::path acl_file_ GUARDED_BY(acl_file_mutex_);
  session::SessionCore session_core_;
  std::unique_ptr<session::SessionManager> sessions_;
  std::unique_ptr<session::SessionRestorer> restorer_;  ///< null: nothing is kept on disk
};

}  // namespace sluice::app
