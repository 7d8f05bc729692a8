// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/udp_socket.h"

#include <cerrno>
#include <cstring>
#include <utility>

#include "shared/log/log.h"

namespace sluice {
namespace {

void log_refused(const UdpSettings& settings, std::string_view key, const SocketAddress& peer, const char* reason) {
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("datagram refused: peer={} listener={} key={} reason=\"{}\" hushed={}", peer.to_string(),
                         settings.name, key, reason, hushed);
  }
}

void log_not_sent(const UdpSettings& settings, const SocketAddress& peer, const char* reason) {
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("datagram not sent: peer={} listener={} key={} reason=\"{}\" hushed={}", peer.to_string(),
                         settings.name, settings.key, reason, hushed);
  }
}

void log_kernel_drops(const UdpSettings& settings, std::uint32_t lost) {
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("datagrams lost: listener={} key={} lost={} reason=\"the receive buffer was full\" hushed={}",
                         settings.name, settings.key, lost, hushed);
  }
}

bool no_room(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

}  // namespace

UdpSocket::UdpSocket(Shard& shard, UniqueFd socket, std::shared_ptr<const UdpSettings> settings)
    : shard_(shard),
      socket_(std::move(socket)),
      bound_(local_address(socket_.get())),
      settings_(std::move(settings)),
      send_batch_(bound_) {}

UdpSocket::~UdpSocket() { stop(); }

void UdpSocket::start(DatagramEvents& events) {
  receive_batch_.divide(shard_.read_buffer(), settings_->max_datagram);
  if (const ErrorCode error = shard_.poller().add(socket_.get(), *this, EPOLLIN)) {
    log::get("net").error("listener cannot receive on shard {}: listener={} reason=\"{}\"", shard_.index(),
                          settings_->name, error.message());
    socket_.reset();
    return;
  }
  events_ = &events;
}

void UdpSocket::use(std::shared_ptr<const UdpSettings> settings) {
  settings_ = std::move(settings);
  receive_batch_.divide(shard_.read_buffer(), settings_->max_datagram);
}

void UdpSocket::stop() {
  if (events_ != nullptr) {
    flush();
    shard_.poller().remove(socket_.get(), *this);
    events_ = nullptr;
  }
  outgoing_.pop(outgoing_.waiting().size());
  outgoing_.settle();
  socket_.reset();
}

void UdpSocket::on_ready(std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) flush();
  if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) receive();
}

void UdpSocket::receive() {
  for (std::uint32_t i = 0; i < settings_->batches_per_turn; ++i) {
    const int count = receive_batch_.receive(socket_.get());
    probe_.add(UdpCount::ReceiveCalls);
    if (count < 0) {
      if (no_room(errno)) return;
      continue;  // what the network said of a datagram that left earlier; the kernel forgets it with this call
    }
    serve(static_cast<std::size_t>(count));
    if (static_cast<std::size_t>(count) < receive_batch_.capacity()) return;
  }
}

void UdpSocket::serve(std::size_t count) {
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const ReceiveBatch::Received received = receive_batch_.at(i);
    if (received.kernel_drops) note_kernel_drops(*received.kernel_drops);
    if (!admits(received)) continue;
    ++datagrams;
    bytes += received.datagram.bytes.size();
    events_->on_datagram(received.datagram);
  }
  probe_.add(UdpCount::Received, datagrams);
  probe_.add(UdpCount::BytesReceived, bytes);
}

bool UdpSocket::admits(const ReceiveBatch::Received& received) {
  const Datagram& datagram = received.datagram;
  // The kernel gives a copy of a broadcast to every socket on the port.
  if (datagram.multicast && shard_.index() != 0) return false;
  if (!settings_->access.allows(datagram.path.remote)) {
    probe_.add(UdpCount::RefusedByAccess);
    log_refused(*settings_, settings_->key, datagram.path.remote, "an access rule denies the address");
    return false;
  }
  if (received.truncated) {
    probe_.add(UdpCount::Truncated);
    const bool has_key = !settings_->max_datagram_key.empty();
    log_refused(*settings_, has_key ? settings_->max_datagram_key : settings_->key, datagram.path.remote,
                "it is larger than the listener takes");
    return false;
  }
  return true;
}

void UdpSocket::note_kernel_drops(std::uint32_t so_far) {
  const std::uint32_t lost = so_far - std::exchange(kernel_drops_, so_far);
  if (lost == 0) return;
  probe_.add(UdpCount::KernelDrops, lost);
  log_kernel_drops(*settings_, lost);
}

void UdpSocket::send(const DatagramPath& path, std::span<const std::byte> bytes) {
  if (events_ == nullptr) return;
  const std::size_t grown = outgoing_.size() + OutgoingDatagrams::cost(bytes.size());
  if (!blocked_) {
    if (grown > kPortion) flush();
    shard_.at_turn_end(*this);
  } else if (grown > settings_->max_queued) {
    probe_.add(UdpCount::Overflows);
    return log_not_sent(*settings_, path.remote, "too many wait for the kernel to take them");
  }
  outgoing_.push(path, bytes);
}

void UdpSocket::on_turn_end() {
  if (!blocked_) flush();
}

void UdpSocket::flush() {
  bool room = true;
  while (room && !outgoing_.empty()) room = send_batch();
  outgoing_.settle();
  wait_for_room(!room);
}

bool UdpSocket::send_batch() {
  const std::size_t end = send_batch_.describe(outgoing_);
  for (std::size_t done = 0; done < end;) {
    const int sent = send_batch_.send(socket_.get(), done, end);
    const int error = errno;
    probe_.add(UdpCount::SendCalls);
    if (sent < 0 && no_room(error)) return false;
    if (sent < 0) {
      drop_first(error);
      ++done;
      continue;
    }
    const auto count = static_cast<std::size_t>(sent);
    std::uint64_t bytes = 0;
    for (const auto& entry : outgoing_.waiting().first(count)) bytes += entry.length;
    probe_.add(UdpCount::Sent, count);
    probe_.add(UdpCount::BytesSent, bytes);
    outgoing_.pop(count);
    done += count;
  }
  return true;
}

void UdpSocket::drop_first(int error) {
  probe_.add(UdpCount::SendErrors);
  log_not_sent(*settings_, outgoing_.waiting().front().path.remote, std::strerror(error));
  outgoing_.pop(1);
}

void UdpSocket::wait_for_room(bool wanted) {
  if (std::exchange(blocked_, wanted) == wanted) return;
  shard_.poller().modify(socket_.get(), *this, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

}  // namespace sluice
