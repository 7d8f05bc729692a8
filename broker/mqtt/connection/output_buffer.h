// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "broker/api/message.h"
#include "shared/net/transport.h"

namespace sluice::mqtt {

/// Bytes on their way to one client. Small packets are copied behind one another; a large payload stays in its
/// message and is only referred to, so that a fan-out shares it.
/// Owner: a connection, and only while it has something to send; then it goes back to the shard's pool.
class OutputBuffer {
 public:
  /// Room for `size` bytes behind what is there; they count as written. Valid until the next call.
  std::span<std::byte> extend(std::size_t size);
  /// Refers to `bytes`, which belong to `message`; that is kept until they are sent.
  void append(const MessagePtr& message, std::span<const std::byte> bytes);

  /// Bytes not yet taken by the transport.
  [[nodiscard]] std::size_t pending() const { return pending_; }
  /// Offers everything to the transport. True if it took all.
  bool write_to(Transport& transport);
  /// Ready for the next owner.
  void clear();
  [[nodiscard]] std::size_t capacity() const { return bytes_.capacity(); }

 private:
  struct Splice {
    std::size_t position;  ///< in bytes_: the splice comes before the byte at this place
    MessagePtr message;
    std::span<const std::byte> bytes;
  };

  std::size_t gather(std::span<iovec> vectors) const;
  void consume(std::size_t count);
  /// Gives up what was sent: a client that never quite catches up must not make the buffer grow.
  void compact();

  static constexpr std::size_t kCompactFrom = 64 * 1024;
  std::vector<std::byte> bytes_;
  std::size_t sent_ = 0;  ///< of bytes_
  std::vector<Splice> splices_;
  std::size_t next_splice_ = 0;
  std::size_t splice_sent_ = 0;  ///< of splices_[next_splice_]
  std::size_t pending_ = 0;
};

/// The buffers of one shard that nobody needs at the moment.
class OutputPool {
 public:
  std::unique_ptr<OutputBuffer> take();
  void give_back(std::unique_ptr<OutputBuffer> buffer);

 private:
  static constexpr std::size_t kKept = 256;
  static constexpr std::size_t kLargestKept = 128 * 1024;
  std::vector<std::unique_ptr<OutputBuffer>> free_;
};

}  // namespace sluice::mqtt
