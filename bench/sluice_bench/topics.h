// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace sluice::bench {

/// Topics of 20 characters, so that runs are comparable: bench/<kind>/<9 digits>. Requires: kind of 4 characters.
std::string numbered_topic(std::string_view kind, std::size_t number);

/// The n-th of many filters that match one topic each, by turns exact (bench/<9 digits>/temp), with a `+`
/// (bench/<9 digits>/+) and with a `#` (bench/<9 digits>/#).
std::string numbered_filter(std::size_t number);
/// The topic that only numbered_filter(number) matches.
std::string filter_topic(std::size_t number);
/// Changes the number in a topic made by filter_topic.
void patch_filter_topic(std::size_t number, std::span<std::uint8_t> topic);

/// %c becomes the client id, %u the user name, %i the client's number.
std::string expand_topic(std::string_view pattern, std::string_view client_id, std::string_view username,
                         std::size_t number);

}  // namespace sluice::bench
