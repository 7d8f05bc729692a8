// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "broker/retainer/durable_retained_store.h"
#include "broker/session/session_manager.h"
#include "broker/session/session_restorer.h"
#include "broker/storage/storage.h"

namespace sluice::session {

/// Runs `f` on the shard, in the turn of whoever asks there, and waits for what it returns.
template <class F>
auto on_shard(Shard& shard, F f) {
  if (Shard::current() == &shard) return f();
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

/// Thrown by whoever waits for a server that cannot go on.
class ServerLost final : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// A client without a socket that acknowledges what it is told to.
class TestClient final : private DeliverySink {
 public:
  struct Received {
    std::string topic;
    std::string payload;
    Qos qos;
    PacketId id;
    bool dup;
    bool connected;  ///< its client had been told that it is
  };
  struct Options {
    bool clean_start = false;
    std::uint32_t expiry = 3600;
    std::optional<WillRequest> will{};
    std::uint16_t receive_maximum = 65535;
    bool acknowledges = true;
    std::set<PacketId> unreleased{};  ///< of QoS 2, from an earlier connection: what comes with them is not new
    std::string mountpoint{};
  };

  /// `lost`: the server cannot go on, and nobody waits for it any more.
  TestClient(SessionManager& sessions, Shard& shard, const std::atomic<bool>& lost)
      : sessions_(sessions), shard_(&shard), lost_(lost) {}

  /// True: the session was there. Moves to the session's shard as a connection would.
  bool connect(const std::string& id, const Options& options);
  /// A connect() is waiting for its answer.
  [[nodiscard]] bool connects() const { return connects_; }
  /// Where its session lives, once it is connected.
  [[nodiscard]] Shard& home() { return *shard_; }
  /// What became of the last connect().
  [[nodiscard]] Reason connect_reason() const { return connect_reason_; }
  Reason subscribe(std::string_view filter, Qos qos);
  void unsubscribe(std::string_view filter);
  /// Waits for the acknowledgement; its reason.
  Reason publish(std::string_view topic, std::string_view payload, Qos qos, bool retain = false);
  /// Does not wait: acknowledged() counts.
  Reason publish_async(std::string_view topic, std::string_view payload, Qos qos, bool retain = false);
  /// Publishes to a topic and reads it in the same turn: its payload, or why there is none.
  std::string publish_and_read(std::string_view topic, std::string_view payload, Qos qos);
  /// PUBREL; waits for the PUBCOMP.
  void release(PacketId id);
  /// Of the next message that is published.
  void set_next_id(PacketId id) { next_id_ = id; }
  /// Waits until it is safe.
  void put_note(std::string_view note);
  /// Empty: none.
  std::string note();
  void close(CloseKind kind = CloseKind::Normal);
  void acknowledge(PacketId id);

  /// The payloads that came, once there are `count`; all that came within ten seconds if there are fewer.
  std::vector<std::string> payloads(std::size_t count);
  /// Waits until all of them have come; false: they do not.
  bool await_received(const std::vector<std::string>& payloads);
  std::vector<Received> received();
  std::set<PacketId> unreleased();
  /// Payloads of publish_async() that were acknowledged, in their order.
  std::vector<std::string> acknowledged();

 private:
  DeliveryResult deliver(const Delivery& delivery) override;
  void deliver_release(PacketId id) override;
  void on_committed(CommitTicket ticket) override;
  void on_session_ended(Reason reason) override;
  void await_ticket(CommitTicket ticket);
  /// Waits, `mutex_` held; false: in vain.
  bool await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds);

  SessionManager& sessions_;
  Shard* shard_;
  const std::atomic<bool>& lost_;
  std::atomic<bool> connects_{false};
  Reason connect_reason_ = Reason::Success;
  std::unique_ptr<PendingConnect> pending_;
  ClientHandle handle_;
  bool acknowledges_ = true;
  PacketId next_id_ = 1;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Received> received_;
  std::set<PacketId> unreleased_;
  std::vector<std::pair<CommitTicket, std::string>> waiting_;
  std::vector<std::string> acknowledged_;
  CommitTicket committed_ = 0;
};

/// The core behind the door on two shards, with a store that outlives it: one server's life, from start to end.
class DurableCore {
 public:
  /// What a write that fails means: the server is lost at once, as if it was killed, or goes on.
  enum class Failure : std::uint8_t { GoesOn, Ends };

  DurableCore(std::unique_ptr<storage::KvStore> store, const storage::StorageSettings& settings,
              Failure failure = Failure::GoesOn, const SessionSettings& sessions = {});
  /// Ends in order, unless abandon() was called.
  ~DurableCore();

  TestClient& client(std::size_t shard = 0);
  SessionManager& sessions() { return *sessions_; }
  SessionCore& core() { return *core_; }
  storage::Storage& storage() { return *storage_; }
  retainer::Retainer& retainer() { return *retainer_; }
  /// Waits until everything that the store had is back.
  void await_restored();
  /// Whoever listens to the store's health was told that this began.
  bool was_told(storage::StoreTrouble trouble);
  /// Waits until nothing is wrong with the store.
  void await_good();
  std::size_t queued(const std::string& client_id);
  Shard& shard(std::size_t index) { return shards_.at(index); }

 private:
  void lose() { lost_ = true; }

  std::atomic<bool> lost_{false};
  std::mutex mutex_;
  std::condition_variable health_changed_;
  std::set<storage::StoreTrouble> told_;
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
};

}  // namespace sluice::session
