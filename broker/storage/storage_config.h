// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/property.h"

namespace sluice::storage {

inline constexpr Property<std::string_view> kType{
    .name = "storage.type",
    .doc =
        "Where sessions, queues and retained messages are kept. disc: in <node.data_dir>/storage, they survive the "
        "end of the server; ram: in memory, they do not.",
    .def = "disc",
    .choices = "disc|ram"};
inline constexpr Property<std::string_view> kSync{
    .name = "storage.sync",
    .doc =
        "When what has to survive is acknowledged. always: when the device has it, it survives the loss of power; "
        "interval: when the operating system has it, it survives the end of the server, and the loss of power "
        "storage.sync_interval later; os: the same, but the operating system alone decides when the device gets it.",
    .def = "interval",
    .choices = "always|interval|os"};
inline constexpr Property<ConfigDuration> kSyncInterval{
    .name = "storage.sync_interval",
    .doc = "For storage.sync = interval: what the loss of power may cost at most.",
    .def = std::chrono::milliseconds(100),
    .min = std::chrono::milliseconds(1),
    .max = std::chrono::minutes(1)};
inline constexpr Property<ByteSize> kMemory{
    .name = "storage.memory",
    .doc = "Memory of the store at most: write buffers, cache, and, a quarter of it, what waits to be written.",
    .def = 256_MB,
    .min = 16_MB,
    .max = {1ULL << 40}};
inline constexpr Property<ByteSize> kMaxBytes{.name = "storage.max_bytes",
                                              .doc = "Size of the store on disk at most. 0: 90 % of the file system.",
                                              .def = {0},
                                              .max = {1ULL << 60}};
inline constexpr Property<std::string_view> kFull{
    .name = "storage.full",
    .doc =
        "What becomes of messages for sessions that outlive their connection when storage.max_bytes is used up. "
        "refuse: they are not taken (MQTT 5: 0x97; 3.x: not acknowledged); drop: they are acknowledged and reach only "
        "clients that are connected.",
    .def = "refuse",
    .choices = "refuse|drop"};

inline constexpr Property<bool> kAcceptLogLoss{
    .name = "storage.accept_log_loss",
    .doc =
        "Start although the write-ahead log is damaged where it was safe already, and drop all that lies behind the "
        "damage. For one start, when there is no backup.",
    .def = false};

inline constexpr AnyProperty kStorageRows[] = {&kType,     &kSync, &kSyncInterval, &kMemory,
                                               &kMaxBytes, &kFull, &kAcceptLogLoss};
inline constexpr PropertyTable kStorageTable{"Storage", kStorageRows};

}  // namespace sluice::storage
