// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/auth/psk_store.h"
#include "broker/session/client_session.h"
#include "broker/session/session_context.h"

namespace sluice::session {

/// Brings clients and sessions together: implements the door's connect, and what administration does to sessions.
/// Owner: the app; outlives all front ends. Thread safety: as BrokerApi says; administration as noted.
class SessionManager final : public BrokerApi {
 public:
  /// `core.contexts` is complete.
  SessionManager(SessionCore& core, const auth::PskStore& psk);

  std::unique_ptr<PendingConnect> connect(ConnectRequest request, DeliverySink& sink, OnConnected done) override;
  std::unique_ptr<EnhancedAuthentication> enhanced_authentication(std::string_view method) override;
  std::unique_ptr<GatewayStore> gateway_store(std::string_view gateway) override;
  [[nodiscard]] std::vector<std::byte> psk_key(std::string_view identity) const override;

  using EnhancedFactory = std::function<std::unique_ptr<EnhancedAuthentication>()>;
  /// Makes an authentication method available to MQTT 5 clients. Before the shards run.
  void add_enhanced_authentication(std::string method, EnhancedFactory factory);

  /// Disconnects a client (0x98); its session ends unless it outlives connections. Any thread. False: no such session.
  bool kick(std::string_view client_id);
  /// Ends every connection of this shard, for a reason that the clients are told. On the shard.
  void evict_all(Shard& shard, Reason reason);
  /// Destroys what is left, without wills or events: the process ends. On the shard.
  void destroy_all(Shard& shard);

  /// Other settings for the sessions of this shard; where the limits of queues change, alarms that they do not justify
  /// any more end a little later. On the shard.
  void reconfigure(Shard& shard, const SessionSettings& settings);

  [[nodiscard]] SessionCore& core() { return core_; }
  [[nodiscard]] SessionContext& context_of(Shard& shard) { return *core_.contexts[shard.index()]; }

 private:
  class Pending;
  class AwaitedRestore;

  /// As connect(), when the client's session is there, if it has one.
  std::unique_ptr<PendingConnect> connect_restored(ConnectRequest request, DeliverySink& sink, OnConnected done);
  [[nodiscard]] Reason check_identity(SessionContext& context, ConnectRequest& request) const;
  /// Success unless the store cannot take what the connect would bring.
  [[nodiscard]] Reason check_storage(const ConnectRequest& request, std::uint32_t expiry) const;
  [[nodiscard]] Shard* elsewhere(SessionContext& context, std::string_view client_id) const;
  void establish(SessionContext& context, const ConnectRequest& request, DeliverySink& sink, const OnConnected& done,
                 bool superuser);
  void refuse(SessionContext& context, const ConnectRequest& request, const OnConnected& done, Reason reason) const;
  /// The session of that id on this shard, ready to be attached; null if there is none to go on with.
  ClientSession* take_existing(SessionContext& context, const ConnectRequest& request);
  ClientSession* create(SessionContext& context, const ConnectRequest& request, Reason& refused);

  SessionCore& core_;
  const auth::PskStore& psk_;
  std::map<std::string, EnhancedFactory, std::less<>> enhanced_;
};

}  // namespace sluice::session
