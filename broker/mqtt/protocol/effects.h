// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/api/message.h"
#include "shared/base/clock.h"
#include "shared/base/shard.h"
#include "shared/net/transport.h"

namespace sluice::mqtt {

/// What a protocol machine may ask for. The connection does it; a test records it.
/// Thread: the machine's. No call comes back into the machine before it returns.
class Effects {
 public:
  static constexpr std::size_t kSpliceFrom = 4096;

  /// Room for `size` bytes of output, to be filled before the next call. They leave at the end of the turn.
  virtual std::span<std::byte> output(std::size_t size) = 0;
  /// Output that lies in `message`, which is kept until it is sent: worth it from kSpliceFrom bytes on.
  virtual void output(const MessagePtr& message, std::span<const std::byte> bytes) = 0;
  /// Bytes that wait because the client does not read.
  [[nodiscard]] virtual std::size_t backlog() const = 0;

  /// The next keep-alive deadline is `timeout` after the last packet; zero: none.
  virtual void set_keep_alive(Duration timeout) = 0;
  /// The machine's deadline() is another one than before: its on_deadline() follows when that has passed.
  virtual void deadline_changed() = 0;
  /// No input for a while.
  virtual void pause_input(Duration how_long) = 0;
  /// Input was held back (accepts_input() was false) and may go on.
  virtual void resume_input() = 0;
  /// The connection is to continue on another shard; the machine's on_moved() follows there.
  virtual void move_to(Shard& shard) = 0;
  /// Sends what there is, then closes. The machine hears nothing more.
  virtual void close() = 0;

  [[nodiscard]] virtual const TransportPeer& peer() const = 0;
  [[nodiscard]] virtual const std::shared_ptr<const ListenerTraits>& listener() const = 0;
  [[nodiscard]] virtual TimePoint now() const = 0;

 protected:
  ~Effects() = default;
};

}  // namespace sluice::mqtt
