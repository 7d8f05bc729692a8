// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "broker/api/reason.h"
#include "broker/mqtt/codec/packet.h"

namespace sluice::mqtt {

/// True if `reason` may stand in a packet of this type [MQTT5 2.4 and the packets' own tables], whoever sends it.
/// The reason that a CONNECT, PUBLISH, SUBSCRIBE, UNSUBSCRIBE or a ping may have: none.
[[nodiscard]] bool reason_allowed(PacketType type, Reason reason);

/// `reason` where it is allowed; otherwise the nearest that is: Success for a success, UnspecifiedError for an error
/// (PacketIdentifierNotFound in PUBREL and PUBCOMP, which know no other).
[[nodiscard]] Reason legal_reason(PacketType type, Reason reason);

/// The return code of a 3.x CONNACK [MQTT311 3.2.2.3]: 0 to 5. What 3.x cannot say is 3, server unavailable.
[[nodiscard]] std::uint8_t connack_code_v3(Reason reason);
/// Its opposite; empty for the reserved codes.
[[nodiscard]] std::optional<Reason> connack_reason_v3(std::uint8_t code);

/// The return code of a 3.x SUBACK [MQTT-3.9.3-2]: 0, 1, 2 or 0x80.
[[nodiscard]] constexpr std::uint8_t suback_code_v3(Reason reason) {
  return is_error(reason) ? 0x80 : static_cast<std::uint8_t>(reason);
}

}  // namespace sluice::mqtt
