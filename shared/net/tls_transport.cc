// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_transport.h"

#include <algorithm>
#include <utility>

#include <openssl/ssl.h>

#include "shared/net/linger.h"
#include "shared/net/net_probe.h"

namespace sluice {
namespace {

/// The next record of `buffers` from byte `offset` on: in place when one buffer fills it or is the last, else gathered.
std::span<const std::byte> next_record(std::span<const iovec> buffers, std::size_t offset) {
  std::size_t skip = offset;
  std::size_t first = 0;
  while (first < buffers.size() && skip >= buffers[first].iov_len) skip -= buffers[first++].iov_len;
  if (first == buffers.size()) return {};
  const std::span<const std::byte> head(static_cast<const std::byte*>(buffers[first].iov_base) + skip,
                                        buffers[first].iov_len - skip);
  if (head.size() >= kTlsRecord) return head.first(kTlsRecord);
  if (first + 1 == buffers.size()) return head;
  const std::span<std::byte> scratch = record_scratch();
  return scratch.first(gather(buffers.subspan(first), skip, scratch));
}

}  // namespace

TlsTransport::TlsTransport(Shard& shard, AcceptedSocket socket)
    : StreamTransport(shard, std::move(socket.fd), std::move(socket.peer), std::move(socket.slot)),
      ssl_(std::move(socket.ssl)) {}

TlsTransport::~TlsTransport() { forget_posted(); }

std::size_t TlsTransport::write(std::span<const iovec> buffers) {
  if (!writable()) return 0;
  std::size_t taken = 0;
  std::span<const std::byte> record;
  while (unsent_record_.empty() && !(record = next_record(buffers, taken)).empty()) {
    const IoResult result = tls_write(ssl_.get(), record);
    if (result.status == IoStatus::Done) {
      taken += result.bytes;
    } else if (result.status == IoStatus::WantRead || result.status == IoStatus::WantWrite) {
      taken += record.size();
      keep_record(record, result.status);
    } else {
      break_stream();
      break;
    }
  }
  net_probe().bytes_sent.add(taken);
  if (!unsent_record_.empty() && !next_record(buffers, taken).empty()) owner_waits_ = true;
  return taken;
}

void TlsTransport::shutdown() {
  if (!open()) return;
  forget_posted();
  linger(shard(), release_fd(), std::move(ssl_), std::move(unsent_record_), release_slot());
}

void TlsTransport::serve_readable() {
  const auto buffer = shard().read_buffer().first(read_allowance(kReadPerTurn));
  IoResult last;
  const std::size_t got = fill(buffer, last);
  read_wants_write_ = last.status == IoStatus::WantWrite;
  if (read_wants_write_) block_writing();
  if (last.status == IoStatus::Done) read_again_later();
  if (got == 0) {
    if (last.status == IoStatus::Closed || last.status == IoStatus::Failed) close_with(last.error);
    return;
  }
  // An end that follows the bytes is found again by the next read.
  if (last.status == IoStatus::Closed || last.status == IoStatus::Failed) read_again_later();
  received(got);
  events().on_bytes(buffer.first(got));
}

std::size_t TlsTransport::fill(std::span<std::byte> buffer, IoResult& last) {
  std::size_t got = 0;
  do {
    last = tls_read(ssl_.get(), buffer.subspan(got));
    if (last.status != IoStatus::Done) return got;
    got += last.bytes;
    if (::SSL_has_pending(ssl_.get()) == 0) {
      last.status = IoStatus::WantRead;
      return got;
    }
  } while (got < buffer.size());
  return got;
}

void TlsTransport::serve_writable() {
  if (!flush_record()) return;
  unblock_writing();
  if (std::exchange(read_wants_write_, false)) read_again_later();
  if (std::exchange(owner_waits_, false)) events().on_writable();
}

bool TlsTransport::flush_record() {
  if (unsent_record_.empty()) return true;
  const IoResult result = tls_write(ssl_.get(), unsent_record_);
  switch (result.status) {
    case IoStatus::Done:
      unsent_record_ = {};
      return true;
    case IoStatus::WantRead:
    case IoStatus::WantWrite:
      block_writing(result.status == IoStatus::WantRead);
      return false;
    case IoStatus::Closed:
    case IoStatus::Failed:
      break_stream();
      return false;
  }
  return false;
}

void TlsTransport::keep_record(std::span<const std::byte> record, IoStatus status) {
  unsent_record_.assign(record.begin(), record.end());
  block_writing(status == IoStatus::WantRead);
}

void TlsTransport::read_again_later() {
  if (posted_ != nullptr) return;
  posted_ = std::make_shared<Self>(Self{this});
  shard().post([self = posted_] {
    TlsTransport* const transport = self->transport;
    if (transport == nullptr) return;
    transport->posted_.reset();
    if (transport->reading()) transport->serve_readable();
  });
}

void TlsTransport::forget_posted() {
  if (posted_ == nullptr) return;
  posted_->transport = nullptr;
  posted_.reset();
}

}  // namespace sluice
