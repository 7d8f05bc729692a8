// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include "gateways/websocket/ws_link.h"
#include "gateways/websocket/ws_upgrade.h"
#include "shared/base/timing_wheel.h"
#include "shared/net/transport.h"

namespace sluice::ws {

/// The HTTP part of a connection: one request, which becomes a WebSocket connection or gets an answer and the end.
/// Nothing of it remains after the upgrade.
/// Lifetime: its operations keep it alive, at most `request_timeout` and the time that an answer takes.
/// Thread: the shard that accepted the socket.
class Handshake final : public std::enable_shared_from_this<Handshake>, private WheelTimer {
 public:
  Handshake(std::shared_ptr<Context> context, AsioStream socket);
  void run();

 private:
  void on_header(ErrorCode error);
  void upgrade(const Upgrade& decision);
  void on_upgraded(ErrorCode error, const StreamPort::Protocol& protocol);
  void refuse(const Refusal& refusal);
  void answer(boost::beast::http::status status, std::string text);
  void on_timer(TimePoint now) override;
  [[nodiscard]] bool started() const;
  TransportPeer peer() const;

  const std::shared_ptr<WsLink> link_;
  boost::beast::flat_buffer buffer_;
  boost::beast::http::request_parser<boost::beast::http::empty_body> parser_;
  WsLink::Request request_;  ///< once it is complete
  boost::beast::http::response<boost::beast::http::string_body> response_;
  bool answered_ = false;
};

}  // namespace sluice::ws
