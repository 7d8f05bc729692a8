// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/datagram.h"
#include "shared/net/udp/outgoing_datagrams.h"
#include "shared/net/udp/receive_batch.h"
#include "shared/net/udp/send_batch.h"
#include "shared/net/udp/udp_probe.h"
#include "shared/net/udp/udp_settings.h"

namespace sluice {

/// One shard's part of a UdpListener.
/// A turn reads a bounded number of batches into the shard's read buffer: on_datagram must not use that buffer. What
/// is sent leaves at the end of the turn, or earlier in portions of kPortion bytes. When the kernel takes no more, the
/// rest waits, up to `max_queued` bytes, and what comes then is dropped.
/// Broadcasts reach the sockets of all shards: the first shard's serves them.
/// Owner: the UdpListener. Thread: its shard's after start(); probe() anywhere.
class UdpSocket final : public DatagramPort, private Pollable, private TurnEnd {
 public:
  UdpSocket(Shard& shard, UniqueFd socket, std::shared_ptr<const UdpSettings> settings);
  ~UdpSocket();

  /// Begins to receive; that the kernel takes no more watches is logged. `events` must live until stop().
  void start(DatagramEvents& events);
  /// Later datagrams are treated by `settings`.
  void use(std::shared_ptr<const UdpSettings> settings);
  /// Offers the kernel once more what waits, then closes.
  void stop();

  /// Between start() and stop(); at other times nothing is sent.
  void send(const DatagramPath& path, std::span<const std::byte> bytes) override;
  [[nodiscard]] std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  [[nodiscard]] bool secure() const override { return false; }
  [[nodiscard]] const SocketAddress& bound() const override { return bound_; }

  [[nodiscard]] const UdpProbe& probe() const { return probe_; }

  static constexpr std::size_t kPortion = 64UL * 1024;

 private:
  void on_ready(std::uint32_t events) override;
  void on_turn_end() override;

  void receive();
  void serve(std::size_t count);
  bool admits(const ReceiveBatch::Received& received);
  void note_kernel_drops(std::uint32_t so_far);
  void flush();
  /// False: the kernel takes no more for now.
  bool send_batch();
  void drop_first(int error);
  void wait_for_room(bool wanted);

  Shard& shard_;
  UniqueFd socket_;
  const SocketAddress bound_;
  std::shared_ptr<const UdpSettings> settings_;
  DatagramEvents* events_ = nullptr;  ///< set while it is in the poller
  bool blocked_ = false;              ///< the kernel takes no more; the poller tells when it does
  std::uint32_t kernel_drops_ = 0;    ///< as the kernel counts them
  UdpProbe probe_;
  OutgoingDatagrams outgoing_;
  ReceiveBatch receive_batch_;
  SendBatch send_batch_;
};

}  // namespace sluice
