// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/base/ring_buffer.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// Messages on their way to one peer, one behind the other.
/// Owner and thread: a connection's, only while there is something to send.
class StreamOutput {
 public:
  void append(const Parts& message);
  /// To be told when everything that was appended so far has been taken.
  void remind(Reminder reminder) { reminders_.push_back({taken_ + pending(), reminder}); }
  /// Offers everything. True: the transport took it all.
  bool write_to(Transport& transport);
  /// The next one whose bytes have been taken; nullopt: none.
  std::optional<Reminder> next_taken();
  /// The next one of all; nullopt: none is left.
  std::optional<Reminder> next_left();

  /// Bytes that the transport has not taken.
  [[nodiscard]] std::size_t pending() const { return bytes_.size() - sent_; }
  [[nodiscard]] bool empty() const { return pending() == 0 && reminders_.empty(); }
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }
  void clear();

 private:
  struct Waiting {
    std::uint64_t end = 0;  ///< as `taken_` counts
    Reminder reminder;
  };
  static constexpr std::size_t kCompactFrom = 64 * 1024;

  Bytes bytes_;
  std::size_t sent_ = 0;     ///< of bytes_
  std::uint64_t taken_ = 0;  ///< bytes, of all there were
  RingBuffer<Waiting> reminders_;
};

}  // namespace sluice::coap
