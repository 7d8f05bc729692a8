// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/server.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "shared/base/text_hash.h"
#include "shared/coap/server/option_check.h"
#include "shared/coap/server/request_key.h"
#include "shared/coap/server/server_probe.h"
#include "shared/log/log.h"

namespace sluice::coap {
namespace {

constexpr auto kSweepInterval = std::chrono::seconds(5);
constexpr std::uint32_t kRetryAfterSeconds = 10;  ///< Max-Age of 5.03

std::uint32_t uint_option(const Pdu& pdu, Option option, std::uint32_t otherwise) {
  const auto found = pdu.option(option);
  return found ? found->uint().value_or(otherwise) : otherwise;
}

/// Tells the blocks of one body from those of another [RFC 7959 2.4].
std::array<std::byte, 8> etag_of(std::span<const std::byte> body) {
  static const TextHash hasher;
  const std::uint64_t hash = hasher({reinterpret_cast<const char*>(body.data()), body.size()});
  std::array<std::byte, 8> etag;
  std::memcpy(etag.data(), &hash, etag.size());
  return etag;
}

/// Says which limit keeps a request from being served.
void log_limit(log::RateLimit& lines, std::string_view what, std::string_view key, std::size_t value) {
  if (const auto hushed = lines.admit(); hushed >= 0) {
    log::get("coap").warn("{}: reason={}={} is reached, raise it ({} like this not shown)", what, key, value, hushed);
  }
}

std::optional<Block> block_option(const Pdu& pdu, Option option, Block::Bert bert) {
  const auto found = pdu.option(option);
  return found ? Block::from(*found, bert) : std::nullopt;
}

}  // namespace

/// A request that is being worked on. If that takes long, its client is told that it has arrived.
class Server::Pending final : public WheelTimer {
 public:
  Pending(Server& server, const Exchange& its_exchange) : exchange(its_exchange), server_(server) {}
  ~Pending() = default;

  Exchange exchange;

 private:
  void on_timer(TimePoint) override { server_.acknowledge(*this); }

  Server& server_;
};

Server::Server(Shard& shard, Carrier& carrier, const Parameters& parameters, const ServerSettings& settings,
               RequestHandler& handler)
    : shard_(shard),
      carrier_(carrier),
      parameters_(parameters),
      settings_(settings),
      handler_(handler),
      uploads_(settings_.blocks),
      downloads_(settings_.blocks),
      leisurely_(shard, carrier, parameters.default_leisure) {}

Server::~Server() { server_probe().pending.add(-static_cast<std::int64_t>(pending_.size())); }

// A request, from the carrier to its handler.

void Server::on_request(const Incoming& incoming) {
  server_probe().requests.add();
  const Pdu& pdu = incoming.pdu;
  Exchange exchange{.id = ++last_id_,
                    .to = {incoming.peer, pdu.mid(), pdu.type(), false},
                    .token = pdu.token(),
                    .method = pdu.code(),
                    .multicast = incoming.multicast};
  exchange.if_none_match = pdu.option(Option::IfNoneMatch).has_value();
  exchange.size_asked = pdu.option(Option::Size2).has_value();
  if (pdu.option(Option::NoResponse)) {
    exchange.not_wanted = static_cast<std::uint8_t>(uint_option(pdu, Option::NoResponse, 0));
  }
  exchange.representation = representation_key(pdu);
  limit_answer(exchange, incoming);
  if (refuse_bad_options(exchange, pdu) || refuse_bad_blocks(exchange, pdu) || challenge(exchange)) return;
  Bytes body;
  if (exchange.block1) {
    if (!take_block(exchange, pdu, body)) return;
    return hand_over(exchange, incoming, body);
  }
  if (serve_later_block(exchange)) return;
  if (pdu.payload().size() > settings_.blocks.max_body_size) {
    // A message of a stream may be larger than a body.
    server_probe().too_large.add();
    Response too_large{codes::kRequestEntityTooLarge, {}, {}};
    too_large.options.add(Option::Size1, static_cast<std::uint32_t>(settings_.blocks.max_body_size));
    return finish(exchange, too_large);
  }
  hand_over(exchange, incoming, pdu.payload());
}

/// Looks at the Echo option: who sends back what went to its address is there [RFC 9175 2.3].
void Server::limit_answer(Exchange& exchange, const Incoming& incoming) {
  constexpr std::size_t kAmplification = 3;
  exchange.answer_limit = std::numeric_limits<std::size_t>::max();
  if (carrier_.verified(incoming.peer) || settings_.echo == EchoPolicy::Off) return;
  if (const auto echo = incoming.pdu.option(Option::Echo);
      echo && echo_.accepts(echo->value, carrier_.peer(incoming.peer).address, shard_.now())) {
    return carrier_.set_verified(incoming.peer);
  }
  exchange.answer_limit = kAmplification * incoming.bytes;
}

bool Server::refuse_bad_options(Exchange& exchange, const Pdu& request) {
  const std::optional<OptionProblem> problem = check_options(request);
  if (!problem) return false;
  server_probe().bad_options.add();
  if (problem->kind == OptionProblem::Kind::Proxy) {
    finish_with(exchange, codes::kProxyingNotSupported);
  } else if (exchange.to.type == Type::NonConfirmable && !carrier_.reliable()) {
    if (!exchange.multicast) carrier_.reject(exchange.to);  // [RFC 7252 5.4.1]
  } else {
    const std::string diagnosis = fmt::format("option {} is not understood", problem->number);
    finish(exchange, {codes::kBadOption, {}, {std::as_bytes(std::span(diagnosis)), nullptr}});
  }
  return true;
}

/// The reserved block size is refused [RFC 7959 2.2].
bool Server::refuse_bad_blocks(Exchange& exchange, const Pdu& request) {
  const Block::Bert bert = carrier_.reliable() ? Block::Bert::Allowed : Block::Bert::Refused;
  exchange.block1 = block_option(request, Option::Block1, bert);
  exchange.block2 = block_option(request, Option::Block2, bert);
  if (request.option(Option::Block1).has_value() == exchange.block1.has_value() &&
      request.option(Option::Block2).has_value() == exchange.block2.has_value()) {
    return false;
  }
  exchange.block1.reset();
  finish_with(exchange, codes::kBadRequest);
  return true;
}

/// True if the client has to come again with an Echo option before anything is done for it [RFC 9175 2.3].
bool Server::challenge(Exchange& exchange) {
  if (settings_.echo != EchoPolicy::Always || carrier_.verified(exchange.to.peer)) return false;
  if (exchange.multicast) return false;  // errors are not for groups [RFC 7252 8.2]; answer_limit holds
  finish_with_echo(exchange);
  return true;
}

/// True when `body` is whole.
bool Server::take_block(Exchange& exchange, const Pdu& request, Bytes& body) {
  if (!armed()) shard_.wheel().arm_coarsely(*this, shard_.now() + kSweepInterval);
  const bool proved = carrier_.verified(exchange.to.peer);
  auto verdict = uploads_.take({.peer = exchange.to.peer,
                                .source = proved ? BlockUploads::Source::Proved : BlockUploads::Source::Unproved,
                                .key = upload_key(request),
                                .block = exchange.block1.value_or(Block{}),
                                .size = uint_option(request, Option::Size1, 0),
                                .if_none_match = exchange.if_none_match,
                                .payload = request.payload()},
                               shard_.now());
  exchange.block1 = verdict.block;
  if (verdict.code == codes::kChanged) {
    body = std::move(verdict.body);
    exchange.if_none_match = verdict.if_none_match;
    return true;
  }
  if (verdict.code == codes::kServiceUnavailable) {
    static log::RateLimit lines(1);
    log_limit(lines, "a block was refused", "coap.block.total_bytes", settings_.blocks.total_bytes);
    // Who shows where it is has the right of way [RFC 9175 2.4].
    if (!proved && settings_.echo != EchoPolicy::Off) {
      finish_with_echo(exchange);
      return false;
    }
  }
  Response response{verdict.code, {}, {}};
  if (verdict.code == codes::kServiceUnavailable) response.options.add(Option::MaxAge, kRetryAfterSeconds);
  if (verdict.code.code_class() == 5 || verdict.code == codes::kBadRequest ||
      verdict.code == codes::kRequestEntityIncomplete) {
    exchange.block1.reset();
  }
  if (verdict.size_hint) {
    response.options.add(Option::Size1, static_cast<std::uint32_t>(settings_.blocks.max_body_size));
  }
  finish(exchange, response);
  return false;
}

/// The rest of a representation whose first block went out already. If it is not there any more, what is safe is done
/// again, and the rest is not: its client wants no second effect [RFC 7252 5.1].
bool Server::serve_later_block(Exchange& exchange) {
  if (!exchange.block2 || exchange.block2->number == 0) return false;
  const Response* const kept = downloads_.find(exchange.to.peer, exchange.representation, shard_.now());
  if (kept == nullptr) {
    if (exchange.method == codes::kGet || exchange.method == codes::kFetch) return false;
    static constexpr std::string_view kDiagnosis = "the rest of that answer is not kept any more";
    finish(exchange, {codes::kBadRequest, {}, {std::as_bytes(std::span(kDiagnosis)), nullptr}});
    return true;
  }
  const Response response = *kept;
  finish(exchange, response);
  return true;
}

void Server::hand_over(Exchange& exchange, const Incoming& incoming, std::span<const std::byte> body) {
  if (pending_.size() >= settings_.max_pending) {
    server_probe().busy.add();
    static log::RateLimit lines(1);
    log_limit(lines, "a request was refused", "coap.max_pending", settings_.max_pending);
    Response busy{codes::kServiceUnavailable, {}, {}};
    busy.options.add(Option::MaxAge, kRetryAfterSeconds);
    return finish(exchange, busy);
  }
  Exchange* const outer = std::exchange(current_, &exchange);
  handler_.on_request({exchange.id, incoming.peer, incoming.pdu, body, exchange.answer_limit, exchange.representation,
                       incoming.multicast, exchange.if_none_match});
  current_ = outer;
  if (!exchange.answered) keep_pending(exchange);
}

void Server::keep_pending(const Exchange& exchange) {
  if (!carrier_.known(exchange.to.peer)) return;  // the handler has parted with it
  carrier_.pin(exchange.to.peer);
  auto pending = std::make_unique<Pending>(*this, exchange);
  // Early enough that the client does not send its request again [RFC 7252 5.2.2].
  shard_.wheel().arm(*pending, shard_.now() + parameters_.ack_timeout / 4);
  pending_.emplace(exchange.id, std::move(pending));
  server_probe().pending.add(1);
}

void Server::acknowledge(Pending& pending) {
  carrier_.acknowledge(pending.exchange.to);
  pending.exchange.to.acknowledged = true;
}

void Server::on_peer_gone(PeerId peer) {
  uploads_.forget(peer);
  downloads_.forget(peer);
  handler_.on_peer_gone(peer);
}

// An answer, from the handler to the carrier.

void Server::respond(ExchangeId id, const Response& response) {
  if (current_ != nullptr && current_->id == id) {
    if (!current_->answered) finish(*current_, response);
    return;
  }
  const auto found = pending_.find(id);
  if (found == pending_.end()) return;
  const std::unique_ptr<Pending> pending = std::move(found->second);
  pending_.erase(found);
  server_probe().pending.add(-1);
  if (!carrier_.known(pending->exchange.to.peer)) return;
  finish(pending->exchange, response);
  carrier_.unpin(pending->exchange.to.peer);
}

void Server::finish_with(Exchange& exchange, Code code) { finish(exchange, {code, {}, {}}); }

void Server::finish_with_echo(Exchange& exchange) {
  server_probe().challenged.add();
  exchange.answered = true;
  Parts parts;
  parts.code = codes::kUnauthorized;
  parts.token = exchange.token;
  parts.options.add(Option::Echo, echo_.make(carrier_.peer(exchange.to.peer).address, shard_.now()));
  send(exchange, parts);
}

void Server::finish(Exchange& exchange, const Response& response) {
  exchange.answered = true;
  if (!wanted(exchange, response.code)) {
    server_probe().suppressed.add();
    if (carrier_.reliable()) {
      carrier_.reject(exchange.to);  // nothing is sent, but what waits for the end of the exchange goes on
    } else if (!exchange.to.acknowledged && !exchange.multicast) {
      carrier_.acknowledge(exchange.to);
    }
    return;
  }
  Parts parts;
  parts.code = response.code;
  parts.token = exchange.token;
  parts.options = response.options;
  parts.payload = response.body.bytes;
  if (exchange.block1) parts.options.add(Option::Block1, exchange.block1->value());
  if (response.code.is_success() && !slice(exchange, response, parts)) return;
  // A diagnosis is a courtesy [RFC 7252 5.5.2].
  if (!response.code.is_success() && encoded_size(parts) > exchange.answer_limit) parts.payload = {};
  if (encoded_size(parts) > exchange.answer_limit) return finish_with_echo(exchange);
  send(exchange, parts);
}

/// Cuts the block that was asked for out of the body. False: there is none, and the client has been told so.
bool Server::slice(Exchange& exchange, const Response& response, Parts& parts) {
  const std::span<const std::byte> body = response.body.bytes;
  Block block = exchange.block2.value_or(Block{});
  const std::uint8_t exponent = block_size_for(exchange);
  // 2.31 and 2.03 have no body to be cut, and what is empty needs no blocks.
  if (response.code == codes::kContinue || response.code == codes::kValid) return true;
  if (body.empty() && block.number == 0) return true;
  if (fits(exchange, parts, exponent)) return true;
  // A client that asks for larger blocks than it gets goes on from where it is [RFC 7959 2.4].
  const std::size_t offset = block.offset();
  block.size_exponent = exponent;
  block.number = static_cast<std::uint32_t>(offset / block.size());
  if (offset > 0 && offset >= body.size()) {
    exchange.block2.reset();
    finish_with(exchange, codes::kBadRequest);
    return false;
  }
  if (!response.options.find(Option::ETag)) parts.options.add(Option::ETag, etag_of(body));
  if (offset == 0 || exchange.size_asked) parts.options.add(Option::Size2, static_cast<std::uint32_t>(body.size()));
  parts.payload = {};
  parts.payload = body.subspan(offset, std::min(body.size() - offset, most_payload(exchange.to.peer, parts, block)));
  block.more = offset + parts.payload.size() < body.size();
  parts.options.add(Option::Block2, block.value());
  if (encoded_size(parts) <= exchange.answer_limit) keep_rest(exchange, response, parts, block);
  return true;
}

/// True if the whole body may go in one message, and nobody has asked for blocks.
bool Server::fits(const Exchange& exchange, const Parts& parts, std::uint8_t exponent) const {
  if (exchange.block2) return false;
  if (parts.payload.size() <= Block{0, false, exponent}.size()) return true;
  return exchange.largest_block == Block::kBert && encoded_size(parts) <= carrier_.largest_message(exchange.to.peer);
}

/// Keeps a representation of which the first block leaves, with its ETag, and lets it go with its last one.
void Server::keep_rest(const Exchange& exchange, const Response& response, const Parts& parts, const Block& block) {
  if (!block.more) return downloads_.done(exchange.to.peer, exchange.representation);
  if (block.number != 0) return;
  Response kept = response;
  kept.options.remove(Option::Observe);
  kept.options.remove(Option::ETag);
  if (const auto etag = parts.options.find(Option::ETag)) kept.options.add(Option::ETag, etag->value);
  downloads_.keep(exchange.to.peer, exchange.representation, kept, shard_.now());
  if (!armed()) shard_.wheel().arm_coarsely(*this, shard_.now() + kSweepInterval);
}

/// How much of a body goes into one message that has the options of `parts` and Block2. Under BERT several blocks, as
/// many as the whole message may hold [RFC 8323 6].
std::size_t Server::most_payload(PeerId peer, const Parts& parts, const Block& block) const {
  constexpr std::size_t kBlock2AndMarker = 8;
  if (block.size_exponent != Block::kBert) return block.size();
  const std::size_t others = encoded_size(parts) + kBlock2AndMarker;
  const std::size_t whole = carrier_.largest_message(peer);
  return std::max(block.size(), whole > others ? (whole - others) / block.size() * block.size() : 0);
}

std::uint8_t Server::block_size_for(const Exchange& exchange) const {
  const std::uint8_t largest = carrier_.largest_block(exchange.to.peer);
  const std::uint8_t ours = largest == Block::kBert ? largest : std::min(largest, settings_.blocks.size_exponent);
  const std::uint8_t asked = exchange.block2 ? exchange.block2->size_exponent : exchange.largest_block;
  return std::min(asked, ours);
}

/// False: the client does not want to hear that, or it came to a group and helps nobody [RFC 7252 8.2]; but what it
/// says that it wants to hear it does [RFC 7967 2.1].
bool Server::wanted(const Exchange& exchange, Code code) const {
  if (code == codes::kContinue) return true;  // nothing would go on without it
  if (exchange.not_wanted) return (*exchange.not_wanted & (1U << (code.code_class() - 1U))) == 0;
  return !exchange.multicast || code.is_success();
}

void Server::send(const Exchange& exchange, Parts& parts) {
  server_probe().responses.add();
  if (parts.code.code_class() == 4) server_probe().client_errors.add();
  if (parts.code.code_class() == 5) server_probe().server_errors.add();
  if (exchange.multicast) return leisurely_.add(exchange.to, parts);
  carrier_.reply(exchange.to, parts);
}

Carrier::Sent Server::notify(PeerId peer, const Token& token, std::uint64_t representation,
                             const Response& notification, Carrier::Confirm confirm, Reminder reminder,
                             std::uint8_t largest_block) {
  if (!carrier_.known(peer)) return Carrier::Sent::Refused;
  Exchange exchange{.to = {peer}, .token = token, .representation = representation, .largest_block = largest_block};
  exchange.answer_limit = std::numeric_limits<std::size_t>::max();
  Parts parts;
  parts.code = notification.code;
  parts.token = token;
  parts.options = notification.options;
  parts.payload = notification.body.bytes;
  static_cast<void>(slice(exchange, notification, parts));
  return carrier_.send(peer, parts, confirm, reminder);
}

void Server::on_timer(TimePoint now) {
  uploads_.sweep(now);
  downloads_.sweep(now);
  if (uploads_.count() + downloads_.count() > 0) shard_.wheel().arm_coarsely(*this, shard_.now() + kSweepInterval);
}

}  // namespace sluice::coap
