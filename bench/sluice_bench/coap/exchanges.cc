// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/exchanges.h"

#include <algorithm>

namespace sluice::bench::coap {
namespace {

Token make_token(std::size_t place, std::uint16_t uses) {
  return {static_cast<std::uint8_t>(place >> 8), static_cast<std::uint8_t>(place & 0xFF),
          static_cast<std::uint8_t>(uses >> 8), static_cast<std::uint8_t>(uses & 0xFF)};
}

std::size_t place_of(ByteView token) { return std::size_t{token[0]} << 8 | token[1]; }

}  // namespace

Exchanges::Exchanges(PeerSocket& socket, MessageIds& ids, std::size_t window)
    : socket_(socket), ids_(ids), places_(window) {
  for (std::size_t i = window; i > 0; --i) free_.push_back(static_cast<std::uint32_t>(i - 1));
}

Exchanges::Exchange* Exchanges::start(Peer peer) {
  const auto id = ids_.take(peer);
  if (!id) return nullptr;
  const std::size_t place = free_.back();
  free_.pop_back();
  Exchange& exchange = places_[place];
  exchange.peer = peer;
  exchange.id = *id;
  exchange.token = make_token(place, ++exchange.uses_);
  exchange.open_ = true;
  exchange.acknowledged_ = false;
  exchange.tries_ = 0;
  return &exchange;
}

void Exchanges::send(Exchange& exchange, Nanos now) {
  if (check_ <= now) check_ = now + kCheckInterval;
  exchange.sent = now;
  exchange.due_ = now + kAckTimeout;
  ++tally_.sent;
  socket_.send(exchange.peer, exchange.bytes);
}

const Exchanges::Exchange* Exchanges::accept(Peer peer, const Message& message) {
  if (message.code == codes::kEmpty) {
    on_empty(peer, message);
    return nullptr;
  }
  Exchange* const exchange = find_by_token(peer, message.token);
  const bool acknowledgement = message.type == Type::Acknowledgement;
  if (exchange == nullptr || (acknowledgement && message.id != exchange->id)) {
    if (acknowledgement && tally_.retransmitted == 0) ++tally_.duplicates;
    return nullptr;
  }
  if (message.type == Type::Confirmable) {
    Bytes empty;
    encode_empty(Type::Acknowledgement, message.id, empty);
    socket_.send(peer, empty);
  }
  ++tally_.answered;
  close(*exchange);
  return exchange;
}

void Exchanges::on_empty(Peer peer, const Message& message) {
  Exchange* const exchange = find_by_id(peer, message.id);
  if (exchange == nullptr) return;
  if (message.type == Type::Acknowledgement) exchange->acknowledged_ = true;
  if (message.type == Type::Reset) {
    ++tally_.lost;
    close(*exchange);
  }
}

void Exchanges::retransmit(Nanos now) {
  if (now < check_) return;
  check_ = now + kCheckInterval;
  for (Exchange& exchange : places_) {
    if (!exchange.open_ || now < exchange.due_) continue;
    if (exchange.tries_ == kMaxRetransmit) {
      ++tally_.lost;
      close(exchange);
      continue;
    }
    ++exchange.tries_;
    exchange.due_ = now + (kAckTimeout << exchange.tries_);
    if (exchange.acknowledged_) continue;
    ++tally_.retransmitted;
    socket_.send(exchange.peer, exchange.bytes);
  }
}

Exchanges::Exchange* Exchanges::find_by_token(Peer peer, ByteView token) {
  if (token.size() != sizeof(Token) || place_of(token) >= places_.size()) return nullptr;
  Exchange& exchange = places_[place_of(token)];
  const bool same =
      exchange.open_ && exchange.peer == peer && std::equal(token.begin(), token.end(), exchange.token.begin());
  return same ? &exchange : nullptr;
}

Exchanges::Exchange* Exchanges::find_by_id(Peer peer, std::uint16_t id) {
  const auto found = std::find_if(places_.begin(), places_.end(), [&](const Exchange& exchange) {
    return exchange.open_ && exchange.peer == peer && exchange.id == id;
  });
  return found == places_.end() ? nullptr : &*found;
}

void Exchanges::close(Exchange& exchange) {
  exchange.open_ = false;
  free_.push_back(static_cast<std::uint32_t>(&exchange - places_.data()));
}

}  // namespace sluice::bench::coap
