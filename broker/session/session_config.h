// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/check.h"
#include "shared/config/property.h"

namespace sluice::session {

inline constexpr Property<std::uint32_t> kMaxClientidLen{.name = "mqtt.max_clientid_len",
                                                         .doc = "Length of a client id at most, in bytes.",
                                                         .def = 1024,
                                                         .min = 23,
                                                         .max = 65535,
                                                         .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxSessions{
    .name = "mqtt.max_sessions",
    .doc = "Sessions at most, connected or not; a further client is refused as if the server were busy.",
    .def = 2'000'000,
    .min = 1,
    .max = 100'000'000,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kMaxTopicLevels{.name = "mqtt.max_topic_levels",
                                                         .doc = "Levels of a topic or filter at most: a/b/c has three.",
                                                         .def = 256,
                                                         .min = 8,
                                                         .max = 256,
                                                         .reload = Reload::Live};
inline constexpr Property<std::string_view> kSharedStrategy{
    .name = "mqtt.shared_subscription_strategy",
    .doc = "How a shared subscription picks the member that gets a message.",
    .def = "round_robin",
    .choices = "round_robin|random|sticky|hash",
    .reload = Reload::Restart};

inline constexpr Property<std::uint32_t> kMaxSubscriptions{.name = "mqtt.session.max_subscriptions",
                                                           .doc = "Subscriptions of one session at most.",
                                                           .def = 0,
                                                           .min = 1,
                                                           .max = 10'000'000,
                                                           .reload = Reload::Live,
                                                           .zero_means = "mqtt.session.subscriptions_limit"};
inline constexpr Property<std::uint32_t> kSubscriptionsLimit{
    .name = "mqtt.session.subscriptions_limit",
    .doc = "Bounds mqtt.session.max_subscriptions when that is 0.",
    .def = 1'000'000,
    .min = 1,
    .max = 10'000'000,
    .reload = Reload::Live};
inline constexpr Property<bool> kUpgradeQos{
    .name = "mqtt.session.upgrade_qos",
    .doc = "Deliver with the QoS of the subscription even where the message was published with a lower one.",
    .def = false,
    .reload = Reload::Live};
inline constexpr Property<std::uint32_t> kMaxInflight{
    .name = "mqtt.session.max_inflight",
    .doc = "Messages of QoS 1 and 2 sent and not yet acknowledged at most. A client's Receive Maximum counts too.",
    .def = 32,
    .min = 1,
    .max = 65535,
    .reload = Reload::NewConnections,
    .zero_means = "mqtt.session.inflight_limit"};
inline constexpr Property<std::uint32_t> kInflightLimit{.name = "mqtt.session.inflight_limit",
                                                        .doc = "Bounds mqtt.session.max_inflight when that is 0.",
                                                        .def = 65535,
                                                        .min = 1,
                                                        .max = 65535,
                                                        .reload = Reload::NewConnections};
inline constexpr Property<ConfigDuration> kRetryInterval{
    .name = "mqtt.session.retry_interval",
    .doc = "How long to wait for an acknowledgement before a message is sent again, to MQTT 3 clients. 0: never.",
    .def = std::chrono::seconds(20),
    .min = std::chrono::seconds(0),
    .max = std::chrono::hours(24),
    .reload = Reload::Live};
inline constexpr Property<std::uint32_t> kMaxAwaitingRel{
    .name = "mqtt.session.max_awaiting_rel",
    .doc = "Messages of QoS 2 received and waiting for their PUBREL at most.",
    .def = 1000,
    .min = 1,
    .max = 65535,
    .reload = Reload::Live,
    .zero_means = "mqtt.session.awaiting_rel_limit"};
inline constexpr Property<std::uint32_t> kAwaitingRelLimit{
    .name = "mqtt.session.awaiting_rel_limit",
    .doc = "Bounds mqtt.session.max_awaiting_rel when that is 0.",
    .def = 65535,
    .min = 1,
    .max = 65535,
    .reload = Reload::Live};
inline constexpr Property<ConfigDuration> kAwaitRelTimeout{
    .name = "mqtt.session.await_rel_timeout",
    .doc = "How long a packet id of QoS 2 is kept for its PUBREL. 0: as long as the session lives.",
    .def = std::chrono::seconds(30),
    .min = std::chrono::seconds(0),
    .max = std::chrono::hours(24),
    .reload = Reload::Live};
inline constexpr Property<ConfigDuration> kExpiryInterval{
    .name = "mqtt.session.expiry_interval",
    .doc =
        "How long a persistent session of an MQTT 3 client outlives its connection. MQTT 5 clients say it themselves.",
    .def = std::chrono::hours(2),
    .min = std::chrono::seconds(0),
    .max = std::chrono::hours(24 * 365 * 10),
    .reload = Reload::NewConnections};
inline constexpr Property<bool> kIgnoreLoopDeliver{.name = "mqtt.session.ignore_loop_deliver",
                                                   .doc =
                                                       "Do not deliver a client's own messages back to it (as No Local "
                                                       "in MQTT 5), for every subscription but shared ones.",
                                                   .def = false,
                                                   .reload = Reload::Live};

inline constexpr Property<std::string_view> kOverflow{
    .name = "mqtt.session.overflow",
    .doc =
        "What becomes of a message of QoS 1 or 2 when the queue of a session that should get it is full. drop: the "
        "queue's oldest gives way; refuse: nobody gets the message, and its publisher is told so (MQTT 5: 0x97; 3.x: "
        "it is not acknowledged).",
    .def = "drop",
    .choices = "drop|refuse"};
inline constexpr Property<ConfigDuration> kRefuseTimeout{
    .name = "mqtt.session.refuse_timeout",
    .doc =
        "How long a client of MQTT 3.x whose message was refused stays connected: when it comes back it sends the "
        "message again.",
    .def = std::chrono::seconds(30),
    .min = std::chrono::seconds(1),
    .max = std::chrono::hours(24),
    .reload = Reload::NewConnections};

inline constexpr Property<std::string_view> kQueueType{
    .name = "mqtt.mqueue.type",
    .doc = "simple: first in, first out; priority: by mqtt.mqueue.priority.",
    .def = "simple",
    .choices = "simple|priority",
    .reload = Reload::Live};
inline constexpr Property<std::string_view> kQueuePriority{
    .name = "mqtt.mqueue.priority",
    .doc = "Priorities of topics, 0 to 255: topic/1=10,topic/2=8. Other topics have 0.",
    .reload = Reload::Live,
    .check = check_topic_priorities};
inline constexpr Property<std::uint32_t> kQueueMaxLength{
    .name = "mqtt.mqueue.max_length",
    .doc =
        "Messages that wait for one session at most; when it is full, the oldest of QoS 0 gives way, then the oldest.",
    .def = 1000,
    .min = 1,
    .max = 100'000'000,
    .reload = Reload::Live,
    .zero_means = "mqtt.mqueue.length_limit"};
inline constexpr Property<std::uint32_t> kQueueLengthLimit{.name = "mqtt.mqueue.length_limit",
                                                           .doc = "Bounds mqtt.mqueue.max_length when that is 0.",
                                                           .def = 1'000'000,
                                                           .min = 1,
                                                           .max = 100'000'000,
                                                           .reload = Reload::Live};
inline constexpr Property<Percent> kQueueLowWatermark{
    .name = "mqtt.mqueue.low_watermark",
    .doc = "The alarm of a long queue ends when the queue has shrunk to this share of max_length.",
    .def = {0.2},
    .reload = Reload::Live};
inline constexpr Property<Percent> kQueueHighWatermark{
    .name = "mqtt.mqueue.high_watermark",
    .doc = "Share of max_length above which the alarm of a long queue begins.",
    .def = {0.6},
    .reload = Reload::Live};
inline constexpr Property<bool> kQueueStoreQos0{.name = "mqtt.mqueue.store_qos0",
                                                .doc = "Messages of QoS 0 wait in the queue too.",
                                                .def = true,
                                                .reload = Reload::Live};

inline constexpr AnyProperty kSessionRows[] = {
    &kMaxClientidLen,     &kMaxSessions,       &kMaxTopicLevels,     &kSharedStrategy, &kMaxSubscriptions,
    &kSubscriptionsLimit, &kUpgradeQos,        &kMaxInflight,        &kInflightLimit,  &kRetryInterval,
    &kMaxAwaitingRel,     &kAwaitingRelLimit,  &kAwaitRelTimeout,    &kExpiryInterval, &kIgnoreLoopDeliver,
    &kOverflow,           &kRefuseTimeout,     &kQueueType,          &kQueuePriority,  &kQueueMaxLength,
    &kQueueLengthLimit,   &kQueueLowWatermark, &kQueueHighWatermark, &kQueueStoreQos0};
inline constexpr PropertyTable kSessionTable{"Sessions and their queues", kSessionRows};

}  // namespace sluice::session
