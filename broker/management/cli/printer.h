// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::ctl {

using Json = nlohmann::ordered_json;

// Objects of the API as the manual's chapter 11 prints them; each line ends with a newline. Pure. What clients chose
// (ids, topics) is printed with control characters as \xNN, so that it cannot drive the terminal.
std::string status_text(const Json& node);
std::string broker_text(const Json& node);
/// `width` is that of the names' column.
std::string figures_text(const Json& figures, std::size_t width);
std::string client_text(const Json& client);
std::string session_text(const Json& session);
std::string subscription_text(const Json& subscription);
std::string route_text(const Json& route);
std::string topic_text(const Json& topic);
std::string listener_text(const Json& listener);
std::string storage_text(const Json& storage);
/// A backup or compaction, "backup in /b: done in 12 ms".
std::string job_text(const Json& job);

std::string printable(std::string_view text);

}  // namespace sluice::ctl
