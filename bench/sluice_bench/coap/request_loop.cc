// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/request_loop.h"

#include <algorithm>

namespace sluice::bench::coap {
namespace {
constexpr Nanos kLongestWait = 50 * kMillisecond;  ///< so that an interrupt is noticed
}

bool RequestLoop::run(RequestSource& source, Nanos until, const std::function<bool()>& done) {
  while (!done()) {
    if (interrupted() || now_ns() >= until || !socket_.error().empty()) return false;
    start_all(source);
    take_all(source, std::min(until, source.wake()));
  }
  return true;
}

bool RequestLoop::wait(RequestSource& source, Nanos until, const std::function<bool()>& done) {
  while (!done()) {
    if (interrupted() || now_ns() >= until || !socket_.error().empty()) return false;
    take_all(source, until);
  }
  return true;
}

bool RequestLoop::drain(RequestSource& source, Nanos until) {
  return wait(source, until, [this] { return exchanges_.idle(); });
}

void RequestLoop::start_all(RequestSource& source) {
  while (!exchanges_.full() && !out_of_ids_) {
    const Nanos now = now_ns();
    const auto peer = source.next(now);
    if (!peer) return;
    Exchanges::Exchange* const exchange = exchanges_.start(*peer);
    if (exchange == nullptr) {
      out_of_ids_ = true;
      return;
    }
    source.write(*exchange);
    exchanges_.send(*exchange, now);
  }
}

void RequestLoop::take_all(RequestSource& source, Nanos deadline) {
  socket_.flush();
  socket_.wait(std::min({deadline, exchanges_.deadline(), now_ns() + kLongestWait}));
  const Nanos now = now_ns();
  for (const Datagram& datagram : socket_.receive()) take(source, datagram, now);
  exchanges_.retransmit(now);
}

void RequestLoop::take(RequestSource& source, const Datagram& datagram, Nanos now) {
  Message message;
  if (!decode(datagram.bytes, message)) {
    ++unexpected_;
    return;
  }
  if (const auto* exchange = exchanges_.accept(datagram.peer, message)) return source.answered(*exchange, message, now);
  if (message.type == Type::Acknowledgement || message.type == Type::Reset) return;
  const bool ping = message.code == codes::kEmpty;
  const bool expected = !ping && source.received(datagram.peer, message, now);
  if (!expected && !ping) ++unexpected_;
  if (expected && message.type == Type::NonConfirmable) return;
  encode_empty(expected ? Type::Acknowledgement : Type::Reset, message.id, reply_);
  socket_.send(datagram.peer, reply_);
}

}  // namespace sluice::bench::coap
