// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "shared/net/explained.h"

namespace sluice::management {

/// A listening unix socket that only this user may open (mode 0600 from its first moment on).
/// Beside it lies `<path>.lock`, locked as long as the server lives: it tells a socket that a dead server left, which
/// is replaced, from one that a live server uses, which is left alone.
/// Owner: ControlPlane. Thread: one.
class SocketFile {
 public:
  /// The error names the path and what to do.
  /// What makes a path useless for a socket, wherever it leads; empty: nothing.
  static std::string check(const std::filesystem::path& path);
  static Explained<std::unique_ptr<SocketFile>> open(const std::filesystem::path& path);
  /// Removes the socket.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  /// The descriptor, non-blocking and listening; the caller closes it. Once.
  int take();

 private:
  SocketFile(std::filesystem::path path, int lock) : path_(std::move(path)), lock_(lock) {}
  std::string listen();

  const std::filesystem::path path_;
  const int lock_;
  int socket_ = -1;
  bool bound_ = false;
};

}  // namespace sluice::management
