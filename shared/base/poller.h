// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <sys/epoll.h>

#include "shared/base/result.h"

namespace sluice {

/// Something with a file descriptor that wants to know when it is ready.
class Pollable {
 public:
  /// `events` is a set of EPOLLIN, EPOLLOUT, EPOLLHUP, EPOLLERR, EPOLLRDHUP.
  /// May remove itself or any other Pollable from the poller and destroy it.
  virtual void on_ready(std::uint32_t events) = 0;

 protected:
  ~Pollable() = default;
};

/// Level-triggered readiness for the descriptors of one shard.
/// Purpose: an idle connection costs a kernel entry and nothing here: no operation object, no re-arming call.
/// Owner and thread: its shard. Asio's reactor stays for everything that is not on the message path (docs/adr/0001).
class Poller {
 public:
  Poller();
  ~Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// Failure: the kernel's limit on watches (ENOSPC) or memory (ENOMEM).
  ErrorCode add(int fd, Pollable& target, std::uint32_t events);
  void modify(int fd, Pollable& target, std::uint32_t events);
  /// After the call `target` is not called any more, not even for an event of the batch that is being served.
  void remove(int fd, Pollable& target);

  /// Waits until a descriptor is ready, at most `timeout_ms` milliseconds; what is ready is served by dispatch().
  void wait(int timeout_ms);
  /// The same in three steps, of which only poll() may run beside another thread that uses the poller: what was found
  /// is looked for again if a target has been removed or modified since begin_wait().
  void begin_wait() { changed_ = false; }
  std::size_t poll(int timeout_ms);
  void end_wait(std::size_t found);
  /// Serves what wait() found: at most one batch.
  void dispatch();

  /// Readable while a descriptor is ready: what the shard's io_context waits for while Asio is in use.
  [[nodiscard]] int native_handle() const { return epoll_; }

  static constexpr std::size_t kBatch = 256;

 private:
  int epoll_;
  std::size_t ready_ = 0;  ///< events of the batch being served
  std::size_t next_ = 0;
  bool changed_ = false;  ///< a target was removed or modified since begin_wait()
  std::array<epoll_event, kBatch> events_;
};

}  // namespace sluice
