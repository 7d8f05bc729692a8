// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/api/broker_api.h"
#include "gateways/coap/client.h"
#include "gateways/coap/coap_settings.h"
#include "gateways/coap/created_topics.h"
#include "gateways/coap/endpoint_host.h"
#include "gateways/coap/envelope.h"
#include "shared/base/shard.h"

namespace sluice::coap {

class GatewayShard;

/// What the parts of the gateway on all shards share. Before the shards run, then constant.
struct GatewayCommons {
  BrokerApi& broker;
  ShardGroup& shards;
  const CoapSettings settings;
  const std::unique_ptr<GatewayStore> store;
  CreatedTopics created;
  std::vector<std::unique_ptr<GatewayShard>> parts;  ///< one per shard
};

/// The gateway on one shard: the endpoints whose datagrams arrive here, and the clients whose sessions live here. Both
/// are often the same; where they are not, requests and notifications go from shard to shard by message.
/// Owner: the CoapGateway. Thread: its shard.
class GatewayShard final : private TurnEnd {
 public:
  GatewayShard(GatewayCommons& commons, Shard& shard) : commons_(commons), shard_(shard) {}
  ~GatewayShard() = default;
  GatewayShard(const GatewayShard&) = delete;
  GatewayShard& operator=(const GatewayShard&) = delete;

  [[nodiscard]] Shard& shard() { return shard_; }
  [[nodiscard]] std::size_t index() const { return shard_.index(); }
  [[nodiscard]] TimePoint now() const { return shard_.now(); }
  [[nodiscard]] UnixMillis wall_now() const { return unix_millis(); }
  [[nodiscard]] const CoapSettings& settings() const { return commons_.settings; }
  [[nodiscard]] BrokerApi& broker() { return commons_.broker; }
  [[nodiscard]] CreatedTopics& created() { return commons_.created; }
  /// The name of a client's topic among all that have been created: clients of different mount points share none.
  [[nodiscard]] static std::string scoped(const Client& client, std::string_view topic) {
    return client.scope() + std::string(topic);
  }

  // Endpoints.

  /// Before the shard runs or on it.
  EndpointHost& add(std::unique_ptr<EndpointHost> endpoint);
  [[nodiscard]] std::uint32_t next_endpoint() const { return static_cast<std::uint32_t>(endpoints_.size()); }
  /// Says goodbye to nobody; sessions go on without their clients. On the shard.
  void stop();
  void on_request(EndpointHost& endpoint, std::uint32_t index, const Request& request);
  /// What became of a notification, from any endpoint of any shard.
  void on_outcome(Cookie cookie, Outcome outcome);

  // From clients, wherever the peer is.

  void reply(const ReturnAddress& to, Response response);
  void send(const Route& route, OutboundNotification outgoing);
  /// What was sent under these tags is not needed there any more: no outcome follows.
  void withdraw(const Route& route, std::vector<NotificationTag> tags);
  /// Its client learns that what it sent goes to nobody; in a later turn, since it may be in the middle of something.
  void refused(const NotificationTag& tag);
  void pin(const Route& route);
  void unpin(const Route& route);
  /// The client of `tag` is to be told when the connection of `route` ends.
  void watch(const Route& route, const NotificationTag& tag);
  void unwatch(const Route& route, const NotificationTag& tag);

  // Clients.

  /// Hands a request to its client; on the shard where that may live.
  void serve(Envelope&& envelope);
  /// The session lives on another shard.
  void pass_on(Envelope&& envelope, std::size_t shard);
  /// The client is in: it is the one of its id from now on.
  void now_serves(Client& client);
  /// Destroys it at the end of the turn.
  void bury(Client& client);
  /// nullptr: gone.
  [[nodiscard]] Client* find(ClientSerial serial);
  /// Calls its on_turn_end().
  void call_at_turn_end(ClientSerial serial);
  [[nodiscard]] std::size_t clients() const { return by_serial_.size(); }

 private:
  static constexpr std::uint8_t kMostHops = 2;

  void on_turn_end() override;
  Client& admit(const Envelope& envelope);
  [[nodiscard]] ClientSerial next_serial();
  void serve_by_token(Envelope&& envelope);
  void serve_discovery(EndpointHost& endpoint, const Request& request);
  /// Runs `task` on that shard, at once if it is this one.
  template <class Task>
  void on_shard(std::uint32_t shard, Task&& task);

  GatewayCommons& commons_;
  Shard& shard_;
  std::vector<std::unique_ptr<EndpointHost>> endpoints_;  ///< null once it is closed
  boost::unordered_flat_map<std::string, Client*> by_id_;
  boost::unordered_flat_map<ClientSerial, std::unique_ptr<Client>> by_serial_;
  std::vector<std::unique_ptr<Client>> buried_;
  std::vector<ClientSerial> turn_ends_;
  ClientSerial last_serial_ = 0;
};

}  // namespace sluice::coap
