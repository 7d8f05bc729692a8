// SPDX-License-Identifier: Apache-2.0
#include "shared/net/shard_listener.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <utility>

#include "shared/base/thread_annotations.h"
#include "shared/log/log.h"
#include "shared/net/net_probe.h"

namespace sluice {
namespace {

/// Held while a descriptor is taken from the process's table by accepting.
Mutex& accepting() {
  static Mutex mutex;
  return mutex;
}

UniqueFd open_reserve() { return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC)); }

/// Errors after which another accept() makes sense: they belong to the one connection [accept(2)].
bool of_one_connection(int error) {
  switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENETDOWN:
    case ENOPROTOOPT:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case EOPNOTSUPP:
    case ENETUNREACH:
      return true;
    default:
      return false;
  }
}

void log_refused(const ListenerSettings& settings, const SocketAddress& peer, const char* key, const char* what) {
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("connection refused: peer={} listener={} key={}.{} reason=\"{}\" hushed={}", peer.to_string(),
                         settings.name, settings.key, key, what, hushed);
  }
}

}  // namespace

ShardListener::ShardListener(Shard& shard, const Listener::OnAccept& on_accept, UniqueFd socket, SocketAddress bound)
    : shard_(shard), on_accept_(on_accept), socket_(std::move(socket)), reserve_(open_reserve()), bound_(bound) {}

ShardListener::~ShardListener() { stop(); }

void ShardListener::start(ListenerStatePtr state) {
  use(std::move(state));
  if (const ErrorCode error = shard_.poller().add(socket_.get(), *this, EPOLLIN)) {
    log::get("net").error("listener cannot accept on shard {}: listener={} reason=\"{}\"", shard_.index(),
                          state_->settings.name, error.message());
    socket_.reset();
    return;
  }
  watched_ = true;
}

void ShardListener::use(ListenerStatePtr state) {
  const std::uint64_t before = state_ ? state_->settings.connection_rate : 0;
  state_ = std::move(state);
  const std::uint64_t all = state_->settings.connection_rate;
  if (all == before) return;  // what was taken from it stays taken
  rate_.reset();
  if (all != 0) {
    const std::uint64_t share = std::max<std::uint64_t>(1, all / shard_.group().size());
    rate_.emplace(RateLimit{share, share}, shard_.now());
  }
}

void ShardListener::stop() {
  cancel();
  if (std::exchange(watched_, false)) shard_.poller().remove(socket_.get(), *this);
  socket_.reset();
  reserve_.reset();
  handshakes_.clear();
}

void ShardListener::on_ready(std::uint32_t) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    // The protocol may stop the listener from within on_accept.
    if (!watched_ || !rate_allows() || !accept_one()) return;
  }
}

void ShardListener::on_timer(TimePoint) { watch(EPOLLIN); }

bool ShardListener::accept_one() {
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  UniqueFd fd;
  int error = 0;
  {
    const MutexLock guard(accepting());
    // Somebody else may have taken its place; it comes before a further client.
    if (!reserve_) reserve_ = open_reserve();
    fd.reset(::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
    error = errno;
  }
  if (fd) {
    if (rate_) rate_->take(1, shard_.now());
    admit(std::move(fd), peer);
    return true;
  }
  if (error == EAGAIN || error == EWOULDBLOCK) return false;
  if (of_one_connection(error)) return true;
  refuse_exhausted(error);
  return false;
}

void ShardListener::admit(UniqueFd fd, const sockaddr_storage& peer) {
  const ListenerSettings& settings = state_->settings;
  AcceptedSocket socket{.fd = std::move(fd), .ssl = nullptr, .peer = {}, .slot = {}};
  socket.peer.address = SocketAddress::from(peer);
  if (!settings.access.allows(socket.peer.address)) {
    net_probe().refused_by_access.add();
    state_->probe->refused_by_access.fetch_add(1, std::memory_order_relaxed);
    return log_refused(settings, socket.peer.address, "access", "an access rule denies the address");
  }
  socket.slot = ListenerSlot::admit(state_);
  if (!socket.slot) {
    net_probe().refused_full.add();
    state_->probe->refused_full.fetch_add(1, std::memory_order_relaxed);
    return log_refused(settings, socket.peer.address, "max_clients", "every place is taken");
  }
  socket.peer.local = bound_.is_unspecified() ? local_address(socket.fd.get()) : bound_;
  if (!Handshake::needed(settings)) return hand_over(std::move(socket));
  Handshake::Owner& owner = *this;
  auto handshake = std::make_unique<Handshake>(shard_, owner, std::move(socket));
  if (handshake->begin()) handshakes_.emplace(handshake.get(), std::move(handshake));
}

void ShardListener::handshake_over(Handshake& handshake, AcceptedSocket socket) {
  handshakes_.erase(&handshake);
  if (socket.fd) hand_over(std::move(socket));
}

void ShardListener::hand_over(AcceptedSocket socket) {
  net_probe().accepted.add();
  state_->probe->accepted.fetch_add(1, std::memory_order_relaxed);
  on_accept_(shard_, std::move(socket));
}

bool ShardListener::rate_allows() {
  if (!rate_) return true;
  const Duration wait = rate_->wait(shard_.now());
  if (wait == Duration::zero()) return true;
  net_probe().deferred.add();
  state_->probe->deferred.fetch_add(1, std::memory_order_relaxed);
  rest(wait);
  return false;
}

void ShardListener::refuse_exhausted(int error) {
  std::uint64_t refused = 0;
  if (error == EMFILE || error == ENFILE) {
    const MutexLock guard(accepting());
    for (int i = 0; i < kAcceptsPerTurn && reserve_; ++i) {
      reserve_.reset();
      UniqueFd victim(::accept4(socket_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      const bool accepted = static_cast<bool>(victim);
      victim.reset();
      reserve_ = open_reserve();
      if (!accepted) break;
      ++refused;
    }
  }
  net_probe().refused_exhausted.add(refused);
  state_->probe->refused_exhausted.fetch_add(refused, std::memory_order_relaxed);
  rest(kExhaustedRest);
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").error(
        "connections refused: listener={} reason=\"{}\" refused={} hushed={}; raise the limit of open files "
        "(ulimit -n, LimitNOFILE) or lower {}.max_clients",
        state_->settings.name, std::strerror(error), refused, hushed, state_->settings.key);
  }
}

void ShardListener::rest(Duration time) {
  watch(0);
  shard_.wheel().arm(*this, shard_.now() + time);
}

void ShardListener::watch(std::uint32_t events) {
  if (watched_) shard_.poller().modify(socket_.get(), *this, events);
}

}  // namespace sluice
