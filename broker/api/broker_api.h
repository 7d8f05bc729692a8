// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/client_handle.h"
#include "broker/api/delivery_sink.h"
#include "broker/api/gateway_store.h"
#include "broker/api/reason.h"
#include "broker/api/types.h"
#include "shared/base/shard.h"
#include "shared/net/transport.h"

namespace sluice {

/// `peer_cert_as_username`: which part of a verified client certificate replaces the user name.
enum class CertUsername : std::uint8_t { None, CommonName, DistinguishedName };

/// What a listener gives to every client that comes through it. Lives as long as the listener's clients.
struct ListenerTraits {
  std::string name;        ///< "mqtt:tcp:external"
  std::string mountpoint;  ///< put before every topic and filter, empty for none; %c and %u are replaced
  std::string zone;
  CertUsername cert_username = CertUsername::None;
};

struct WillRequest {
  std::string topic;
  std::vector<std::byte> payload;
  std::vector<std::byte> properties;  ///< as in MessageParts
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  std::uint32_t delay_seconds = 0;
  std::optional<std::uint32_t> expiry_seconds;
};

struct ConnectRequest {
  std::string client_id;  ///< empty: the core assigns one
  Protocol protocol = Protocol::Mqtt5;
  bool clean_start = true;
  /// Session Expiry Interval; nullopt for protocols without one: `mqtt.session.expiry_interval` unless clean.
  std::optional<std::uint32_t> session_expiry_seconds;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::uint16_t keep_alive_seconds = 0;
  std::uint16_t receive_maximum = 65535;  ///< how many unacknowledged messages the client takes
  std::optional<WillRequest> will;
  TransportPeer peer;
  std::shared_ptr<const ListenerTraits> listener;
  bool authenticated = false;  ///< by enhanced authentication: the chain is not asked
};

struct ConnectResult {
  Reason reason = Reason::Success;
  ClientHandle handle;  ///< empty unless Success
  bool session_present = false;
  std::string client_id;  ///< the assigned one, or the client's own
  std::uint32_t session_expiry_seconds = 0;
  /// Set with UseAnotherServer: the session lives on that shard; move there and connect again.
  Shard* move_to = nullptr;
};

/// A connect under way. Destroying it cancels: the callback is not called any more.
class PendingConnect {
 public:
  virtual ~PendingConnect() = default;
};

/// One authentication exchange of MQTT 5's AUTH packets [MQTT5 4.12].
class EnhancedAuthentication {
 public:
  struct Step {
    Reason reason = Reason::ContinueAuthentication;  ///< Success, ContinueAuthentication, or why not
    std::vector<std::byte> data;
    std::optional<std::string> username;  ///< with Success: who it is
  };
  virtual ~EnhancedAuthentication() = default;
  virtual Step advance(std::span<const std::byte> data) = 0;
};

/// The door to the core: the only one, for MQTT and for every gateway.
/// Thread: any shard's thread, for clients that live on that shard.
class BrokerApi {
 public:
  virtual ~BrokerApi() = default;

  using OnConnected = std::function<void(ConnectResult)>;
  /// Authenticates, takes over or makes the session, and binds it to `sink`. The answer may come before the call
  /// returns (then the result is null) or later on the same shard.
  virtual std::unique_ptr<PendingConnect> connect(ConnectRequest request, DeliverySink& sink, OnConnected done) = 0;

  /// Starts an exchange; null for a method that nobody registered (0x8C).
  virtual std::unique_ptr<EnhancedAuthentication> enhanced_authentication(std::string_view method) = 0;

  /// What a gateway keeps. The same name gives the same values, also after a restart. Before the shards run.
  virtual std::unique_ptr<GatewayStore> gateway_store(std::string_view gateway) = 0;

  /// The key of a TLS- or DTLS-PSK identity from `psk.file`; empty for an unknown one. Any thread.
  [[nodiscard]] virtual std::vector<std::byte> psk_key(std::string_view identity) const = 0;
};

}  // namespace sluice
