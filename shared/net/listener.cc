// SPDX-License-Identifier: Apache-2.0
#include "shared/net/listener.h"

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <utility>

#include <climits>

#include "shared/log/log.h"
#include "shared/net/shard_listener.h"
#include "shared/net/tls_context.h"

namespace sluice {
namespace {

void set_option(int fd, int level, int name, int value) { ::setsockopt(fd, level, name, &value, sizeof value); }

/// Accepted sockets inherit it.
void set_nodelay(int fd, const ListenerSettings& settings) {
  set_option(fd, IPPROTO_TCP, TCP_NODELAY, settings.nodelay ? 1 : 0);
}

/// Accepted sockets inherit them; to be set before listen() [tcp(7)].
void set_buffers(int fd, const ListenerSettings& settings) {
  const auto as_int = [](std::uint64_t bytes) { return static_cast<int>(std::min<std::uint64_t>(bytes, INT_MAX)); };
  if (settings.recbuf) set_option(fd, SOL_SOCKET, SO_RCVBUF, as_int(*settings.recbuf));
  if (settings.sndbuf) set_option(fd, SOL_SOCKET, SO_SNDBUF, as_int(*settings.sndbuf));
}

/// A bound socket, or none and errno.
UniqueFd bind_socket(const ListenerSettings& settings, const SocketAddress& address, bool share_port) {
  sockaddr_storage storage;
  const socklen_t length = address.to_sockaddr(storage);
  UniqueFd fd(::socket(storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd) return fd;
  set_option(fd.get(), SOL_SOCKET, SO_REUSEADDR, settings.reuseaddr ? 1 : 0);
  set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, share_port ? 1 : 0);
  if (storage.ss_family == AF_INET6) set_option(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, 1);
  set_nodelay(fd.get(), settings);
  set_buffers(fd.get(), settings);
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&storage), length) == 0) return fd;
  const int error = errno;
  fd.reset();
  errno = error;
  return fd;
}

std::string cannot_listen(const ListenerSettings& settings, const SocketAddress& address, int error) {
  std::string text = settings.key + ": listener " + settings.name + " cannot listen on " + address.to_string() + ": ";
  text += error == EADDRINUSE ? "the address is in use by another listener or process" : std::strerror(error);
  return text;
}

Explained<ListenerStatePtr> make_state(ListenerSettings settings, std::shared_ptr<ListenerProbe> probe) {
  std::shared_ptr<const TlsContext> tls;
  if (settings.tls) {
    auto context = TlsContext::create(settings.key, *settings.tls);
    if (!context) return context.error();
    tls = *context;
  }
  return ListenerStatePtr(new ListenerState(std::move(settings), std::move(tls), std::move(probe)));
}

std::string no_address(const ListenerSettings& settings) {
  return settings.key + ": " + settings.address + " is no address; write port, ip:port or [ipv6]:port";
}

}  // namespace

std::string Listener::check(const ListenerSettings& settings) {
  if (!SocketAddress::parse(settings.address)) return no_address(settings);
  const auto state = make_state(settings, std::make_shared<ListenerProbe>());
  return state ? std::string() : state.error();
}

Explained<std::unique_ptr<Listener>> Listener::open(ShardGroup& shards, ListenerSettings settings, OnAccept on_accept) {
  const auto wanted = SocketAddress::parse(settings.address);
  if (!wanted) return no_address(settings);
  auto state = make_state(std::move(settings), std::make_shared<ListenerProbe>());
  if (!state) return state.error();
  std::unique_ptr<Listener> listener(new Listener(shards, *state, std::move(on_accept)));
  if (std::string problem = listener->bind_all(*wanted); !problem.empty()) return problem;
  return listener;
}

Listener::Listener(ShardGroup& shards, ListenerStatePtr state, OnAccept on_accept)
    : shards_(shards), state_(std::move(state)), on_accept_(std::move(on_accept)) {}

Listener::~Listener() = default;

std::string Listener::bind_all(const SocketAddress& wanted) {
  bound_ = wanted;
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    // The first socket shares the port only after it has got it for itself.
    UniqueFd fd = bind_socket(settings(), bound_, i != 0);
    if (!fd) return cannot_listen(settings(), bound_, errno);
    if (i == 0) {
      set_option(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
      bound_ = local_address(fd.get());
    }
    if (::listen(fd.get(), static_cast<int>(settings().backlog)) != 0) {
      return cannot_listen(settings(), bound_, errno);
    }
    parts_.push_back(std::make_unique<ShardListener>(shards_.at(i), on_accept_, std::move(fd), bound_));
  }
  return {};
}

void Listener::start() {
  started_ = true;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    shards_.at(i).post([part = parts_[i].get(), state = state_] { part->start(state); });
  }
}

void Listener::stop() {
  if (!std::exchange(started_, false)) {
    parts_.clear();
    return;
  }
  shards_.run_on_all([this](Shard& shard) { parts_[shard.index()]->stop(); });
}

std::string Listener::reconfigure(ListenerSettings settings) {
  settings.address = state_->settings.address;
  settings.acceptors = state_->settings.acceptors;
  settings.backlog = state_->settings.backlog;
  settings.reuseaddr = state_->settings.reuseaddr;
  auto state = make_state(std::move(settings), state_->probe);
  if (!state) return state.error();
  state_ = *state;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    set_nodelay(parts_[i]->fd(), state_->settings);
    if (started_) shards_.at(i).post([part = parts_[i].get(), next = state_] { part->use(next); });
  }
  return {};
}

}  // namespace sluice
