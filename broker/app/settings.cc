// SPDX-License-Identifier: Apache-2.0
#include "broker/app/settings.h"

#include <charconv>
#include <string>
#include <string_view>

#include "broker/auth/auth_config.h"
#include "broker/mqtt/mqtt_config.h"
#include "broker/retainer/retainer_config.h"
#include "broker/session/session_config.h"

namespace sluice::app {
namespace {

/// A key's value, or that of the limit which takes its place when it is 0.
std::uint32_t bounded(const ConfigStore& config, const Property<std::uint32_t>& property,
                      const Property<std::uint32_t>& limit) {
  const std::uint32_t value = config.get(property);
  return value != 0 ? value : config.get(limit);
}

/// `topic/1=10,topic/2=8`. What is no number has been refused when the file was checked.
std::map<std::string, std::int32_t, std::less<>> parse_priorities(std::string_view text) {
  std::map<std::string, std::int32_t, std::less<>> priorities;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view item = text.substr(0, comma);
    const std::size_t equals = item.rfind('=');
    std::int32_t priority = 0;
    if (equals != std::string_view::npos) {
      std::from_chars(item.data() + equals + 1, item.data() + item.size(), priority);
      priorities.emplace(item.substr(0, equals), priority);
    }
    text = comma == std::string_view::npos ? std::string_view() : text.substr(comma + 1);
  }
  return priorities;
}

router::PickStrategy parse_strategy(std::string_view text) {
  if (text == "random") return router::PickStrategy::Random;
  if (text == "sticky") return router::PickStrategy::Sticky;
  if (text == "hash") return router::PickStrategy::Hash;
  return router::PickStrategy::RoundRobin;
}

session::QueueSettings load_queue_settings(const ConfigStore& config) {
  session::QueueSettings queue;
  queue.max_length = bounded(config, session::kQueueMaxLength, session::kQueueLengthLimit);
  queue.store_qos0 = config.get(session::kQueueStoreQos0);
  queue.by_priority = config.get(session::kQueueType) == "priority";
  queue.priorities = parse_priorities(config.get(session::kQueuePriority));
  queue.low_watermark = config.get(session::kQueueLowWatermark).fraction;
  queue.high_watermark = config.get(session::kQueueHighWatermark).fraction;
  return queue;
}

}  // namespace

session::SessionSettings load_session_settings(const ConfigStore& config) {
  session::SessionSettings settings;
  settings.max_clientid_len = config.get(session::kMaxClientidLen);
  settings.max_subscriptions = bounded(config, session::kMaxSubscriptions, session::kSubscriptionsLimit);
  settings.max_sessions = config.get(session::kMaxSessions);
  settings.max_topic_levels = config.get(session::kMaxTopicLevels);
  settings.upgrade_qos = config.get(session::kUpgradeQos);
  settings.max_inflight = bounded(config, session::kMaxInflight, session::kInflightLimit);
  settings.retry_interval = config.get(session::kRetryInterval);
  settings.max_awaiting_rel = bounded(config, session::kMaxAwaitingRel, session::kAwaitingRelLimit);
  settings.await_rel_timeout = config.get(session::kAwaitRelTimeout);
  settings.expiry_seconds = static_cast<std::uint32_t>(
      std::chrono::duration_cast<std::chrono::seconds>(config.get(session::kExpiryInterval)).count());
  settings.ignore_loop_deliver = config.get(session::kIgnoreLoopDeliver);
  settings.queue = load_queue_settings(config);
  return settings;
}

mqtt::MqttSettings load_mqtt_settings(const ConfigStore& config) {
  mqtt::MqttSettings settings;
  settings.max_packet_size = config.get(mqtt::kMaxPacketSize).bytes;
  settings.keepalive_backoff = config.get(mqtt::kKeepaliveBackoff);
  settings.idle_timeout = config.get(mqtt::kIdleTimeout);
  // A QoS 2 message takes a place among those that await their release: no more are invited than have one.
  settings.receive_maximum = static_cast<std::uint16_t>(std::min(
      config.get(mqtt::kReceiveMaximum), bounded(config, session::kMaxAwaitingRel, session::kAwaitingRelLimit)));
  settings.max_topic_alias = static_cast<std::uint16_t>(config.get(mqtt::kMaxTopicAlias));
  settings.max_user_properties = config.get(mqtt::kMaxUserProperties);
  settings.max_filters_per_packet = config.get(mqtt::kMaxFiltersPerPacket);
  settings.refuse_timeout = config.get(session::kRefuseTimeout);
  settings.outbound_buffer = config.get(mqtt::kOutboundBuffer).bytes;
  settings.max_publish_rate = config.get(mqtt::kMaxPublishRate);
  settings.server_keepalive = static_cast<std::uint16_t>(config.get(mqtt::kServerKeepalive));
  settings.response_information = config.get(mqtt::kResponseInformation);
  return settings;
}

retainer::RetainerSettings load_retainer_settings(const ConfigStore& config) {
  retainer::RetainerSettings settings;
  settings.max_message_num = bounded(config, retainer::kMaxMessageNum, retainer::kMessageNumLimit);
  settings.max_payload_size = config.get(retainer::kMaxPayloadSize).bytes;
  settings.expiry_interval = config.get(retainer::kExpiryInterval).count();
  return settings;
}

router::RouterSettings load_router_settings(const ConfigStore& config, std::size_t shards) {
  return {.shards = shards, .shared_strategy = parse_strategy(config.get(session::kSharedStrategy))};
}

auth::AccessSettings load_access_settings(const ConfigStore& config) {
  auth::AccessSettings settings;
  settings.allow_anonymous = config.get(auth::kAllowAnonymous);
  settings.nomatch_allow = config.get(auth::kAclNomatch) == "allow";
  settings.cache_acl = config.get(auth::kCacheAcl);
  settings.cache_size = config.get(auth::kAclCacheSize);
  settings.cache_ttl = config.get(auth::kAclCacheTtl);
  settings.workers = {.threads = config.get(auth::kWorkerThreads), .queue = config.get(auth::kWorkerQueue)};
  return settings;
}

auth::BuiltinUsersSettings load_username_settings(const ConfigStore& config) {
  auth::BuiltinUsersSettings settings{.key = auth::BuiltinUsersSettings::Key::Username,
                                      .password_hash = config.get(auth::kUserPasswordHash),
                                      .users = {}};
  for (const std::string& id : config.names(auth::kUserName.name)) {
    settings.users.push_back({config.get(auth::kUserName, {id}), config.get(auth::kUserPassword, {id}),
                              config.get(auth::kUserSuperuser, {id})});
  }
  for (const std::string& name : config.names(auth::kNamedUserPassword.name)) {
    settings.users.push_back({name, config.get(auth::kNamedUserPassword, {name}), false});
  }
  return settings;
}

auth::BuiltinUsersSettings load_clientid_settings(const ConfigStore& config) {
  auth::BuiltinUsersSettings settings{.key = auth::BuiltinUsersSettings::Key::ClientId,
                                      .password_hash = config.get(auth::kClientPasswordHash),
                                      .users = {}};
  for (const std::string& id : config.names(auth::kClientId.name)) {
    settings.users.push_back({config.get(auth::kClientId, {id}), config.get(auth::kClientPassword, {id}),
                              config.get(auth::kClientSuperuser, {id})});
  }
  return settings;
}

}  // namespace sluice::app
