// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_handshake.h"

#include <utility>

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>

#include "gateways/websocket/ws_probe.h"
#include "gateways/websocket/ws_transport.h"
#include "shared/log/log.h"

namespace sluice::ws {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kLoggedTarget = 128;
constexpr std::uint32_t kLinesPerSecond = 10;

/// The parser's complaint as an HTTP answer; nullopt: there is nobody to answer.
std::optional<Refusal> fault(ErrorCode error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return Refusal{http::status::request_header_fields_too_large, "The request header is too large"};
  }
  if (error == http::error::body_limit) return Refusal{http::status::payload_too_large, "Requests here have no body"};
  if (error == http::error::end_of_stream || error.category() != make_error_code(http::error::bad_method).category()) {
    return std::nullopt;
  }
  return Refusal{http::status::bad_request, "This is no HTTP/1.1 request: " + error.message()};
}

void log_refusal(const TransportPeer& peer, const Context& context, const Refusal& refusal, std::string_view target) {
  static log::RateLimit limit(kLinesPerSecond);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("ws").warn("request refused: peer={} listener={} status={} target={} reason=\"{}\" not_shown={}",
                      peer.address.to_string(), context.traits()->name, static_cast<unsigned>(refusal.status),
                      target.substr(0, kLoggedTarget), refusal.text, hushed);
}

}  // namespace

Handshake::Handshake(std::shared_ptr<Context> context, AsioStream socket)
    : link_(std::make_shared<WsLink>(std::move(context), std::move(socket))),
      buffer_(link_->settings().max_header_bytes + 1) {
  const std::size_t limit = link_->settings().max_header_bytes;
  parser_.header_limit(static_cast<std::uint32_t>(limit));
  parser_.body_limit(0);
}

void Handshake::run() {
  Shard& shard = link_->shard();
  shard.wheel().arm(*this, shard.now() + link_->settings().request_timeout);
  http::async_read_header(link_->socket(), buffer_, parser_,
                          [self = shared_from_this()](ErrorCode error, std::size_t) { self->on_header(error); });
}

void Handshake::on_header(ErrorCode error) {
  if (answered_) return;
  if (error) {
    if (const auto refusal = fault(error)) {
      refuse(*refusal);
    } else {
      link_->abort();
    }
    return;
  }
  request_ = parser_.release();
  const Decision decision = decide(request_, link_->settings(), link_->context().port());
  if (const auto* refusal = std::get_if<Refusal>(&decision)) {
    refuse(*refusal);
  } else if (const auto* accepted = std::get_if<Upgrade>(&decision)) {
    upgrade(*accepted);
  } else {
    probe().health_checks.add();
    answer(http::status::ok, link_->settings().status_text);
  }
}

void Handshake::upgrade(const Upgrade& decision) {
  if (buffer_.size() != 0) {
    refuse({http::status::bad_request, "Frames must wait for the answer to the upgrade"});  // [RFC 6455 4.1]
    return;
  }
  const std::string& header = link_->settings().proxy_address_header;
  if (!header.empty() && request_.count(header) != 0 && !forwarded_address(request_, link_->settings())) {
    // The balancer's own address would let the client pass for the balancer.
    refuse({http::status::bad_request, "The header " + header + " has no IP address"});
    return;
  }
  link_->accept(request_, decision, [self = shared_from_this(), protocol = decision.protocol](ErrorCode error) {
    self->on_upgraded(error, *protocol);
  });
}

void Handshake::on_upgraded(ErrorCode error, const StreamPort::Protocol& protocol) {
  cancel();
  if (error) {
    link_->abort();
    return;
  }
  protocol.accept(std::make_unique<WsTransport>(link_, peer()), link_->context().traits());
}

TransportPeer Handshake::peer() const {
  TransportPeer result = link_->socket().peer();
  if (const auto address = forwarded_address(request_, link_->settings())) result.address = *address;
  return result;
}

void Handshake::refuse(const Refusal& refusal) {
  probe().refused.add();
  if (refusal.status == http::status::forbidden) probe().origin_refused.add();
  log_refusal(link_->socket().peer(), link_->context(), refusal, {request_.target().data(), request_.target().size()});
  answer(refusal.status, refusal.text + "\n");
}

void Handshake::answer(http::status status, std::string text) {
  answered_ = true;
  response_.result(status);
  response_.version(request_.version());
  response_.set(http::field::server, "Sluice");
  response_.set(http::field::content_type, "text/plain; charset=utf-8");
  response_.set(http::field::cache_control, "no-store");
  response_.set(http::field::connection, "close");
  if (status == http::status::method_not_allowed) response_.set(http::field::allow, "GET");
  if (status == http::status::upgrade_required) {
    response_.set(http::field::connection, "upgrade, close");
    response_.set(http::field::upgrade, "websocket");
    response_.set(http::field::sec_websocket_version, "13");
  }
  response_.content_length(text.size());
  if (request_.method() != http::verb::head) response_.body() = std::move(text);
  http::async_write(link_->socket(), response_, [self = shared_from_this()](ErrorCode, std::size_t) {
    self->cancel();
    self->link_->socket().shutdown();
  });
}

bool Handshake::started() const { return parser_.got_some() || buffer_.size() != 0; }

void Handshake::on_timer(TimePoint now) {
  probe().request_timeouts.add();
  if (answered_ || parser_.is_header_done() || !started()) {
    link_->abort();
    return;
  }
  // The answer itself gets as long again.
  link_->shard().wheel().arm(*this, now + link_->settings().request_timeout);
  refuse({http::status::request_timeout, "The request was not complete in time"});
}

}  // namespace sluice::ws
