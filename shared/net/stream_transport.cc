// SPDX-License-Identifier: Apache-2.0
#include "shared/net/stream_transport.h"

#include <algorithm>
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

#include "shared/log/log.h"
#include "shared/net/listener_settings.h"
#include "shared/net/net_probe.h"

namespace sluice {
namespace {

const ListenerSettings& settings_of(const ListenerState* listener) {
  static const ListenerSettings defaults;
  return listener != nullptr ? listener->settings : defaults;
}

}  // namespace

/// `rate_limit` of one connection: its bucket and the wait until reading goes on.
class StreamTransport::ReadLimit final : public WheelTimer {
 public:
  ReadLimit(StreamTransport& owner, RateLimit limit, TimePoint now) : owner_(owner), bucket_(limit, now) {}
  TokenBucket& bucket() { return bucket_; }

 private:
  void on_timer(TimePoint) override { owner_.limit_over(); }

  StreamTransport& owner_;
  TokenBucket bucket_;
};

StreamTransport::StreamTransport(Shard& shard, UniqueFd fd, TransportPeer peer, ListenerSlot slot)
    : shard_(&shard), peer_(std::move(peer)), slot_(std::move(slot)), fd_(std::move(fd)) {
  const RateLimit limit = settings_of(slot_.get()).rate_limit;
  if (limit.limited()) limit_ = std::make_unique<ReadLimit>(*this, limit, shard.now());
}

StreamTransport::~StreamTransport() {
  leave_poller();
  // Who sees the connection end finds its place free.
  slot_ = ListenerSlot();
}

void StreamTransport::start(TransportEvents& events) {
  events_ = &events;
  if (!open()) return;
  enter_poller();
}

void StreamTransport::pause_reading() {
  set(kPausedByOwner);
  update_interest();
}

void StreamTransport::resume_reading() {
  if (!has(kPausedByOwner)) return;
  clear(kPausedByOwner);
  update_interest();
  if (has(kRegistered) && reading()) reading_resumed();
}

void StreamTransport::move_to(Shard& target, InlineTask then) {
  const bool blocked = armed();
  leave_poller();
  cancel();
  if (limit_) limit_->cancel();
  leaving();
  target.post([this, &target, blocked, then = std::move(then)]() mutable {
    shard_ = &target;
    if (open()) {
      clear(kPausedByLimit);
      if (events_ != nullptr) enter_poller();
      if (blocked) block_writing(has(kWantReadable));
    }
    then();
  });
}

std::size_t StreamTransport::read_allowance(std::size_t most) {
  if (!limit_) return most;
  const std::uint64_t tokens = limit_->bucket().available(shard_->now());
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(tokens, 1, most));
}

void StreamTransport::received(std::size_t bytes) {
  net_probe().bytes_received.add(bytes);
  if (!limit_) return;
  const TimePoint now = shard_->now();
  limit_->bucket().take(bytes, now);
  const Duration wait = limit_->bucket().wait(now);
  if (wait == Duration::zero()) return;
  net_probe().rate_limited.add();
  slot_->probe->rate_limited.fetch_add(1, std::memory_order_relaxed);
  set(kPausedByLimit);
  update_interest();
  shard_->wheel().arm(*limit_, now + wait);
}

void StreamTransport::limit_over() {
  clear(kPausedByLimit);
  update_interest();
  if (has(kRegistered) && reading()) reading_resumed();
}

void StreamTransport::block_writing(bool until_readable) {
  set(until_readable ? kWantReadable : kWantWritable);
  clear(until_readable ? kWantWritable : kWantReadable);
  update_interest();
  const auto timeout = settings_of(slot_.get()).send_timeout;
  if (armed() || timeout.count() == 0) return;
  unsent_ = unsent_bytes(fd());
  shard_->wheel().arm(*this, shard_->now() + timeout);
}

void StreamTransport::unblock_writing() {
  clear(kWantWritable);
  clear(kWantReadable);
  cancel();
  update_interest();
}

void StreamTransport::break_stream() {
  set(kBroken);
  // Whatever failed, now the poller reports EPOLLHUP, from where on_closed() may be called.
  ::shutdown(fd(), SHUT_RDWR);
}

void StreamTransport::close_with(ErrorCode why) {
  leave_poller();
  cancel();
  limit_.reset();
  slot_ = ListenerSlot();
  fd_.reset();
  events_->on_closed(why);
}

UniqueFd StreamTransport::release_fd() {
  leave_poller();
  cancel();
  limit_.reset();
  return std::move(fd_);
}

void StreamTransport::on_ready(std::uint32_t ready) {
  if (has(kBroken)) return close_with(socket_error());
  const bool end = (ready & (EPOLLHUP | EPOLLERR)) != 0;
  const bool can_write = (ready & EPOLLOUT) != 0 && has(kWantWritable) && !end;
  const bool can_read = end || (ready & (EPOLLIN | EPOLLRDHUP)) != 0;
  if (can_write && (!can_read || has(kWritableNext))) {
    clear(kWritableNext);
    return serve_writable();
  }
  if (can_write) set(kWritableNext);
  if (has(kWantReadable) && !end) return serve_writable();
  if (reading()) return serve_readable();
  if (end) close_with(socket_error());
}

void StreamTransport::on_timer(TimePoint now) {
  if (has(kBroken)) return close_with(socket_error());
  const ListenerSettings& settings = settings_of(slot_.get());
  const std::uint32_t unsent = unsent_bytes(fd());
  const bool progress = unsent < std::exchange(unsent_, unsent);
  if (!progress) {
    report_send_timeout(peer_, slot_.get());
    if (settings.send_timeout_close) {
      return close_with(make_error_code(boost::system::errc::timed_out));
    }
  }
  shard_->wheel().arm(*this, now + settings.send_timeout);
}

void StreamTransport::enter_poller() {
  if (shard_->poller().add(fd(), *this, interest())) {
    // Without a place in the poller there is no way to be told anything: a timer reports the end.
    set(kBroken);
    shard_->wheel().arm(*this, shard_->now());
    return;
  }
  set(kRegistered);
  if (reading()) reading_resumed();
}

void StreamTransport::leave_poller() {
  if (!has(kRegistered)) return;
  clear(kRegistered);
  shard_->poller().remove(fd(), *this);
}

void StreamTransport::update_interest() {
  if (has(kRegistered)) shard_->poller().modify(fd(), *this, interest());
}

std::uint32_t StreamTransport::interest() const {
  std::uint32_t events = 0;
  if (reading()) events |= EPOLLIN | EPOLLRDHUP;
  if (has(kWantReadable)) events |= EPOLLIN;
  if (has(kWantWritable)) events |= EPOLLOUT;
  return events;
}

ErrorCode StreamTransport::socket_error() const {
  int error = 0;
  socklen_t length = sizeof error;
  ::getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &length);
  return {error == 0 ? ECONNRESET : error, boost::system::system_category()};
}

std::uint32_t unsent_bytes(int fd) {
  int bytes = 0;
  return ::ioctl(fd, SIOCOUTQ, &bytes) == 0 ? static_cast<std::uint32_t>(bytes) : 0;
}

void report_send_timeout(const TransportPeer& peer, ListenerState* listener) {
  net_probe().send_timeouts.add();
  if (listener != nullptr) listener->probe->send_timeouts.fetch_add(1, std::memory_order_relaxed);
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    const ListenerSettings& settings = settings_of(listener);
    log::get("net").warn(
        "peer takes no data: peer={} listener={} key={}.send_timeout timeout_ms={} closed={} hushed={}",
        peer.address.to_string(), settings.name, settings.key, settings.send_timeout.count(),
        settings.send_timeout_close, hushed);
  }
}

}  // namespace sluice
