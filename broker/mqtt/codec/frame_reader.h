// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "broker/mqtt/codec/error.h"
#include "broker/mqtt/codec/packet.h"

namespace sluice::mqtt {

/// A whole control packet, cut out of the stream. A view.
struct Frame {
  std::uint8_t first_byte = 0;        ///< type and flags [MQTT5 2.1.1]
  std::span<const std::byte> body{};  ///< everything behind the fixed header

  /// 0, which is no PacketType, is possible here: decode() refuses it.
  [[nodiscard]] PacketType type() const { return static_cast<PacketType>(first_byte >> 4U); }
  [[nodiscard]] std::uint8_t flags() const { return first_byte & 0x0FU; }
};

enum class FrameStatus : std::uint8_t {
  Whole,       ///< `frame` is set, `size` bytes of the stream are it
  Incomplete,  ///< more bytes are needed: `size` in all once the header is there, before that 0
  Malformed,   ///< the stream cannot be read on: `error` says why
  TooLarge,    ///< larger than allowed: known as soon as the header is there; `size` says how large
};

struct FrameRead {
  FrameStatus status = FrameStatus::Incomplete;
  Errc error = Errc::Ok;  ///< set with Malformed and TooLarge
  std::size_t size = 0;   ///< of the whole packet, fixed header included
  Frame frame{};
};

/// Looks at the packet that `bytes` begin with. It keeps nothing: the caller keeps an unfinished tail, and calls again
/// with that tail and what came behind it; re-reading a header costs five bytes at most.
/// `max_packet_size` counts the whole packet [MQTT5 3.1.2.11.4]. Pure; any thread.
[[nodiscard]] FrameRead read_frame(std::span<const std::byte> bytes, std::size_t max_packet_size);

/// Reads one packet behind the other from a piece of a stream.
///
///     FrameReader reader(bytes, limit);
///     FrameRead read;
///     while ((read = reader.next()).status == FrameStatus::Whole) handle(read.frame);
///     keep(reader.rest());   // unless Malformed or TooLarge
class FrameReader {
 public:
  FrameReader(std::span<const std::byte> bytes, std::size_t max_packet_size)
      : rest_(bytes), max_packet_size_(max_packet_size) {}

  [[nodiscard]] FrameRead next() {
    const FrameRead read = read_frame(rest_, max_packet_size_);
    if (read.status == FrameStatus::Whole) rest_ = rest_.subspan(read.size);
    return read;
  }
  /// What has not been handed out.
  [[nodiscard]] std::span<const std::byte> rest() const { return rest_; }

 private:
  std::span<const std::byte> rest_;
  std::size_t max_packet_size_;
};

}  // namespace sluice::mqtt
