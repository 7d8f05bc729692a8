// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/requester.h"

#include <algorithm>
#include <utility>

#include "shared/base/timing_wheel.h"
#include "shared/coap/client/block_collector.h"
#include "shared/coap/client/block_sender.h"
#include "shared/coap/client/client_probe.h"
#include "shared/coap/client/notification_order.h"

namespace sluice::coap {
namespace {

constexpr std::uint32_t kRegister = 0;  ///< values of the Observe option of a request [RFC 7641 2]
constexpr std::uint32_t kDeregister = 1;
constexpr std::uint32_t kMostBeginnings = 3;  ///< of a representation that changes while it is fetched

/// False: the response has a critical option that nobody understands here [RFC 7252 5.4.1].
bool is_understood(const Pdu& response) {
  std::uint16_t previous = 0;
  for (const OptionView& option : response.options()) {
    const bool again = std::exchange(previous, option.number) == option.number;
    if (!is_critical(option.number)) continue;
    const bool known = option.is(Option::Block1) || option.is(Option::Block2);
    if (!known || again || !has_defined_length(response.code(), option)) return false;
  }
  return true;
}

/// Which of its notifications it is; an empty value is 0 [RFC 7252 3.2].
std::uint32_t observe_number(const Pdu& pdu) {
  const auto observe = pdu.option(Option::Observe);
  return observe ? observe->uint().value_or(0) : 0;
}

void copy_options(const Pdu& from, Options& to) {
  for (const OptionView& option : from.options()) to.add(static_cast<Option>(option.number), option.value);
}

/// No other block is needed.
bool is_whole(const std::optional<Block>& block2) { return !block2 || (block2->number == 0 && !block2->more); }

/// With an owner, so that it lives as long as the request.
Body kept(const Body& body) {
  if (body.owner || body.bytes.empty()) return body;
  auto copy = std::make_shared<const Bytes>(body.bytes.begin(), body.bytes.end());
  return {*copy, copy};
}

}  // namespace

/// What is under way for a request: its body towards the peer, or the body of an answer towards us, one message at a
/// time.
class Requester::Transfer final : public WheelTimer {
 public:
  Transfer(Requester& its_requester, RequestId its_request, std::uint64_t its_token)
      : requester(its_requester), request(its_request), token(its_token) {}
  ~Transfer() = default;

  Requester& requester;
  const RequestId request;
  std::uint64_t token;
  BlockSender sender{0, std::nullopt};        ///< where the body stands
  std::unique_ptr<BlockCollector> collector;  ///< from the first block of an answer on
  std::optional<std::uint32_t> observe;       ///< what the Observe option asks for
  Bytes echo;                                 ///< what the peer wants to see again; empty: nothing
  std::uint32_t beginnings = 1;
  bool echoed = false;
  bool under_way = false;  ///< not acknowledged yet
  bool crossed = false;    ///< a notification came meanwhile that may be the answer

 private:
  void on_timer(TimePoint) override { requester.expire(request); }
};

/// A request or an observation. While an observation is silent, it is nothing but this.
struct Requester::Call {
  PeerId peer;
  RequestId id = 0;
  ResponseHandler* handler = nullptr;
  Bytes request;  ///< method and options, encoded
  Body body;
  Duration patience{};
  std::unique_ptr<Transfer> transfer;
  NotificationOrder order;
  Carrier::Confirm confirm = Carrier::Confirm::Yes;
  bool observing = false;  ///< the peer has agreed
};

Requester::Requester(Shard& shard, Carrier& carrier, const Parameters& parameters, const ClientSettings& settings)
    : shard_(shard), carrier_(carrier), parameters_(parameters), settings_(settings) {}

Requester::~Requester() { client_probe().pending.add(-static_cast<std::int64_t>(calls_.size())); }

// A request, from its owner to the carrier.

RequestId Requester::request(PeerId peer, const Outgoing& outgoing, ResponseHandler& handler) {
  constexpr std::size_t kOurOptions = 8;
  if (calls_.size() >= settings_.max_requests || !carrier_.known(peer) ||
      outgoing.options.size() > Pdu::kMostOptions - kOurOptions) {
    client_probe().refused.add();
    return 0;
  }
  const RequestId id = tokens_.next();
  Call& call = *calls_.emplace(id, make_call(id, peer, outgoing, handler)).first->second;
  of_peer_[peer.slot].push_back(id);
  carrier_.pin(peer);
  client_probe().pending.add(1);
  if (send_from_start(call, outgoing.observe ? std::optional(kRegister) : std::nullopt)) return id;
  client_probe().refused.add();
  take_out(id);
  return 0;
}

std::unique_ptr<Requester::Call> Requester::make_call(RequestId id, PeerId peer, const Outgoing& outgoing,
                                                      ResponseHandler& handler) {
  auto call = std::make_unique<Call>();
  call->peer = peer;
  call->id = id;
  call->handler = &handler;
  Parts parts;
  parts.code = outgoing.method;
  parts.options = outgoing.options;
  call->request = encode(parts);
  call->body = kept(outgoing.body);
  call->patience = outgoing.patience > Duration::zero() ? outgoing.patience : parameters_.exchange_lifetime();
  call->confirm = outgoing.confirm;
  return call;
}

void Requester::start_transfer(Call& call, std::uint64_t token) {
  call.transfer = std::make_unique<Transfer>(*this, call.id, token);
  if (token != call.id) fetches_.emplace(token, call.id);
}

/// Sends the request under its own token, whatever was under way for it.
bool Requester::send_from_start(Call& call, std::optional<std::uint32_t> observe) {
  end_transfer(call);
  start_transfer(call, call.id);
  call.transfer->observe = observe;
  call.transfer->sender = BlockSender(call.body.bytes.size(), block_size_for(call), most_payload(call));
  return transmit(call);
}

/// The exponent of the blocks that the body goes in; nullopt: it goes in one message.
std::optional<std::uint8_t> Requester::block_size_for(const Call& call) const {
  const std::uint8_t largest = carrier_.largest_block(call.peer);
  const std::size_t size = call.body.bytes.size();
  if (largest == Block::kBert) {
    const bool fits = call.request.size() + Token{}.bytes.size() + size + 16 <= carrier_.largest_message(call.peer);
    return fits ? std::nullopt : std::optional(largest);
  }
  const std::uint8_t exponent = std::min(largest, settings_.size_exponent);
  return size <= Block{0, false, exponent}.size() ? std::nullopt : std::optional(exponent);
}

/// Bytes of the body in one message under BERT.
std::size_t Requester::most_payload(const Call& call) const {
  constexpr std::size_t kOurOptions = 64;  // token, Block1, Size1, Request-Tag, Echo
  const std::size_t others = call.request.size() + kOurOptions;
  const std::size_t whole = carrier_.largest_message(call.peer);
  const std::size_t unit = Block{}.size();
  return whole > others ? (whole - others) / unit * unit : 0;
}

/// Sends the next message of a transfer. False: the carrier does not take it.
bool Requester::transmit(Call& call) {
  Transfer& transfer = *call.transfer;
  const auto stored = Pdu::parse(call.request);
  Parts parts;
  parts.code = stored->code();
  parts.token = Tokens::to_token(transfer.token);
  copy_options(*stored, parts.options);
  if (transfer.observe) parts.options.add(Option::Observe, *transfer.observe);
  if (!transfer.echo.empty()) parts.options.add(Option::Echo, std::exchange(transfer.echo, {}));
  if (transfer.collector) {
    ask_for_block(call, parts);
  } else {
    add_body(call, parts);
  }
  const Reminder reminder{this, transfer.token};
  const Carrier::Sent sent = carrier_.send(call.peer, parts, call.confirm, reminder);
  if (sent == Carrier::Sent::Full || sent == Carrier::Sent::Refused) return false;
  client_probe().sent.add();
  transfer.under_way = true;
  // What is never acknowledged has no other end than this.
  const bool acknowledged = call.confirm == Carrier::Confirm::Yes && !carrier_.reliable();
  if (!acknowledged) shard_.wheel().arm(transfer, shard_.now() + call.patience);
  return true;
}

/// The part of the body whose turn it is [RFC 7959 2.5].
void Requester::add_body(const Call& call, Parts& parts) const {
  const BlockSender& sender = call.transfer->sender;
  parts.payload = call.body.bytes.subspan(sender.offset(), sender.length());
  // Smaller blocks than a peer would choose are asked for with the request [RFC 7959 2.4].
  if (settings_.size_exponent < Block{}.size_exponent) {
    parts.options.add(Option::Block2, Block{0, false, settings_.size_exponent}.value());
  }
  if (!sender.in_blocks()) return;
  // Whether the resource exists is asked once: the first block may make it [RFC 7959 2.10].
  if (sender.offset() > 0) parts.options.remove(Option::IfNoneMatch);
  parts.options.add(Option::Block1, sender.block().value());
  if (sender.offset() == 0) parts.options.add(Option::Size1, static_cast<std::uint32_t>(call.body.bytes.size()));
  // Blocks of this body are not mixed with those of another one that was sent before [RFC 9175 3.3].
  parts.options.add(Option::RequestTag, static_cast<std::uint32_t>(call.id & 0xFFFF) + sender.attempt());
}

/// A later block of the answer. It is a request of its own, without Observe [RFC 7959 3.4]; the body of FETCH is part
/// of what is asked for [RFC 8132 2.1].
void Requester::ask_for_block(const Call& call, Parts& parts) const {
  parts.options.add(Option::Block2, call.transfer->collector->wanted().value());
  if (parts.code == codes::kFetch && !block_size_for(call)) parts.payload = call.body.bytes;
}

bool Requester::deregister(RequestId request) {
  const auto found = calls_.find(request);
  if (found == calls_.end() || !found->second->observing) return false;
  Call& call = *found->second;
  if (send_from_start(call, kDeregister)) return true;
  forget(request);
  return false;
}

bool Requester::refresh(RequestId request) {
  const auto found = calls_.find(request);
  if (found == calls_.end() || !found->second->observing) return false;
  Call& call = *found->second;
  if (call.transfer && call.transfer->observe) return false;
  if (send_from_start(call, kRegister)) return true;
  end_transfer(call);
  return false;
}

// A response, from the carrier to the owner of its request.

Requester::Call* Requester::find(std::uint64_t token, PeerId peer) {
  if (token == 0) return nullptr;
  const auto fetch = fetches_.find(token);
  const auto found = calls_.find(fetch != fetches_.end() ? fetch->second : token);
  // A response comes from where its request went [RFC 7252 5.3.2].
  return found != calls_.end() && found->second->peer == peer ? found->second.get() : nullptr;
}

std::optional<Block> Requester::block_of(const Pdu& pdu, Option option) const {
  const auto found = pdu.option(option);
  if (!found) return std::nullopt;
  return Block::from(*found, carrier_.reliable() ? Block::Bert::Allowed : Block::Bert::Refused);
}

bool Requester::on_response(const Incoming& incoming) {
  const std::uint64_t token = Tokens::to_number(incoming.pdu.token());
  Call* const call = find(token, incoming.peer);
  if (call == nullptr) {
    client_probe().unexpected.add();
    return false;
  }
  const bool reserved = incoming.pdu.option(Option::Block2) && !block_of(incoming.pdu, Option::Block2);
  if (!is_understood(incoming.pdu) || reserved) {
    fail(*call, Failure::Malformed);
    return false;
  }
  const Transfer* const transfer = call->transfer.get();
  if (transfer == nullptr || transfer->token != token) {
    on_notification(*call, incoming.pdu);
  } else if (crosses(*call, incoming.pdu)) {
    on_crossing(*call, incoming.pdu);
  } else {
    on_answer(*call, incoming.pdu);
  }
  return true;
}

/// The answer to what was sent last.
void Requester::on_answer(Call& call, const Pdu& pdu) {
  Transfer& transfer = *call.transfer;
  // Whoever answers has got the request, though its acknowledgement may be lost [RFC 7252 5.2.2].
  if (std::exchange(transfer.under_way, false)) carrier_.withdraw(call.peer, {this, transfer.token});
  transfer.cancel();
  if (repeat_with_echo(call, pdu)) return;
  const std::optional<Block> block2 = block_of(pdu, Option::Block2);
  if (transfer.collector) return on_later_block(call, pdu, block2);
  switch (transfer.sender.on_response(pdu.code(), block_of(pdu, Option::Block1))) {
    case BlockSender::Next::Send:
      return send_or_fail(call);
    case BlockSender::Next::Nonsense:
      return fail(call, Failure::Malformed);
    case BlockSender::Next::Answered:
      return on_first_block(call, pdu, block2);
  }
}

/// A peer that wants to know first whether we are where we seem to be [RFC 9175 2.3]. True: it is shown.
bool Requester::repeat_with_echo(Call& call, const Pdu& pdu) {
  Transfer& transfer = *call.transfer;
  const auto echo = pdu.option(Option::Echo);
  if (pdu.code() != codes::kUnauthorized || !echo || std::exchange(transfer.echoed, true)) return false;
  transfer.echo.assign(echo->value.begin(), echo->value.end());
  send_or_fail(call);
  return true;
}

void Requester::on_first_block(Call& call, const Pdu& pdu, const std::optional<Block>& block2) {
  if (call.transfer->observe == kDeregister) call.observing = false;
  if (call.transfer->observe == kRegister && !note_observation(call, pdu)) return end_transfer(call);
  if (!pdu.code().is_success() || is_whole(block2)) return deliver(call, pdu, pdu.payload());
  collect(call, pdu, block2);
}

/// Whether the peer has agreed to notify [RFC 7641 3.1]. False: a notification that came before its answer is later
/// than that [RFC 7641 3.4].
bool Requester::note_observation(Call& call, const Pdu& pdu) {
  call.observing = pdu.code().is_success() && pdu.option(Option::Observe);
  return !call.observing || is_news(call, pdu);
}

void Requester::on_notification(Call& call, const Pdu& pdu) {
  // The answer to a request that is over for us, as far as its own token goes.
  if (!call.observing) return client_probe().stale.add();
  const bool ends = !pdu.option(Option::Observe) || !pdu.code().is_success();
  if (!ends && !is_news(call, pdu)) return;
  end_transfer(call);  // of the blocks of the one before it
  if (ends) call.observing = false;
  const std::optional<Block> block2 = block_of(pdu, Option::Block2);
  if (!pdu.code().is_success() || is_whole(block2)) return deliver(call, pdu, pdu.payload());
  collect(call, pdu, block2);
}

/// True for a notification that was on its way when a message about the observation itself left, under the same token.
bool Requester::crosses(const Call& call, const Pdu& pdu) const {
  const Transfer& transfer = *call.transfer;
  if (!pdu.option(Option::Observe) || !pdu.code().is_success() || !call.observing) return false;
  if (transfer.observe == kDeregister) return true;
  // Of two that may be the answer the first is taken for it, but not before the question has arrived.
  return transfer.observe == kRegister && transfer.under_way && !carrier_.reliable() &&
         pdu.type() != Type::Acknowledgement;
}

void Requester::on_crossing(Call& call, const Pdu& pdu) {
  // Nobody who has said that it is enough wants to hear more.
  if (call.transfer->observe == kDeregister) return client_probe().stale.add();
  if (!is_news(call, pdu)) return;
  call.transfer->crossed = true;
  // Blocks are not worth fetching: the answer has the state that follows.
  if (!is_whole(block_of(pdu, Option::Block2))) return;
  if (pdu.payload().size() > settings_.max_body_size) return fail(call, Failure::TooLarge);
  client_probe().answers.add();
  call.handler->on_answer({call.id, call.peer, pdu, pdu.payload(), false});
}

/// Over a stream they come in order [RFC 8323 7.1].
bool Requester::is_news(Call& call, const Pdu& pdu) {
  if (carrier_.reliable()) return true;
  if (call.order.accept(observe_number(pdu), shard_.now())) return true;
  client_probe().stale.add();
  return false;
}

/// The first block of a representation: the others are asked for under a token of their own, so that no notification
/// is mistaken for one of them [RFC 7959 2.6].
void Requester::collect(Call& call, const Pdu& pdu, const std::optional<Block>& block2) {
  const bool echoed = call.transfer && call.transfer->echoed;
  end_transfer(call);
  start_transfer(call, tokens_.next());
  call.transfer->echoed = echoed;
  const std::uint8_t largest = carrier_.reliable() ? carrier_.largest_block(call.peer) : settings_.size_exponent;
  call.transfer->collector = std::make_unique<BlockCollector>(settings_.max_body_size, largest);
  on_later_block(call, pdu, block2);
}

void Requester::on_later_block(Call& call, const Pdu& pdu, const std::optional<Block>& block2) {
  Transfer& transfer = *call.transfer;
  if (!pdu.code().is_success()) return deliver(call, pdu, pdu.payload());
  const std::size_t before = transfer.collector->body().size();
  const BlockCollector::Verdict verdict = transfer.collector->take(pdu, block2);
  collected_ += transfer.collector->body().size() - before;
  switch (verdict) {
    case BlockCollector::Verdict::Whole: {
      const Bytes body = transfer.collector->take_body();
      collected_ -= body.size();
      return deliver(call, pdu, body);
    }
    case BlockCollector::Verdict::More:
      return collected_ > settings_.total_bytes ? fail(call, Failure::NoRoom) : send_or_fail(call);
    case BlockCollector::Verdict::Changed:
      return ++transfer.beginnings > kMostBeginnings ? fail(call, Failure::Malformed) : send_or_fail(call);
    case BlockCollector::Verdict::TooLarge:
      return fail(call, Failure::TooLarge);
    case BlockCollector::Verdict::Nonsense:
      return fail(call, Failure::Malformed);
  }
}

void Requester::send_or_fail(Call& call) {
  if (!transmit(call)) fail(call, Failure::Refused);
}

// The end of a request.

void Requester::deliver(Call& call, const Pdu& pdu, std::span<const std::byte> body) {
  if (body.size() > settings_.max_body_size) return fail(call, Failure::TooLarge);
  client_probe().answers.add();
  const Answer answer{call.id, call.peer, pdu, body, !call.observing};
  ResponseHandler& handler = *call.handler;
  if (call.observing) {
    end_transfer(call);
    return handler.on_answer(answer);
  }
  const std::unique_ptr<Call> over = take_out(call.id);
  handler.on_answer(answer);
}

void Requester::fail(Call& call, Failure why) {
  client_probe().failures.add();
  const std::unique_ptr<Call> over = take_out(call.id);
  over->handler->on_failure(over->id, over->peer, why);
}

void Requester::expire(RequestId id) { fail(*calls_.find(id)->second, Failure::TimedOut); }

void Requester::forget(RequestId request) { static_cast<void>(take_out(request)); }

void Requester::end_transfer(Call& call) {
  const std::unique_ptr<Transfer> transfer = std::move(call.transfer);
  if (!transfer) return;
  if (transfer->under_way) carrier_.withdraw(call.peer, {this, transfer->token});
  if (transfer->token != call.id) fetches_.erase(transfer->token);
  if (transfer->collector) collected_ -= transfer->collector->body().size();
}

std::unique_ptr<Requester::Call> Requester::take_out(RequestId id) {
  const auto found = calls_.find(id);
  if (found == calls_.end()) return nullptr;
  std::unique_ptr<Call> call = std::move(found->second);
  calls_.erase(found);
  client_probe().pending.add(-1);
  end_transfer(*call);
  forget_of_peer(*call);
  if (carrier_.known(call->peer)) carrier_.unpin(call->peer);
  return call;
}

void Requester::forget_of_peer(const Call& call) {
  const auto found = of_peer_.find(call.peer.slot);
  if (found == of_peer_.end()) return;
  std::erase(found->second, call.id);
  if (found->second.empty()) of_peer_.erase(found);
}

void Requester::on_peer_gone(PeerId peer) {
  const auto found = of_peer_.find(peer.slot);
  if (found == of_peer_.end()) return;
  const std::vector<RequestId> requests = found->second;
  for (const RequestId id : requests) {
    const auto call = calls_.find(id);
    if (call != calls_.end() && call->second->peer == peer) fail(*call->second, Failure::PeerGone);
  }
}

void Requester::on_outcome(PeerId peer, Cookie cookie, Outcome outcome) {
  Call* const call = find(cookie, peer);
  if (call == nullptr || !call->transfer || call->transfer->token != cookie || !call->transfer->under_way) return;
  switch (outcome) {
    case Outcome::Acknowledged:
      // Over a stream that says nothing of the peer.
      if (carrier_.reliable()) return;
      call->transfer->under_way = false;
      // What came before may have been the answer; if it was not, the answer counts as a notification.
      if (call->transfer->crossed) return end_transfer(*call);
      return shard_.wheel().arm(*call->transfer, shard_.now() + call->patience);
    case Outcome::Reset:
      return fail(*call, Failure::Reset);
    case Outcome::TimedOut:
      return fail(*call, Failure::TimedOut);
    case Outcome::PeerGone:
      return fail(*call, Failure::PeerGone);
  }
}

}  // namespace sluice::coap
