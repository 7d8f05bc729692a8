// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "shared/base/clock.h"

namespace sluice::coap {

/// Bounds of what the peer at the other end of a stream can make us keep, and how long it is waited for.
struct StreamSettings {
  /// Bytes of a message that is taken, as our CSM says. Over 1,152 it offers BERT: a multiple of 1,024 and room for
  /// options [RFC 8323 5.3.2]. What a peer sent before it knew our CSM may have 1,152 bytes in any case.
  std::uint32_t max_message_size = 64 * 1024 + 512;
  /// Requests of one connection that are not answered yet, and Pings that wait for them; then reading rests.
  std::size_t max_pending = 64;
  /// Bytes that the stream does not take: from here on reading rests and what answers nothing is refused.
  std::size_t output_high = 256 * 1024;
  /// The same: then the connection is closed.
  std::size_t output_limit = 4 * 1024 * 1024;
  /// Bytes of unfinished messages, of all connections: then those that have more than a little of them are closed.
  std::size_t unfinished_total = 64 * 1024 * 1024;

  Duration hello_timeout = std::chrono::seconds(10);    ///< for the peer's first CSM
  Duration message_timeout = std::chrono::seconds(60);  ///< from the first byte of a message to its last
  Duration ping_interval = std::chrono::seconds(120);   ///< of silence, then a Ping; zero: none
  Duration pong_timeout = std::chrono::seconds(30);     ///< for a sign of life, then the connection is closed
  /// For the end: of what the peer waits for after its Release, and of a peer that got ours.
  Duration release_timeout = std::chrono::seconds(10);
};

}  // namespace sluice::coap
