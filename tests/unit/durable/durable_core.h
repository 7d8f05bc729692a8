// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/retainer/durable_retained_store.h"
#include "broker/session/session_manager.h"
#include "broker/session/session_restorer.h"
#include "broker/storage/storage.h"

namespace sluice::session {

/// Runs `f` on the shard and waits for what it returns.
template <class F>
auto on_shard(Shard& shard, F f) {
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

/// A client without a socket that acknowledges what it is told to.
class TestClient final : private DeliverySink {
 public:
  struct Received {
    std::string topic;
    std::string payload;
    Qos qos;
    PacketId id;
    bool dup;
  };
  struct Options {
    bool clean_start = false;
    std::uint32_t expiry = 3600;
    std::optional<WillRequest> will{};
    std::uint16_t receive_maximum = 65535;
    bool acknowledges = true;
  };

  TestClient(SessionManager& sessions, Shard& shard) : sessions_(sessions), shard_(&shard) {}

  /// True: the session was there. Moves to the session's shard as a connection would.
  bool connect(const std::string& id, const Options& options);
  void subscribe(std::string_view filter, Qos qos);
  void unsubscribe(std::string_view filter);
  /// Waits for the acknowledgement; its reason.
  Reason publish(std::string_view topic, std::string_view payload, Qos qos, bool retain = false);
  /// Does not wait: acknowledged() counts.
  void publish_async(std::string_view topic, std::string_view payload, Qos qos);
  void close(CloseKind kind = CloseKind::Normal);
  void acknowledge(PacketId id);

  /// The payloads that came, once there are `count`; all that came within ten seconds if there are fewer.
  std::vector<std::string> payloads(std::size_t count);
  std::vector<Received> received();
  /// Payloads of publish_async() that were acknowledged, in their order.
  std::vector<std::string> acknowledged();

 private:
  DeliveryResult deliver(const Delivery& delivery) override;
  void deliver_release(PacketId id) override;
  void on_committed(CommitTicket ticket) override;
  void on_session_ended(Reason reason) override;
  void await_ticket(CommitTicket ticket);

  SessionManager& sessions_;
  Shard* shard_;
  std::unique_ptr<PendingConnect> pending_;
  ClientHandle handle_;
  bool acknowledges_ = true;
  PacketId next_id_ = 1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::vector<std::pair<CommitTicket, std::string>> waiting_;
  std::vector<std::string> acknowledged_;
  CommitTicket committed_ = 0;
};

/// The core behind the door on two shards, with a store that outlives it: one server's life, from start to end.
class DurableCore {
 public:
  DurableCore(std::unique_ptr<storage::KvStore> store, const storage::StorageSettings& settings);
  /// Ends in order, unless abandon() was called.
  ~DurableCore();

  TestClient& client(std::size_t shard = 0);
  SessionManager& sessions() { return *sessions_; }
  SessionCore& core() { return *core_; }
  storage::Storage& storage() { return *storage_; }
  retainer::Retainer& retainer() { return *retainer_; }
  /// Waits until everything that the store had is back.
  void await_restored();
  std::size_t queued(const std::string& client_id);
  /// Empty: the store could be read.
  [[nodiscard]] const std::string& failure() const { return failure_; }

 private:
  ShardGroup shards_{2};
  std::unique_ptr<storage::Storage> storage_;
  hooks::HookPoints hooks_;
  router::Router router_{{.shards = 2}};
  std::unique_ptr<retainer::DurableRetainedStore> retained_store_;
  std::unique_ptr<retainer::Retainer> retainer_;
  auth::AccessControl access_{{}};
  auth::PskStore psk_;
  std::unique_ptr<SessionCore> core_;
  std::unique_ptr<SessionManager> sessions_;
  std::unique_ptr<SessionRestorer> restorer_;
  std::vector<std::unique_ptr<TestClient>> clients_;
  std::string failure_;
};

}  // namespace sluice::session
