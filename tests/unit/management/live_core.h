// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/management/deps.h"
#include "broker/session/session_manager.h"

namespace sluice::management {

/// Runs `f` on the shard and waits for what it returns.
template <class F>
auto on_shard(Shard& shard, F f) {
  // Shared: the waiter may be gone before set_value() has returned.
  const auto promise = std::make_shared<std::promise<std::invoke_result_t<F>>>();
  auto answer = promise->get_future();
  shard.post([promise, &f] {
    if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
      f();
      promise->set_value();
    } else {
      promise->set_value(f());
    }
  });
  return answer.get();
}

/// A client without a socket: what is delivered to it can be waited for.
class FakeClient final : private DeliverySink {
 public:
  struct Received {
    std::string topic;
    std::string payload;
    Qos qos;
    bool retain;
  };

  FakeClient(session::SessionManager& sessions, Shard& shard) : sessions_(sessions), shard_(shard) {}

  Reason connect(ConnectRequest request);
  void subscribe(std::string_view filter, Qos qos = Qos::AtMostOnce);
  void publish(std::string_view topic, std::string_view payload, bool retain = false);
  void close(CloseKind kind = CloseKind::Normal, Reason reason = Reason::Success);

  /// The first message on this topic that came or comes within ten seconds.
  std::optional<Received> await(std::string_view topic);
  /// Why the session was taken away, within ten seconds.
  std::optional<Reason> await_end();

 private:
  DeliveryResult deliver(const Delivery& delivery) override;
  void deliver_release(PacketId) override {}
  void on_committed(CommitTicket) override {}
  void on_session_ended(Reason reason) override;

  session::SessionManager& sessions_;
  Shard& shard_;
  std::unique_ptr<PendingConnect> pending_;
  ClientHandle handle_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::optional<Reason> ended_;
};

/// The core behind the door, alive on two shards, without sockets.
class LiveCore {
 public:
  explicit LiveCore(session::Overflow overflow = session::Overflow::Drop,
                    const session::SessionSettings& settings = {});
  ~LiveCore();

  Shard& shard(std::size_t index) { return shards_.at(index); }
  session::SessionManager& sessions() { return sessions_; }
  session::SessionCore& core() { return core_; }
  /// For Management; `listeners` and `reload_acl` answer what the members say.
  ManagementDeps deps();
  /// A client that is connected; owned by this.
  FakeClient& join(std::string id, std::size_t shard = 0, std::optional<std::uint32_t> expiry = std::nullopt);
  FakeClient& make_client(std::size_t shard);
  static ConnectRequest request(std::string id);
  /// Stops the shards: what hooks on the core may go now.
  void stop();

  std::vector<ListenerInfo> listeners;
  std::string acl_problem;

 private:
  ShardGroup shards_{2};
  hooks::HookPoints hooks_;
  router::Router router_{{.shards = 2}};
  retainer::RamRetainedStore store_;
  retainer::Retainer retainer_{{}, store_};
  auth::AccessControl access_{{}};
  auth::PskStore psk_;
  session::SessionCore core_;
  session::SessionManager sessions_;
  std::vector<std::unique_ptr<FakeClient>> clients_;
  bool stopped_ = false;
};

}  // namespace sluice::management
