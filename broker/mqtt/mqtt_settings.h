// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "shared/base/clock.h"

namespace sluice::mqtt {

/// The keys of mqtt_config.h as values. A connection keeps those with which it was accepted.
struct MqttSettings {
  std::size_t max_packet_size = 64UL * 1024;  ///< bytes, whole packet
  double keepalive_backoff = 0.75;
  Duration idle_timeout = std::chrono::seconds(30);
  Duration refuse_timeout = std::chrono::seconds(30);
  std::uint16_t receive_maximum = 1024;
  std::uint16_t max_topic_alias = 16;
  std::size_t max_user_properties = 64;
  std::size_t max_filters_per_packet = 10'000;
  std::size_t outbound_buffer = 1024UL * 1024;  ///< bytes
  std::uint32_t max_publish_rate = 0;           ///< messages per second, 0: no limit
  std::uint16_t server_keepalive = 0;           ///< seconds, 0: as the client wishes
  std::string response_information;             ///< empty: none
};

}  // namespace sluice::mqtt
