// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "broker/app/config/configuration.h"
#include "broker/app/config/options.h"
#include "broker/app/core.h"
#include "broker/app/edges.h"
#include "broker/management/management.h"
#include "shared/base/shard.h"

namespace sluice::app {

/// A running server: its parts in the order in which they are built.
/// Owner: run(). Thread: the control thread.
class Server {
 public:
  /// `configuration` is the one it starts with: what only a start brings into force is compared with it.
  Server(const Options& options, const Configuration& configuration);

  /// Binds and serves. Throws std::runtime_error with a sentence a line for the operator.
  void start();
  /// Reads the configuration again and takes over what it can; says on standard output what waits for a start. Whatever
  /// goes wrong, the server goes on.
  void reload();
  /// Says goodbye to every client and ends.
  void stop();
  /// It ended because it could not go on.
  [[nodiscard]] bool failed() const { return failed_.load(); }

 private:
  void give_up(const std::string& why);
  void stop_core();
  void reload_now();
  management::ManagementDeps management_deps();
  std::vector<management::ListenerInfo> listener_infos();
  [[nodiscard]] std::vector<std::string> take_over(const Configuration& fresh);

  const Options& options_;
  const Configuration& configuration_;
  RunningFolders folders_;            ///< as the last reload left them
  std::vector<std::string> notices_;  ///< "
  ShardGroup shards_;
  std::unique_ptr<storage::Storage> storage_;  ///< null: nothing is kept on disk
  std::atomic<bool> failed_{false};
  Core core_;
  std::mutex edges_mutex_;  ///< between a reload and the listing of listeners
  std::unique_ptr<Edges> edges_;
  std::unique_ptr<management::Management> management_;
};

/// Everything that is wrong with the files that the configuration names (rules, keys, users, certificates, folders to
/// write to), a sentence each; opens no port and starts no thread of a shard.
std::vector<std::string> check_named_files(const Configuration& configuration);

}  // namespace sluice::app
