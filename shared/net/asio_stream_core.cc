// SPDX-License-Identifier: Apache-2.0
#include "shared/net/asio_stream_core.h"

#include <algorithm>
#include <utility>

#include <boost/asio/error.hpp>

#include "shared/net/linger.h"
#include "shared/net/net_probe.h"
#include "shared/net/stream_transport.h"

namespace sluice {

AsioStreamCore::AsioStreamCore(Shard& shard, AcceptedSocket socket)
    : shard_(shard),
      asio_use_(shard),
      descriptor_(shard.io()),
      ssl_(std::move(socket.ssl)),
      peer_(std::move(socket.peer)),
      slot_(std::move(socket.slot)) {
  boost::system::error_code failed;
  descriptor_.assign(socket.fd.get(), failed);
  if (!failed) static_cast<void>(socket.fd.release());
  if (slot_ && slot_->settings.rate_limit.limited()) {
    tokens_ = std::make_unique<Tokens>(slot_->settings.rate_limit, shard);
  }
}

AsioStreamCore::~AsioStreamCore() = default;

void AsioStreamCore::close() {
  cancel();
  if (tokens_) tokens_->timer.cancel();
  slot_ = ListenerSlot();
  boost::system::error_code ignored;
  descriptor_.close(ignored);
}

void AsioStreamCore::shutdown() {
  if (!is_open()) return;
  cancel();
  if (tokens_) tokens_->timer.cancel();
  linger(shard_, UniqueFd(descriptor_.release()), std::move(ssl_), {}, std::move(slot_));
}

AsioWait AsioStreamCore::try_read(std::span<std::byte> into, IoResult& result) {
  if (!is_open()) {
    result = {IoStatus::Failed, 0, boost::asio::error::bad_descriptor};
    return AsioWait::None;
  }
  if (tokens_) {
    const TimePoint now = shard_.now();
    if (const Duration wait = tokens_->bucket.wait(now); wait != Duration::zero()) {
      net_probe().rate_limited.add();
      slot_->probe->rate_limited.fetch_add(1, std::memory_order_relaxed);
      tokens_->timer.expires_after(wait);
      return AsioWait::Tokens;
    }
    into = into.first(std::min<std::size_t>(into.size(), tokens_->bucket.available(now)));
  }
  result = ssl_ != nullptr ? tls_read(ssl_.get(), into) : socket_read(descriptor_.native_handle(), into);
  if (result.status == IoStatus::Done) {
    net_probe().bytes_received.add(result.bytes);
    if (tokens_) tokens_->bucket.take(result.bytes, shard_.now());
  }
  return waiting(result.status);
}

AsioWait AsioStreamCore::try_write(std::span<const iovec> from, IoResult& result) {
  if (!is_open()) {
    result = {IoStatus::Failed, 0, boost::asio::error::bad_descriptor};
    return AsioWait::None;
  }
  if (ssl_ == nullptr) {
    result = socket_write(descriptor_.native_handle(), from);
  } else if (from.size() == 1) {
    const std::span<const std::byte> bytes(static_cast<const std::byte*>(from[0].iov_base), from[0].iov_len);
    result = tls_write(ssl_.get(), bytes.first(std::min(bytes.size(), kTlsRecord)));
  } else {
    const std::span<std::byte> scratch = record_scratch();
    result = tls_write(ssl_.get(), scratch.first(gather(from, 0, scratch)));
  }
  const AsioWait wait = waiting(result.status);
  if (wait == AsioWait::None) {
    cancel();
    if (result.status == IoStatus::Done) net_probe().bytes_sent.add(result.bytes);
  } else if (!armed() && slot_ && slot_->settings.send_timeout.count() != 0) {
    unsent_ = unsent_bytes(descriptor_.native_handle());
    shard_.wheel().arm(*this, shard_.now() + slot_->settings.send_timeout);
  }
  return wait;
}

boost::system::error_code AsioStreamCore::completion(const IoResult& result) {
  if (result.status == IoStatus::Done) return {};
  if (result.status == IoStatus::Closed) return boost::asio::error::eof;
  return result.error;
}

void AsioStreamCore::on_timer(TimePoint now) {
  const std::uint32_t unsent = unsent_bytes(descriptor_.native_handle());
  if (unsent >= std::exchange(unsent_, unsent)) {
    report_send_timeout(peer_, slot_.get());
    if (slot_->settings.send_timeout_close) return close();
  }
  shard_.wheel().arm(*this, now + slot_->settings.send_timeout);
}

AsioWait AsioStreamCore::waiting(IoStatus status) {
  if (status == IoStatus::WantRead) return AsioWait::Readable;
  return status == IoStatus::WantWrite ? AsioWait::Writable : AsioWait::None;
}

}  // namespace sluice
