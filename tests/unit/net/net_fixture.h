// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "shared/base/shard.h"
#include "shared/net/listener.h"
#include "shared/net/socket_transport.h"
#include "shared/net/transport.h"
#include "tests/support/eventually.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace sluice::test {

/// A folder with the files of scripts/make-certs, made once per program; ends with '/'.
const std::string& certificates();

/// The owner of a transport, which notes what it is told. Any thread, but for the transport itself.
class Recorder final : public TransportEvents {
 public:
  Recorder(Shard& shard, std::unique_ptr<Transport> transport) : shard_(&shard), transport_(std::move(transport)) {}

  void start() { transport_->start(*this); }
  /// Runs `task` on the transport's shard and waits for its end.
  template <class F>
  auto on_shard(F task) {
    std::packaged_task<std::invoke_result_t<F, Transport&>()> packaged([this, &task] { return task(*transport_); });
    auto result = packaged.get_future();
    shard_->post([&packaged] { packaged(); });
    return result.get();
  }
  /// Waits until `done` holds (it is called with the lock held); false after kPatience.
  bool wait(const std::function<bool()>& done);
  bool wait_for_bytes(std::size_t count) {
    return wait([this, count] { return received.size() >= count; });
  }
  bool wait_closed() {
    return wait([this] { return closed; });
  }
  std::vector<std::thread::id> threads_so_far() {
    const std::lock_guard lock(mutex_);
    return threads;
  }
  void move_to(Shard& target);
  void drop();
  /// The same from within an event.
  void drop_here() { transport_.reset(); }

  std::string received;
  std::vector<std::thread::id> threads;  ///< of every event
  int writable = 0;
  bool closed = false;
  ErrorCode why;
  std::function<void(Transport&)> when_bytes;  ///< called on the shard after the event was noted; set it there

 private:
  void on_bytes(std::span<const std::byte> bytes) override;
  void on_writable() override;
  void on_closed(ErrorCode error) override;
  void note(const std::function<void()>& change);

  std::mutex mutex_;
  std::condition_variable changed_;
  Shard* shard_;
  std::unique_ptr<Transport> transport_;
};

/// A blocking client; every read gives up after kPatience.
class Client {
 public:
  explicit Client(const SocketAddress& server, int receive_buffer = 0);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void send(std::string_view bytes);
  /// What arrives until `count` bytes are there or the connection ends.
  std::string read(std::size_t count);
  /// True if the server closes in order (FIN, or close_notify) with nothing more to read.
  bool at_end();
  /// True if the connection ended, in order or not.
  bool ended();
  void close();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] SocketAddress address() const { return local_address(fd_); }

  struct Tls {
    bool certificate = false;           ///< shows client-cert.pem
    std::string psk_identity, psk;      ///< psk in raw bytes
    int version = 0;                    ///< 0: any
    ssl_session_st* session = nullptr;  ///< to resume
  };
  /// Empty, or why the handshake failed.
  std::string start_tls(const Tls& tls);
  [[nodiscard]] ssl_st* ssl() { return ssl_; }

 private:
  long receive(char* into, std::size_t room);

  int fd_;
  ssl_ctx_st* context_ = nullptr;
  ssl_st* ssl_ = nullptr;
};

/// Running shards and a listener whose connections become Recorders.
class NetTest : public ::testing::Test {
 protected:
  NetTest() : shards(2) { shards.start(); }
  ~NetTest() override;

  static ListenerSettings plain() {
    ListenerSettings settings;
    settings.name = "test:tcp:a";
    settings.key = "listener.tcp.a";
    settings.address = "127.0.0.1:0";
    return settings;
  }
  static ListenerSettings secure();

  void listen(ListenerSettings settings);
  /// The next connection that was accepted, started.
  Recorder& accepted();
  Client connect() { return Client(listener->bound()); }

  ShardGroup shards;
  std::unique_ptr<Listener> listener;

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::size_t taken_ = 0;
  std::vector<std::unique_ptr<Recorder>> recorders_;
};

}  // namespace sluice::test
