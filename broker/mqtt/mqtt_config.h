// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/property.h"

namespace sluice::mqtt {

inline constexpr Property<ByteSize> kMaxPacketSize{
    .name = "mqtt.max_packet_size",
    .doc = "Size of a packet at most, both ways; a client that sends a larger one is disconnected.",
    .def = 64_KB,
    .min = {128},
    .max = 256_MB,
    .reload = Reload::NewConnections};
inline constexpr Property<double> kKeepaliveBackoff{
    .name = "mqtt.keepalive_backoff",
    .doc = "A silent client is disconnected after twice this times its keep-alive; 0.75 gives the standard's 1.5.",
    .def = 0.75,
    .min = 0.5,
    .max = 10,
    .reload = Reload::NewConnections};
inline constexpr Property<ConfigDuration> kIdleTimeout{
    .name = "mqtt.client.idle_timeout",
    .doc = "How long a connection may stay without a CONNECT packet.",
    .def = std::chrono::seconds(30),
    .min = std::chrono::milliseconds(100),
    .max = std::chrono::hours(1),
    .reload = Reload::NewConnections};
inline constexpr Property<bool> kWebsocketProtocolHeader{
    .name = "mqtt.websocket_protocol_header",
    .doc = "A WebSocket client must name a subprotocol (mqtt, mqttv3.1, mqttv3.1.1).",
    .def = true,
    .reload = Reload::NewConnections};

inline constexpr Property<std::uint32_t> kReceiveMaximum{
    .name = "mqtt.receive_maximum",
    .doc = "Messages of QoS 1 and 2 that an MQTT 5 client may have unacknowledged towards the server.",
    .def = 1024,
    .min = 1,
    .max = 65535,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxTopicAlias{
    .name = "mqtt.max_topic_alias",
    .doc = "Topic aliases per client and direction at most. 0: none.",
    .def = 16,
    .min = 0,
    .max = 65535,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxUserProperties{
    .name = "mqtt.max_user_properties",
    .doc = "User properties in a packet at most; a client that sends more is disconnected.",
    .def = 64,
    .min = 0,
    .max = 65535,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxFiltersPerPacket{
    .name = "mqtt.max_filters_per_packet",
    .doc = "Filters in a SUBSCRIBE or UNSUBSCRIBE packet at most; a client that sends more is disconnected.",
    .def = 10000,
    .min = 1,
    .max = 1'000'000,
    .reload = Reload::NewConnections};
inline constexpr Property<ByteSize> kOutboundBuffer{
    .name = "mqtt.client.outbound_buffer",
    .doc = "Bytes that may wait for a client that does not read; beyond it QoS 0 is dropped and the rest is queued.",
    .def = 1_MB,
    .min = 16_KB,
    .max = 256_MB,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxPublishRate{
    .name = "mqtt.client.max_publish_rate",
    .doc = "Messages a client may publish per second; a faster one is read more slowly. 0: no limit.",
    .def = 0,
    .min = 0,
    .max = 10'000'000,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kServerKeepalive{
    .name = "mqtt.server_keepalive",
    .doc = "Keep-alive in seconds that MQTT 5 clients have to keep at most (Server Keep Alive). 0: as they wish.",
    .def = 0,
    .min = 0,
    .max = 65535,
    .reload = Reload::NewConnections};
inline constexpr Property<std::string_view> kResponseInformation{
    .name = "mqtt.response_information",
    .doc = "Topic prefix for responses, told to MQTT 5 clients that ask for it. Empty: none.",
    .def = "",
    .reload = Reload::NewConnections};

inline constexpr AnyProperty kMqttRows[] = {&kMaxPacketSize,           &kKeepaliveBackoff,    &kIdleTimeout,
                                            &kWebsocketProtocolHeader, &kReceiveMaximum,      &kMaxTopicAlias,
                                            &kMaxUserProperties,       &kMaxFiltersPerPacket, &kOutboundBuffer,
                                            &kMaxPublishRate,          &kServerKeepalive,     &kResponseInformation};
inline constexpr PropertyTable kMqttTable{"MQTT", kMqttRows};

}  // namespace sluice::mqtt
