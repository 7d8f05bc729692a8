// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/message/parameters.h"
#include "shared/coap/server/block_downloads.h"
#include "shared/coap/server/block_uploads.h"
#include "shared/coap/server/echo.h"
#include "shared/coap/server/exchange.h"
#include "shared/coap/server/leisure.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// From whom a proof is asked that the requests come from where they say [RFC 9175 2.3].
enum class EchoPolicy : std::uint8_t {
  Large,   ///< who asks for more than three times of what it sent
  Always,  ///< everybody
  Off,     ///< nobody
};

struct ServerSettings {
  BlockLimits blocks;
  EchoPolicy echo = EchoPolicy::Large;
  std::size_t max_pending = 100'000;  ///< requests that are being worked on
};

/// The server side of requests and responses for all peers of one carrier: options that must be understood, bodies in
/// blocks both ways, Echo, No-Response, answers that take their time, notifications.
/// [RFC 7252 5] [RFC 7641 4] [RFC 7959] [RFC 7967] [RFC 9175]
/// Owner: an endpoint. Thread: its shard.
class Server final : private WheelTimer {
 public:
  /// All outlive the server.
  Server(Shard& shard, Carrier& carrier, const Parameters& parameters, const ServerSettings& settings,
         RequestHandler& handler);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  void on_request(const Incoming& incoming);
  void on_peer_gone(PeerId peer);
  void on_room(PeerId peer) { handler_.on_room(peer); }

  /// Answers a request. Nothing happens if its peer is gone, or if it has been answered.
  void respond(ExchangeId exchange, const Response& response);

  /// Sends a notification [RFC 7641 4.2]: `notification.options` has the Observe option. Over a block, only the first
  /// leaves, and the peer fetches the others [RFC 7959 2.6]. `largest_block`: the size exponent of the Block2 option
  /// with which it registered, if there was one [RFC 7959 3.4, figure 13].
  Carrier::Sent notify(PeerId peer, const Token& token, std::uint64_t representation, const Response& notification,
                       Carrier::Confirm confirm, Reminder reminder, std::uint8_t largest_block = Block::kBert);

  [[nodiscard]] Carrier& carrier() { return carrier_; }
  [[nodiscard]] const BlockUploads& uploads() const { return uploads_; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  class Pending;

  void limit_answer(Exchange& exchange, const Incoming& incoming);
  bool refuse_bad_options(Exchange& exchange, const Pdu& request);
  bool refuse_bad_blocks(Exchange& exchange, const Pdu& request);
  bool challenge(Exchange& exchange);
  bool take_block(Exchange& exchange, const Pdu& request, Bytes& body);
  bool serve_later_block(Exchange& exchange);
  void hand_over(Exchange& exchange, const Incoming& incoming, std::span<const std::byte> body);
  void keep_pending(const Exchange& exchange);
  void acknowledge(Pending& pending);

  void finish(Exchange& exchange, const Response& response);
  void finish_with(Exchange& exchange, Code code);
  void finish_with_echo(Exchange& exchange);
  bool slice(Exchange& exchange, const Response& response, Parts& parts);
  [[nodiscard]] bool fits(const Exchange& exchange, const Parts& parts, std::uint8_t exponent) const;
  void keep_rest(const Exchange& exchange, const Response& response, const Parts& parts, const Block& block);
  void send(const Exchange& exchange, Parts& parts);
  [[nodiscard]] bool wanted(const Exchange& exchange, Code code) const;
  [[nodiscard]] std::uint8_t block_size_for(const Exchange& exchange) const;
  [[nodiscard]] std::size_t most_payload(PeerId peer, const Parts& parts, const Block& block) const;

  void on_timer(TimePoint now) override;

  Shard& shard_;
  Carrier& carrier_;
  const Parameters& parameters_;
  const ServerSettings settings_;
  RequestHandler& handler_;
  EchoGuard echo_;
  BlockUploads uploads_;
  BlockDownloads downloads_;
  LeisurelyReplies leisurely_;
  Exchange* current_ = nullptr;  ///< the one that is being handed over
  ExchangeId last_id_ = 0;
  boost::unordered_flat_map<ExchangeId, std::unique_ptr<Pending>> pending_;
};

}  // namespace sluice::coap
