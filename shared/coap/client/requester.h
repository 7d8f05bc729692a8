// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>

#include "shared/base/shard.h"
#include "shared/coap/client/request.h"
#include "shared/coap/client/tokens.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/message/parameters.h"

namespace sluice::coap {

struct ClientSettings {
  std::size_t max_requests = 250'000;          ///< requests and observations that are not over
  std::size_t max_body_size = 1024 * 1024;     ///< of an answer, in bytes
  std::size_t total_bytes = 64 * 1024 * 1024;  ///< of answers that are being put together
  std::uint8_t size_exponent = 6;              ///< of the blocks that are sent and asked for
};

/// The client side of requests and responses, towards all peers of one carrier: tokens, bodies in blocks both ways,
/// observations, Echo. A request takes constant time, however many there are.
/// [RFC 7252 5] [RFC 7641 3] [RFC 7959] [RFC 9175]
/// Owner: an endpoint. Thread: its shard.
class Requester final : private OutcomeSink {
 public:
  /// All outlive the client.
  Requester(Shard& shard, Carrier& carrier, const Parameters& parameters, const ClientSettings& settings);
  ~Requester();
  Requester(const Requester&) = delete;
  Requester& operator=(const Requester&) = delete;

  /// Asks the peer, which stays known until that is over. 0: not sent, and nobody is called; the peer is gone, too many
  /// messages wait for it, the client has as many requests as it may, or this one has more options than a message may.
  /// `handler` outlives the request.
  RequestId request(PeerId peer, const Outgoing& outgoing, ResponseHandler& handler);
  /// Nobody waits for it any more: nothing is called, a later notification is answered with Reset [RFC 7641 3.6].
  void forget(RequestId request);
  /// Asks the peer to end an observation [RFC 7641 3.6]; its answer is the last that the handler gets, or its failure.
  /// False: there is no such observation, or the request could not be sent; then it is forgotten.
  bool deregister(RequestId request);
  /// Asks anew for an observation, under the same token: whoever had forgotten it knows it again [RFC 7641 3.3.1]. The
  /// answer counts as a notification. False: there is no such observation, or it is being asked for already.
  bool refresh(RequestId request);

  /// False: nobody waits for that.
  bool on_response(const Incoming& incoming);
  void on_peer_gone(PeerId peer);

  [[nodiscard]] std::size_t size() const { return calls_.size(); }
  /// Of answers that are being put together.
  [[nodiscard]] std::size_t collected_bytes() const { return collected_; }

 private:
  class Transfer;
  struct Call;
  enum class Last : bool { No, Yes };

  std::unique_ptr<Call> make_call(RequestId id, PeerId peer, const Outgoing& outgoing, ResponseHandler& handler);
  [[nodiscard]] Call* find(std::uint64_t token, PeerId peer);
  void start_transfer(Call& call, std::uint64_t token);
  bool send_from_start(Call& call, std::optional<std::uint32_t> observe);
  bool transmit(Call& call);
  void add_body(const Call& call, Parts& parts) const;
  void ask_for_block(const Call& call, Parts& parts) const;
  [[nodiscard]] std::optional<std::uint8_t> block_size_for(const Call& call) const;
  [[nodiscard]] std::size_t most_payload(const Call& call) const;

  void on_answer(Call& call, const Pdu& pdu);
  bool repeat_with_echo(Call& call, const Pdu& pdu);
  void on_first_block(Call& call, const Pdu& pdu, const std::optional<Block>& block2);
  void on_later_block(Call& call, const Pdu& pdu, const std::optional<Block>& block2);
  void on_notification(Call& call, const Pdu& pdu);
  [[nodiscard]] bool crosses(const Call& call, const Pdu& pdu) const;
  void on_crossing(Call& call, const Pdu& pdu);
  [[nodiscard]] bool is_news(Call& call, const Pdu& pdu);
  void collect(Call& call, const Pdu& pdu, const std::optional<Block>& block2);
  bool note_observation(Call& call, const Pdu& pdu);
  [[nodiscard]] std::optional<Block> block_of(const Pdu& pdu, Option option) const;

  void send_or_fail(Call& call);
  void deliver(Call& call, const Pdu& pdu, std::span<const std::byte> body);
  void fail(Call& call, Failure why);
  void expire(RequestId id);
  void end_transfer(Call& call);
  std::unique_ptr<Call> take_out(RequestId id);
  void forget_of_peer(const Call& call);

  void on_outcome(PeerId peer, Cookie cookie, Outcome outcome) override;

  Shard& shard_;
  Carrier& carrier_;
  const Parameters& parameters_;
  const ClientSettings settings_;
  Tokens tokens_;
  boost::unordered_flat_map<RequestId, std::unique_ptr<Call>> calls_;
  boost::unordered_flat_map<std::uint64_t, RequestId> fetches_;  ///< tokens under which later blocks are asked for
  boost::unordered_flat_map<std::uint32_t, std::vector<RequestId>> of_peer_;  ///< by the peer's slot; few each
  std::size_t collected_ = 0;
};

}  // namespace sluice::coap
