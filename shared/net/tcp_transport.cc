// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tcp_transport.h"

#include <utility>

#include "shared/net/linger.h"
#include "shared/net/net_probe.h"
#include "shared/net/stream_io.h"

namespace sluice {
namespace {

constexpr std::size_t kBuffersPerCall = 1024;  // IOV_MAX

std::size_t size_of(std::span<const iovec> buffers) {
  std::size_t bytes = 0;
  for (const iovec& buffer : buffers) bytes += buffer.iov_len;
  return bytes;
}

}  // namespace

TcpTransport::TcpTransport(Shard& shard, AcceptedSocket socket)
    : StreamTransport(shard, std::move(socket.fd), std::move(socket.peer), std::move(socket.slot)) {}

std::size_t TcpTransport::write(std::span<const iovec> buffers) {
  std::size_t sent = 0;
  while (!buffers.empty() && writable()) {
    const auto chunk = buffers.first(std::min(buffers.size(), kBuffersPerCall));
    const IoResult result = socket_write(fd(), chunk);
    if (result.status == IoStatus::Failed) {
      break_stream();
      break;
    }
    sent += result.bytes;
    if (result.bytes < size_of(chunk)) {
      block_writing();
      break;
    }
    buffers = buffers.subspan(chunk.size());
  }
  net_probe().bytes_sent.add(sent);
  return sent;
}

void TcpTransport::shutdown() {
  if (open()) linger(shard(), release_fd(), nullptr, {}, release_slot());
}

void TcpTransport::serve_readable() {
  const auto buffer = shard().read_buffer().first(read_allowance(kReadPerTurn));
  const IoResult result = socket_read(fd(), buffer);
  switch (result.status) {
    case IoStatus::Done:
      received(result.bytes);
      return events().on_bytes(buffer.first(result.bytes));
    case IoStatus::Closed:
      return close_with({});
    case IoStatus::Failed:
      return close_with(result.error);
    case IoStatus::WantRead:
    case IoStatus::WantWrite:
      return;
  }
}

void TcpTransport::serve_writable() {
  unblock_writing();
  events().on_writable();
}

}  // namespace sluice
