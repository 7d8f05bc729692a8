// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"
#include "shared/net/transport.h"

namespace sluice::coap {

/// One message of a peer on its way to the layer of requests and responses.
struct Incoming {
  PeerId peer;
  const Pdu& pdu;
  std::size_t bytes = 0;   ///< on the wire
  bool multicast = false;  ///< a request to a group [RFC 7252 8]
};

/// What a carrier tells the layer above, on its shard.
class CarrierEvents {
 public:
  /// A request, once: duplicates are the carrier's affair.
  virtual void on_request(const Incoming& incoming) = 0;
  /// False: nobody waits for this response, and the peer is told so [RFC 7252 4.2, 4.3].
  virtual bool on_response(const Incoming& incoming) = 0;
  /// Everything that was agreed with the peer is void.
  virtual void on_peer_gone(PeerId peer) = 0;
  /// What was Sent::Full for this peer may be tried again.
  virtual void on_room(PeerId peer) = 0;

 protected:
  ~CarrierEvents() = default;
};

/// How a response finds the request that it belongs to.
struct ReplyTo {
  PeerId peer;
  MessageId mid = 0;
  Type type = Type::Confirmable;
  bool acknowledged = false;  ///< by an empty ACK: the response goes in a message of its own [RFC 7252 5.2.2]
};

/// What carries the messages of any number of peers: datagrams [RFC 7252 4] or streams [RFC 8323].
/// Thread: its shard.
class Carrier {
 public:
  /// Sends the response. `parts.type` and `parts.mid` are the carrier's affair.
  virtual void reply(const ReplyTo& to, Parts& parts) = 0;
  /// The request will be answered later, or never: an empty ACK. Nothing over a stream.
  virtual void acknowledge(const ReplyTo& to) = 0;
  /// The request is refused without an answer: Reset for a confirmable one [RFC 7252 4.2]. Nothing over a stream.
  virtual void reject(const ReplyTo& to) = 0;

  enum class Confirm : bool { No, Yes };
  enum class Sent : std::uint8_t {
    Yes,      ///< on its way
    Waiting,  ///< confirmable messages before it are not acknowledged yet [RFC 7252 4.7]
    Full,     ///< too many wait already: no reminder follows, but CarrierEvents::on_room() when there is room again
    Refused,  ///< the peer is gone, or takes nothing like that: no reminder follows
  };
  /// Sends a message that answers nothing: a notification, a request.
  virtual Sent send(PeerId peer, Parts& parts, Confirm confirm, Reminder reminder) = 0;
  /// The message with that reminder need not be sent again, or at all: it has arrived, or nobody wants it any more
  /// [RFC 7252 4.2]. No outcome follows. Nothing over a stream, where an outcome may still come.
  virtual void withdraw(PeerId peer, Reminder reminder) = 0;

  /// Keeps the peer known until the same number of calls of unpin(). Requires: it is known.
  virtual void pin(PeerId peer) = 0;
  virtual void unpin(PeerId peer) = 0;
  /// Nobody if it is gone: unspecified addresses.
  [[nodiscard]] virtual TransportPeer peer(PeerId peer) const = 0;
  [[nodiscard]] virtual bool known(PeerId peer) const = 0;

  /// True if the peer receives what is sent to its address.
  [[nodiscard]] virtual bool verified(PeerId peer) const = 0;
  virtual void set_verified(PeerId peer) = 0;
  /// Bytes that may be sent to the peer unasked; without a bound once it is verified.
  [[nodiscard]] virtual std::size_t credit(PeerId peer) const = 0;
  /// Asks the peer for a sign of life at the address it has [RFC 7252 4.3: CoAP ping]; then it is verified.
  virtual Sent probe(PeerId peer, Reminder reminder) = 0;

  /// Largest block to send, BERT where the peer of a stream takes it.
  [[nodiscard]] virtual std::uint8_t largest_block(PeerId peer) const = 0;
  /// Bytes of a whole message that the peer takes without blocks; 0: what fits into one block.
  [[nodiscard]] virtual std::size_t largest_message(PeerId peer) const = 0;
  /// Messages arrive in order and once: notifications need no sequence numbers [RFC 8323 7].
  [[nodiscard]] virtual bool reliable() const = 0;

 protected:
  ~Carrier() = default;
};

}  // namespace sluice::coap
