// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "shared/net/stream_transport.h"

namespace sluice {

/// A plain TCP connection. Thread: its shard's.
class TcpTransport final : public StreamTransport {
 public:
  TcpTransport(Shard& shard, AcceptedSocket socket);

  std::size_t write(std::span<const iovec> buffers) override;
  void shutdown() override;

 private:
  void serve_readable() override;
  void serve_writable() override;
};

static_assert(sizeof(TcpTransport) <= 160, "idle connections must stay small");

}  // namespace sluice
