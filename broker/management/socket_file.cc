// SPDX-License-Identifier: Apache-2.0
#include "broker/management/socket_file.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

namespace sluice::management {
namespace {

constexpr int kBacklog = 64;

std::string reason() { return std::generic_category().message(errno); }

}  // namespace

std::string SocketFile::check(const std::filesystem::path& path) {
  if (path.native().size() < sizeof(sockaddr_un::sun_path)) return {};
  return fmt::format("{}: too long for a unix socket (at most {} bytes): choose a shorter node.data_dir", path.string(),
                     sizeof(sockaddr_un::sun_path) - 1);
}

Explained<std::unique_ptr<SocketFile>> SocketFile::open(const std::filesystem::path& path) {
  if (std::string problem = check(path); !problem.empty()) return problem;
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return fmt::format("{}: cannot be made: {}", path.parent_path().string(), error.message());
  const std::string lock_path = path.string() + ".lock";
  const int lock = ::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fmt::format("{}: cannot be opened: {}", lock_path, reason());
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) {
    const std::string why = errno == EWOULDBLOCK ? "another server is running with this node.data_dir" : reason();
    ::close(lock);
    return fmt::format("{}: {}", path.string(), why);
  }
  std::unique_ptr<SocketFile> file(new SocketFile(path, lock));
  if (std::string problem = file->listen(); !problem.empty()) return problem;
  return file;
}

std::string SocketFile::listen() {
  struct stat found{};
  if (::lstat(path_.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return fmt::format("{}: is there already and is no socket: remove it", path_.string());
    ::unlink(path_.c_str());
  }
  socket_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (socket_ < 0) return fmt::format("{}: no socket: {}", path_.string(), reason());
  // The file gets the descriptor's mode: nobody else can open it, not even between bind and a later chmod.
  ::fchmod(socket_, 0600);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.native().size());
  if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return fmt::format("{}: cannot be bound: {}", path_.string(), reason());
  }
  bound_ = true;
  if (::listen(socket_, kBacklog) != 0) return fmt::format("{}: cannot listen: {}", path_.string(), reason());
  return {};
}

SocketFile::~SocketFile() {
  if (socket_ >= 0) ::close(socket_);
  if (bound_) ::unlink(path_.c_str());
  ::close(lock_);
}

int SocketFile::take() { return std::exchange(socket_, -1); }

}  // namespace sluice::management
