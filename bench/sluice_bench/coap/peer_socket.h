// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <netinet/in.h>
#include <span>
#include <string>
#include <sys/socket.h>

#include "bench/sluice_bench/clock.h"
#include "bench/sluice_bench/coap/source_address.h"
#include "bench/sluice_bench/codec.h"

namespace sluice::bench::coap {

/// A datagram that came for one of the peers.
struct Datagram {
  Peer peer = 0;
  ByteView bytes;
};

/// One UDP socket that is many peers of one server: each datagram says which address it comes from, and each that comes
/// is asked which address it was sent to (IP_PKTINFO). Works towards 127.0.0.0/8 only, all of which is the machine's
/// own. Reads and writes in batches, so that the load costs the machine as little as it can. Thread: its owner's.
/// Failures: of the constructor by exception; later error() says the first one.
class PeerSocket {
 public:
  /// The largest datagram either way; longer ones that come are cut.
  static constexpr std::size_t kMaxDatagram = 2048;

  /// Throws std::runtime_error if there is no socket.
  explicit PeerSocket(const sockaddr_in& server);
  ~PeerSocket();
  PeerSocket(const PeerSocket&) = delete;
  PeerSocket& operator=(const PeerSocket&) = delete;

  /// Copies the datagram; it leaves with the others of its batch, at the latest with flush().
  void send(Peer from, ByteView bytes);
  void flush();
  /// Returns when something has come, at the latest at `deadline`.
  void wait(Nanos deadline);
  /// What has come, at most one batch; empty if nothing has. Valid until the next call.
  std::span<const Datagram> receive();

  [[nodiscard]] const std::string& error() const { return error_; }

 private:
  static constexpr std::size_t kBatch = 64;
  static constexpr std::size_t kControlBytes = CMSG_SPACE(sizeof(in_pktinfo));

  /// The arguments of one system call and the memory that they point to.
  struct Batch {
    std::array<mmsghdr, kBatch> headers{};
    std::array<iovec, kBatch> vectors{};
    std::array<std::array<std::uint8_t, kMaxDatagram>, kBatch> bytes{};
    alignas(cmsghdr) std::array<std::array<std::uint8_t, kControlBytes>, kBatch> control{};
  };

  void prepare(Batch& batch);
  void fail(const char* what);

  sockaddr_in server_;
  int fd_;
  std::unique_ptr<Batch> out_;
  std::unique_ptr<Batch> in_;
  std::size_t queued_ = 0;
  std::array<Datagram, kBatch> arrived_{};
  std::string error_;
};

/// The IPv4 address of a server on the loopback. Throws std::runtime_error if it has none.
sockaddr_in resolve_server(const std::string& host, std::uint16_t port);

}  // namespace sluice::bench::coap
