// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice {

/// Quality of service [MQTT5 4.3].
enum class Qos : std::uint8_t { AtMostOnce = 0, AtLeastOnce = 1, ExactlyOnce = 2 };

[[nodiscard]] constexpr Qos lower(Qos a, Qos b) { return a < b ? a : b; }
[[nodiscard]] constexpr Qos higher(Qos a, Qos b) { return a < b ? b : a; }

/// Identifies a message that is being acknowledged within one session; never 0 [MQTT5 2.2.1].
using PacketId = std::uint16_t;

/// A session as others see it: a weak handle, usable from any thread, that names no memory.
/// `generation` tells a session from a later one in the same slot. Slot 0 is nobody.
struct SessionRef {
  std::uint32_t slot = 0;
  std::uint32_t generation = 0;

  [[nodiscard]] explicit operator bool() const { return slot != 0; }
  friend bool operator==(SessionRef, SessionRef) = default;
};

/// Names a set of changes that is on its way to disk, within one shard; runs upwards. 0: nothing has to be waited for.
using CommitTicket = std::uint64_t;

/// The protocol that a client speaks.
enum class Protocol : std::uint8_t { Mqtt31, Mqtt311, Mqtt5, MqttSn, Coap, Stomp, Lwm2m, Internal };

/// "MQTT", "CoAP", … as administration shows it.
[[nodiscard]] std::string_view protocol_name(Protocol protocol);
/// MQTT: 3, 4, 5; the other protocols show 4.
[[nodiscard]] std::uint8_t protocol_version(Protocol protocol);

/// Retain Handling of a subscription [MQTT5 3.8.3.1].
enum class RetainHandling : std::uint8_t { Send = 0, SendIfNew = 1, DoNotSend = 2 };

struct SubscriptionOptions {
  Qos qos = Qos::AtMostOnce;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::Send;

  friend bool operator==(const SubscriptionOptions&, const SubscriptionOptions&) = default;
};

}  // namespace sluice
