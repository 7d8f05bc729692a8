// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_transport.h"

#include <algorithm>
#include <utility>

namespace sluice::ws {

WsTransport::WsTransport(const std::shared_ptr<WsLink>& link, TransportPeer peer)
    : relay_(std::make_shared<WsRelay>(link)),
      peer_(std::move(peer)),
      max_backlog_(link->settings().max_backlog_bytes),
      shard_(&link->shard()) {
  flusher_.emplace(*this);
}

WsTransport::~WsTransport() {
  if (!closed_) relay_->abort();
}

void WsTransport::start(TransportEvents& events) {
  events_ = &events;
  relay_->start(*this);
}

std::size_t WsTransport::write(std::span<const iovec> buffers) {
  if (closed_) return 0;
  std::size_t taken = 0;
  for (const iovec& buffer : buffers) {
    const std::size_t size = std::min(buffer.iov_len, max_backlog_ - backlog_);
    const auto* const first = static_cast<const std::byte*>(buffer.iov_base);
    pending_.insert(pending_.end(), first, first + size);
    backlog_ += size;
    taken += size;
    if (size < buffer.iov_len) {
      blocked_ = true;
      break;
    }
  }
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): there until the transport closes
  if (!pending_.empty()) shard_->at_turn_end(*flusher_);
  return taken;
}

void WsTransport::flush() {
  if (!pending_.empty()) relay_->send(std::exchange(pending_, {}));
}

void WsTransport::pause_reading() { relay_->set_reading(false); }

void WsTransport::resume_reading() { relay_->set_reading(true); }

void WsTransport::shutdown() {
  if (std::exchange(closed_, true)) return;
  flush();
  relay_->close();
}

void WsTransport::move_to(Shard& target, InlineTask then) {
  flush();
  flusher_.reset();
  shard_ = &target;
  flusher_.emplace(*this);
  relay_->move(target, std::move(then));
}

void WsTransport::on_relay_bytes(std::span<const std::byte> bytes) { events_->on_bytes(bytes); }

void WsTransport::on_relay_sent(std::size_t bytes) {
  backlog_ -= bytes;
  if (blocked_ && backlog_ <= max_backlog_ / 2) {
    blocked_ = false;
    events_->on_writable();
  }
}

void WsTransport::on_relay_closed(ErrorCode why) {
  closed_ = true;
  relay_->let_go();
  events_->on_closed(why);
}

}  // namespace sluice::ws
