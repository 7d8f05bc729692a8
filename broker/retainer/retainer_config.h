// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/property.h"

namespace sluice::retainer {

inline constexpr Property<std::string_view> kStorageType{
    .name = "retainer.storage_type",
    .doc =
        "disc: retained messages survive a restart, as far as storage.type can keep them; ram: they do not. disc_only "
        "is the same as disc.",
    .def = "disc",
    .choices = "disc|ram|disc_only"};
inline constexpr Property<std::uint32_t> kMaxMessageNum{
    .name = "retainer.max_message_num",
    .doc = "Retained messages at most; a message for a further topic is delivered, but not kept.",
    .def = 1'000'000,
    .min = 1,
    .max = 100'000'000,
    .reload = Reload::Live,
    .zero_means = "retainer.message_num_limit"};
inline constexpr Property<std::uint32_t> kMessageNumLimit{.name = "retainer.message_num_limit",
                                                          .doc = "Bounds retainer.max_message_num when that is 0.",
                                                          .def = 10'000'000,
                                                          .min = 1,
                                                          .max = 100'000'000,
                                                          .reload = Reload::Live};
inline constexpr Property<ByteSize> kMaxPayloadSize{
    .name = "retainer.max_payload_size",
    .doc = "A message with a larger payload is delivered, but not kept.",
    .def = 64_KB,
    .min = {1},
    .max = 256_MB,
    .reload = Reload::Live,
    .zero_means = "mqtt.max_packet_size"};
inline constexpr Property<ConfigDuration> kExpiryInterval{
    .name = "retainer.expiry_interval",
    .doc = "How long a retained message is kept. 0: for ever. A message with an expiry of its own keeps that.",
    .def = std::chrono::seconds(0),
    .reload = Reload::Live};

inline constexpr AnyProperty kRetainerRows[] = {&kStorageType, &kMaxMessageNum, &kMessageNumLimit, &kMaxPayloadSize,
                                                &kExpiryInterval};
inline constexpr PropertyTable kRetainerTable{"Retained messages (etc/plugins/emq_retainer.conf)", kRetainerRows};

}  // namespace sluice::retainer
