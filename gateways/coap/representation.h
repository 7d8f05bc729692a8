// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "broker/api/message.h"
#include "gateways/coap/command.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// What a message is as a representation of CoAP.
using ETag = std::array<std::byte, 8>;

/// The same for the same payload and format, also after a restart [RFC 7252 5.10.6].
[[nodiscard]] ETag etag_of(const Message& message);
/// From the content type that its publisher gave; 42 (octets) without one, or where CoAP has no number for it.
[[nodiscard]] std::uint16_t content_format_of(const Message& message);
/// Seconds until it expires; nullopt: never. What does not expire may still be replaced at any time.
[[nodiscard]] std::optional<std::uint32_t> max_age_of(const Message& message, UnixMillis now);
/// A notification says until when another one comes at the latest, or the observer has to ask [RFC 7641 4.3.1].
void limit_max_age(Options& options, std::chrono::milliseconds most);

/// Whether an ETag of `etags` is the message's.
[[nodiscard]] bool has_etag(const std::vector<Bytes>& etags, const ETag& etag);

/// 2.05 with the message: Content-Format, ETag, Max-Age, and the payload, which the message owns. `KeepAlive::Yes`
/// makes the body share the message, for answers that outlive the call.
enum class KeepAlive : bool { No, Yes };
[[nodiscard]] Response content_of(const MessagePtr& message, UnixMillis now, KeepAlive keep);
/// A notification of it: without an ETag unless it takes more than one block, to be short.
[[nodiscard]] Response notification_of(const MessagePtr& message, UnixMillis now);

}  // namespace sluice::coap
