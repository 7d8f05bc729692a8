// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "broker/management/rest_router.h"

namespace sluice::management {

/// The management thread: serves the API as HTTP/1.1 on a unix socket, and ticks.
/// One request is handled at a time; while one waits for a shard the others wait behind it, which no client of the
/// broker notices. Limits: kMaxConnections (more are closed at once and counted in "api/refused/full"), kHeaderLimit
/// (431), kBodyLimit (413), kPatience for a request to come or an answer to be taken (closed).
/// Owner: Management. Thread: any one.
class ControlPlane {
 public:
  static constexpr std::size_t kMaxConnections = 64;
  static constexpr std::uint32_t kHeaderLimit = 8 * 1024;
  static constexpr std::uint64_t kBodyLimit = 1024 * 1024;
  static constexpr std::chrono::seconds kPatience{30};
  static constexpr std::chrono::seconds kTick{1};

  /// `router` and what `on_tick` uses outlive this; `on_tick` is called on the thread, first of all and then every
  /// kTick.
  ControlPlane(const RestRouter& router, std::function<void()> on_tick);
  /// Requires: stopped.
  ~ControlPlane();

  /// Empty: it runs; otherwise a sentence for the operator.
  std::string start(const std::filesystem::path& socket);
  /// Ends the thread after the request it is in, drops every connection and removes the socket.
  void stop();

 private:
  class Thread;

  const RestRouter& router_;
  const std::function<void()> on_tick_;
  std::unique_ptr<Thread> thread_;
};

}  // namespace sluice::management
