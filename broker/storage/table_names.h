// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

#include "broker/storage/write_batch.h"

namespace sluice::storage {

/// Names of the tables, in the order of Table. They lie on disk.
inline constexpr std::array<std::string_view, kTables> kTableNames = {
    "meta",         "sessions", "subscriptions", "queues",   "messages",
    "inbound_qos2", "retained", "wills",         "gateways", "users"};

constexpr std::string_view table_name(Table table) { return kTableNames[static_cast<std::size_t>(table)]; }

}  // namespace sluice::storage
