// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "broker/api/broker_api.h"
#include "gateways/coap/envelope.h"
#include "gateways/coap/notifier.h"
#include "shared/base/prefetch.h"
#include "shared/base/timing_wheel.h"

namespace sluice::coap {

class GatewayShard;

/// A client of the gateway: its session in the core, what it observes, and where it was last heard of. It is known by
/// its client id, never by its address: what it observes goes to wherever its last request came from.
/// Owner: the GatewayShard on which its session lives. Thread: that shard's.
class Client final : public DeliverySink, private WheelTimer {
 public:
  Client(GatewayShard& shard, ClientSerial serial, const Envelope& first);
  ~Client();

  enum class State : std::uint8_t {
    Entering,  ///< the core is asked whether it may come in; requests wait
    Online,
    Away,  ///< silent for too long, or not reached: its session lives on until it comes back or the session expires
    Gone,  ///< to be destroyed at the end of the turn
  };
  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] ClientSerial serial() const { return serial_; }
  [[nodiscard]] const std::string& client_id() const { return client_id_; }
  /// True if the request shows what the client showed when it came in: its token, or name, password and the identity
  /// that DTLS proved.
  [[nodiscard]] bool proves(const Envelope& envelope) const;
  /// Takes over what another one under the same id observes.
  void inherit(Client& other);

  /// Asks for its memory, all of it at once instead of line by line as it is looked at.
  void prefetch() const { sluice::prefetch(this, sizeof(*this)); }
  /// Does what the request asks for, now or when the client is in. It must be its own: proves().
  void serve(Envelope&& envelope);
  void on_outcome(const NotificationTag& tag, Outcome outcome);
  /// The server goes down: what waits is refused, the session stays.
  void shut_down();
  /// Another one has come in under its id and has what it observed.
  void give_way() { vanish(); }
  /// What could not be done while the core was calling.
  void on_turn_end();

  // For the functions that do what a request asks for, while the client is online.
  [[nodiscard]] GatewayShard& shard() { return shard_; }
  [[nodiscard]] ClientPort& session() { return *handle_.operator->(); }
  [[nodiscard]] Notifier& notifier() { return notifier_; }
  /// What tells its topics from those of clients under other mount points; empty for most.
  [[nodiscard]] const std::string& scope() const { return scope_; }
  /// With which a request may prove itself instead of by name and password; made by the first call. It begins with the
  /// shard on which the client lives.
  const std::string& make_token();
  [[nodiscard]] PacketId next_packet_id();
  /// Counts one more message; false: too many within a second.
  [[nodiscard]] bool may_publish();
  /// Answers; not before what `ticket` names is committed.
  void reply(const ReturnAddress& to, Response response, CommitTicket ticket = 0);
  /// Looks for what is retained under `filter`: `done` answers the request that came from `asker`. It is refused if it
  /// cannot begin, or if the client goes before.
  void search(const ReturnAddress& asker, std::string_view filter, OnRetained done);
  /// After a change of what it observes: keeps it over a restart of the server.
  void save_observations();
  /// Ends an observation: the session unsubscribes.
  void cancel(const Observation& observation);
  /// Says goodbye: the session ends with the end of the turn.
  void end_session();

  DeliveryResult deliver(const Delivery& delivery) override;
  void deliver_release(PacketId) override {}  // QoS 2 is never granted
  void on_committed(CommitTicket ticket) override;
  void on_session_ended(Reason reason) override;

 private:
  struct Uncommitted {
    CommitTicket ticket = 0;
    ReturnAddress to;
    Response response;
  };

  struct Search {
    std::uint32_t id = 0;
    ReturnAddress asker;
    std::unique_ptr<PendingSearch> pending;
  };

  void enter(const Envelope& envelope);
  void on_connected(ConnectResult result);
  void on_refused(const ConnectResult& result);
  void restore_observations();
  void serve_waiting();
  void perform(Envelope& envelope);
  void go_away(Reason reason);
  [[nodiscard]] bool has_something_to_keep() const;
  void vanish();
  /// Whoever waits for an answer is told to come again: it will get none.
  void refuse_what_is_open();
  void finish_search(std::uint32_t id);
  void settle(const Notifier::Effect& effect);
  void end_observations_of_stream();
  void arm_keep_alive();
  void on_timer(TimePoint now) override;

  GatewayShard& shard_;
  const ClientSerial serial_;
  State state_ = State::Entering;
  bool one_shot_ = false;
  bool had_session_ = false;  ///< its session was there before it: others may have left something in it
  bool restoring_ = false;    ///< what it observed under an earlier server is being read; requests and messages wait
  PacketId last_packet_id_ = 0;
  bool asked_ = false;           ///< for a sign of life, at half of the keep-alive interval
  TimePoint heard_{};            ///< its last sign of life
  std::uint32_t published_ = 0;  ///< since window_begin_
  TimePoint window_begin_{};
  std::string client_id_;
  std::string proof_;  ///< see proves()
  std::string token_;
  std::string scope_;
  ClientHandle handle_;
  std::unique_ptr<PendingConnect> pending_;
  std::vector<Envelope> waiting_;
  std::vector<Uncommitted> uncommitted_;  ///< in the order of their tickets
  std::uint32_t last_search_ = 0;
  std::vector<Search> searches_;
  std::vector<std::unique_ptr<PendingSearch>> over_;  ///< searches that are done, until the turn ends
  Notifier notifier_;
};

}  // namespace sluice::coap
