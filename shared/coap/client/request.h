// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/base/clock.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// A request to a peer, for as long as an answer may come; an observation, for as long as it stands. Never used again
/// by the same client. 0: none.
using RequestId = std::uint64_t;

/// What a peer is asked for.
struct Outgoing {
  Code method;
  Options options;  ///< without Observe, Block1, Block2, Size1, Request-Tag and Echo, which are the client's affair
  Body body;        ///< copied where it has no owner
  bool observe = false;  ///< every change of the resource is wanted, not only its state [RFC 7641]; GET or FETCH
  Carrier::Confirm confirm = Carrier::Confirm::Yes;
  /// From when the request is known to have arrived, or has left if that is never known, until there is no more hope
  /// for an answer. Zero: EXCHANGE_LIFETIME.
  Duration patience{};
};

/// What a peer answered. Views live during the call.
struct Answer {
  RequestId request = 0;
  PeerId peer;
  const Pdu& pdu;                   ///< the message that completes it: code and options
  std::span<const std::byte> body;  ///< whole, in whatever number of blocks it came
  bool last = true;                 ///< no more follow; false: the observation stands
};

/// Why there will be no answer.
enum class Failure : std::uint8_t {
  Reset,      ///< the peer cannot do anything with the request [RFC 7252 4.2]
  TimedOut,   ///< it was never acknowledged, or never answered
  PeerGone,   ///< the peer, its association or its connection is gone
  Refused,    ///< one of its later messages could not be sent: too many wait for the peer already
  Malformed,  ///< the answer breaks the protocol: a critical option that is not understood, blocks that do not fit
  TooLarge,   ///< the answer exceeds ClientSettings::max_body_size
  NoRoom,     ///< ClientSettings::total_bytes of answers in blocks are being put together
};

/// Who asked. Thread: the shard.
class ResponseHandler {
 public:
  /// Once; for an observation once for each notification that is newer than the ones before it [RFC 7641 3.4]. Never
  /// from within the call that asked.
  virtual void on_answer(const Answer& answer) = 0;
  /// Instead of the (next) answer; nothing follows, an observation has ended.
  virtual void on_failure(RequestId request, PeerId peer, Failure why) = 0;

 protected:
  ~ResponseHandler() = default;
};

}  // namespace sluice::coap
