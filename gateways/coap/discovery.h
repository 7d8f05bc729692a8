// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/coap/coap_settings.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// A topic as discovery shows it.
struct ListedTopic {
  std::string topic;
  std::uint16_t content_format = 0;
};

/// Links of the topics below /ps that pass `query` ("rt=core.ps.data", "href=/ps/a*", "ct=42"; empty: all).
[[nodiscard]] std::string topic_links(const std::vector<ListedTopic>& topics, std::string_view query);
/// Links of the gateway's entry points, filtered in the same way [RFC 6690 4].
[[nodiscard]] std::string root_links(const CoapSettings& settings, Compat compat, std::string_view query);
/// 2.05 with links.
[[nodiscard]] Response links_response(std::string links);

}  // namespace sluice::coap
