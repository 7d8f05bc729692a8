// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::coap {

/// Content-Formats of CoAP [RFC 7252 12.3] and the content types of MQTT 5 that say the same.
namespace content_formats {
inline constexpr std::uint16_t kTextPlain = 0;
inline constexpr std::uint16_t kLinkFormat = 40;
inline constexpr std::uint16_t kXml = 41;
inline constexpr std::uint16_t kOctetStream = 42;
inline constexpr std::uint16_t kExi = 47;
inline constexpr std::uint16_t kJson = 50;
inline constexpr std::uint16_t kCbor = 60;
}  // namespace content_formats

/// "application/json" for 50. A number without a name here: "coap/<number>", so that it comes back as it was.
[[nodiscard]] std::string content_type_of(std::uint16_t format);
/// nullopt: no Content-Format says that.
[[nodiscard]] std::optional<std::uint16_t> content_format_of(std::string_view content_type);

}  // namespace sluice::coap
