// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "broker/management/deps.h"

namespace sluice::management {

/// What operators see: the REST API on the unix socket (sluicectl speaks it), `$SYS/#`, presence and alarms.
///   Management management(deps, settings);                          // hooks are attached
///   shards.start(); …
///   if (auto problem = management.start(); !problem.empty()) …
///   …
///   management.stop(); shards.stop();                               // in this order
/// Owner: the app. Thread: the control thread, except as noted. One thread of its own between start() and stop(); it
/// waits for shards, shards never for it.
class Management {
 public:
  Management(ManagementDeps deps, const ManagementSettings& settings);
  /// Requires: the shards do not run (hooks are taken off).
  ~Management();

  /// Binds the socket (mode 0600) and begins to publish. Empty: done; otherwise a sentence for the operator that names
  /// the socket: another server that runs there, a folder that cannot be written, a path that is too long.
  /// Requires: running shards.
  std::string start();
  /// Ends the API, the publishing, and work on the store that is under way; presence goes on until the shards stop.
  /// Requires: running shards, if started.
  void stop();
  /// Takes over sys_interval. Any thread.
  void reconfigure(const ManagementSettings& settings);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace sluice::management
