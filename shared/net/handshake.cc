// SPDX-License-Identifier: Apache-2.0
#include "shared/net/handshake.h"

#include <array>
#include <utility>

#include "shared/log/log.h"
#include "shared/net/net_probe.h"
#include "shared/net/stream_io.h"
#include "shared/net/tls_context.h"
#include "shared/net/tls_error.h"

namespace sluice {

Handshake::Handshake(Shard& shard, Owner& owner, AcceptedSocket socket)
    : shard_(shard), owner_(owner), socket_(std::move(socket)) {
  if (settings().proxy_protocol) proxy_ = std::make_unique<ProxyParser>();
}

Handshake::~Handshake() {
  if (events_ != 0) shard_.poller().remove(socket_.fd.get(), *this);
}

bool Handshake::begin() {
  if (!proxy_ && !begin_tls()) return false;
  if (shard_.poller().add(socket_.fd.get(), *this, EPOLLIN)) return false;
  events_ = EPOLLIN;
  if (proxy_) shard_.wheel().arm(*this, shard_.now() + settings().proxy_protocol_timeout);
  return true;
}

void Handshake::on_ready(std::uint32_t) {
  if (proxy_ && !read_proxy_header()) return;
  if (socket_.ssl != nullptr) return step_tls();
  succeed();
}

void Handshake::on_timer(TimePoint) {
  if (proxy_) return fail_proxy("no complete header in time");
  fail_tls("no complete handshake in time", true);
}

bool Handshake::read_proxy_header() {
  std::array<std::byte, ProxyParser::kMaxV2> buffer;
  while (proxy_->state() == ProxyParser::State::NeedMore) {
    const IoResult result = socket_read(socket_.fd.get(), std::span(buffer).first(proxy_->wanted()));
    if (result.status == IoStatus::WantRead) return false;
    if (result.status != IoStatus::Done) {
      fail_proxy("connection ended within the header");
      return false;
    }
    proxy_->feed(std::span(buffer).first(result.bytes));
  }
  if (proxy_->state() == ProxyParser::State::Malformed) {
    fail_proxy(proxy_->reason());
    return false;
  }
  adopt_proxy_header();
  if (begin_tls()) return true;
  fail();
  return false;
}

void Handshake::adopt_proxy_header() {
  cancel();
  const ProxyHeader& header = proxy_->header();
  if (header.proxied) {
    socket_.peer.address = header.source;
    socket_.peer.local = header.destination;
  }
  if (!header.common_name.empty()) {
    socket_.peer.identity = std::make_shared<TlsIdentity>(TlsIdentity{header.common_name, {}, {}});
  }
  proxy_.reset();
}

bool Handshake::begin_tls() {
  if (socket_.slot->tls == nullptr) return true;
  socket_.ssl = socket_.slot->tls->accept_on(socket_.fd.get());
  shard_.wheel().arm(*this, shard_.now() + settings().handshake_timeout);
  return socket_.ssl != nullptr;
}

void Handshake::step_tls() {
  const IoResult result = tls_handshake(socket_.ssl.get());
  switch (result.status) {
    case IoStatus::Done:
      if (auto identity = tls_identity(socket_.ssl.get())) socket_.peer.identity = std::move(identity);
      return succeed();
    case IoStatus::WantRead:
    case IoStatus::WantWrite: {
      const std::uint32_t wanted = result.status == IoStatus::WantRead ? EPOLLIN : EPOLLOUT;
      if (wanted != events_) shard_.poller().modify(socket_.fd.get(), *this, wanted);
      events_ = wanted;
      return;
    }
    case IoStatus::Closed:
      return fail_tls("the client ended the connection", false);
    case IoStatus::Failed:
      return fail_tls(result.error.message(), false);
  }
}

void Handshake::succeed() {
  cancel();
  shard_.poller().remove(socket_.fd.get(), *this);
  events_ = 0;
  owner_.handshake_over(*this, std::move(socket_));
}

void Handshake::fail() {
  cancel();
  shard_.poller().remove(socket_.fd.get(), *this);
  events_ = 0;
  // Who sees the connection end finds its place free.
  socket_.slot = ListenerSlot();
  socket_.ssl.reset();
  socket_.fd.reset();
  owner_.handshake_over(*this, std::move(socket_));
}

void Handshake::fail_proxy(const char* reason) {
  net_probe().proxy_failures.add();
  socket_.slot->probe->proxy_failures.fetch_add(1, std::memory_order_relaxed);
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("PROXY header refused: peer={} listener={} key={}.proxy_protocol reason=\"{}\" hushed={}",
                         socket_.peer.address.to_string(), settings().name, settings().key, reason, hushed);
  }
  fail();
}

void Handshake::fail_tls(const std::string& reason, bool late) {
  ListenerProbe& probe = *socket_.slot->probe;
  (late ? net_probe().handshake_timeouts : net_probe().tls_failures).add();
  (late ? probe.handshake_timeouts : probe.tls_failures).fetch_add(1, std::memory_order_relaxed);
  static log::RateLimit limit(5);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("net").warn("TLS handshake failed: peer={} listener={} key={}{} reason=\"{}\" hushed={}",
                         socket_.peer.address.to_string(), settings().name, settings().key,
                         late ? ".handshake_timeout" : "", reason, hushed);
  }
  fail();
}

}  // namespace sluice
