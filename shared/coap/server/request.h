// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"

namespace sluice::coap {

/// A request that has to be answered, for Server::respond(). Never used again. 0: none.
using ExchangeId = std::uint64_t;

/// A request, whole: its body has been put together where it came in blocks. Views live during the call.
struct Request {
  ExchangeId exchange = 0;
  PeerId peer;
  const Pdu& pdu;
  std::span<const std::byte> body;
  /// Bytes that the answer may have on the wire; a larger one becomes 4.01 with Echo. Without a bound for a peer whose
  /// address is verified.
  std::size_t answer_limit = 0;
  /// Tells the resource and representation that is asked for from others, for notifications in blocks.
  std::uint64_t representation = 0;
  bool multicast = false;
  bool if_none_match = false;  ///< the option, of a body in blocks that of its first one [RFC 7959 2.10]
};

/// Bytes of a representation. Without an owner they live during the call that gets them; with one as long as it does.
struct Body {
  std::span<const std::byte> bytes;
  std::shared_ptr<const void> owner;
};

struct Response {
  Code code;
  Options options;  ///< without Block1, Block2, Size1, Size2 and Echo, which are the server's affair
  Body body;
};

/// Who serves the resources. Thread: the shard.
class RequestHandler {
 public:
  /// Every request is answered exactly once by Server::respond(), within the call or later.
  virtual void on_request(const Request& request) = 0;
  /// The peer and what was agreed with it (observations) are gone.
  virtual void on_peer_gone(PeerId peer) = 0;
  /// Server::notify() was Sent::Full for this peer, and may be called again. For those who notify.
  virtual void on_room(PeerId) {}

 protected:
  ~RequestHandler() = default;
};

}  // namespace sluice::coap
