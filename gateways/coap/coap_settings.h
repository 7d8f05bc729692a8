// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "broker/api/types.h"
#include "shared/coap/message/parameters.h"
#include "shared/coap/server/server.h"
#include "shared/coap/stream/stream_settings.h"

namespace sluice {
class ConfigStore;
}

namespace sluice::coap {

/// Whose names and codes are spoken where they differ; never anybody's faults.
enum class Compat : std::uint8_t { Strict, Emq4, Emq2 };

/// `coap.notify_type`.
enum class NotifyType : std::uint8_t {
  ByQos,           ///< confirmable at QoS 1
  Confirmable,     ///< all
  NonConfirmable,  ///< none, but those that [RFC 7641 4.5] asks for
};

/// What clients of the gateway get and may do.
struct CoapSettings {
  std::string prefix = "mqtt";  ///< `coap.prefix.mqtt`: first segment of the path
  NotifyType notify_type = NotifyType::ByQos;
  std::optional<Qos> subscribe_qos;  ///< of a subscription that does not say; unset: as the listener's Compat has it
  std::uint8_t notify_window = 16;   ///< notifications that are not confirmed yet
  std::chrono::milliseconds confirm_every{std::chrono::hours(24)};
  std::chrono::milliseconds keep_alive{120'000};        ///< silence after which a client is away
  std::chrono::milliseconds session_expiry{7'200'000};  ///< how long one that is away keeps its session
  std::size_t max_clients = 250'000;                    ///< of one shard, those that are away included
  std::size_t max_observations = 100;                   ///< of one client
  std::size_t max_waiting_requests = 16;                ///< of one client while it is let in
  std::size_t max_listed = 1000;                        ///< topics in one discovery
  std::size_t max_created = 100'000;                    ///< topics of /ps without a value
  std::size_t max_client_id = 256;                      ///< bytes; of user name and password, too
  std::size_t max_held = 32;           ///< QoS 0 messages of one client that wait for their turn; the oldest goes
  std::uint32_t max_publish_rate = 0;  ///< messages per second and client; 0: no limit
  bool names_in_topics = false;        ///< the mount point has the client's names in it

  [[nodiscard]] Qos default_subscribe_qos(Compat compat) const {
    return subscribe_qos.value_or(compat == Compat::Emq2 ? Qos::AtLeastOnce : Qos::AtMostOnce);
  }
};

CoapSettings load_settings(const ConfigStore& store, std::size_t shards);
Parameters load_parameters(const ConfigStore& store, std::size_t shards);
StreamSettings load_stream_settings(const ConfigStore& store, std::size_t shards);
ServerSettings load_server_settings(const ConfigStore& store, const Parameters& parameters, std::size_t shards);

}  // namespace sluice::coap
