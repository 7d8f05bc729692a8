// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/coap_settings.h"

#include <bit>

#include "gateways/coap/coap_config.h"
#include "shared/config/store.h"

namespace sluice::coap {
namespace {

/// What one of `shards` gets of a limit for all.
std::size_t share(std::size_t total, std::size_t shards) { return (total + shards - 1) / shards; }

NotifyType notify_type_of(std::string_view text) {
  if (text == "con") return NotifyType::Confirmable;
  return text == "non" ? NotifyType::NonConfirmable : NotifyType::ByQos;
}

EchoPolicy echo_of(std::string_view text) {
  if (text == "always") return EchoPolicy::Always;
  return text == "off" ? EchoPolicy::Off : EchoPolicy::Large;
}

/// SZX of the largest block that is no larger.
std::uint8_t exponent_of(std::uint32_t block_size) { return static_cast<std::uint8_t>(std::bit_width(block_size) - 5); }

}  // namespace

CoapSettings load_settings(const ConfigStore& store, std::size_t shards) {
  CoapSettings settings;
  settings.prefix = store.get(kPrefix);
  settings.notify_type = notify_type_of(store.get(kNotifyType));
  const std::string qos = store.get(kSubscribeQos);
  if (!qos.empty()) settings.subscribe_qos = qos == "1" ? Qos::AtLeastOnce : Qos::AtMostOnce;
  settings.notify_window = static_cast<std::uint8_t>(store.get(kNotifyWindow));
  settings.confirm_every = store.get(kConInterval);
  settings.keep_alive = store.get(kKeepAlive);
  settings.session_expiry = store.get(kSessionExpiry);
  settings.max_clients = share(store.get(kMaxClients), shards);
  settings.max_observations = store.get(kMaxObservations);
  settings.max_waiting_requests = store.get(kMaxWaitingRequests);
  settings.max_client_id = store.get(kMaxClientIdLen);
  settings.max_listed = store.get(kMaxListed);
  settings.max_created = store.get(kMaxCreated);
  settings.max_held = store.get(kMaxHeld);
  settings.names_in_topics = store.get(kMountpoint).find('%') != std::string::npos;
  return settings;
}

Parameters load_parameters(const ConfigStore& store, std::size_t shards) {
  Parameters parameters;
  parameters.ack_timeout = store.get(kAckTimeout);
  parameters.ack_random_factor = store.get(kAckRandomFactor);
  parameters.max_retransmit = store.get(kMaxRetransmit);
  parameters.nstart = store.get(kNstart);
  parameters.max_waiting = store.get(kMaxWaitingMessages);
  parameters.default_leisure = store.get(kDefaultLeisure);
  parameters.max_peers = share(store.get(kMaxPeers), shards);
  parameters.max_duplicates = share(store.get(kDedupEntries), shards);
  parameters.duplicate_bytes = share(store.get(kDedupBytes).bytes, shards);
  return parameters;
}

StreamSettings load_stream_settings(const ConfigStore& store, std::size_t shards) {
  constexpr std::size_t kHigh = 16;  // the part of the output at which reading rests
  StreamSettings settings;
  settings.max_message_size = static_cast<std::uint32_t>(store.get(kStreamMessage).bytes);
  settings.max_pending = store.get(kStreamPending);
  settings.output_limit = store.get(kStreamOutput).bytes;
  settings.output_high = settings.output_limit / kHigh;
  settings.unfinished_total = share(store.get(kStreamUnfinished).bytes, shards);
  settings.hello_timeout = store.get(kStreamHello);
  settings.message_timeout = store.get(kStreamMessageTimeout);
  settings.ping_interval = store.get(kStreamPing);
  settings.pong_timeout = store.get(kStreamPong);
  settings.release_timeout = store.get(kStreamRelease);
  return settings;
}

ServerSettings load_server_settings(const ConfigStore& store, const Parameters& parameters, std::size_t shards) {
  ServerSettings settings;
  settings.blocks.max_body_size = store.get(kMaxBodySize).bytes;
  settings.blocks.per_peer = store.get(kBlockPerPeer);
  settings.blocks.total_bytes = share(store.get(kBlockTotal).bytes, shards);
  settings.blocks.timeout = parameters.exchange_lifetime();
  settings.blocks.size_exponent = exponent_of(store.get(kBlockSize));
  settings.echo = echo_of(store.get(kEcho));
  settings.max_pending = share(store.get(kMaxPending), shards);
  return settings;
}

}  // namespace sluice::coap
