// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "broker/api/delivery_sink.h"
#include "gateways/coap/envelope.h"
#include "gateways/coap/observation.h"
#include "shared/base/ring_buffer.h"
#include "shared/coap/server/observe.h"

namespace sluice::coap {

class GatewayShard;

/// Turns what the core delivers into notifications of one client's observations, at the pace at which the client
/// confirms them, and tells which messages of the session are acknowledged by that.
/// A message goes to every observation whose subscription it matched; it is acknowledged when all have confirmed it.
/// While a confirmable notification is on its way nothing overtakes it: a client would take what comes late for stale
/// [RFC 7641 3.4].
/// Owner: the Client. Thread: its shard.
class Notifier {
 public:
  /// `client_id` is of the client, and outlives the notifier.
  Notifier(GatewayShard& shard, ClientSerial serial, const std::string& client_id);
  ~Notifier();
  Notifier(const Notifier&) = delete;
  Notifier& operator=(const Notifier&) = delete;

  [[nodiscard]] ObservationList& observations() { return observations_; }
  [[nodiscard]] const ObservationList& observations() const { return observations_; }
  [[nodiscard]] const Route& route() const { return route_; }
  /// The client was heard of: notifications go there from now on, and what it has not confirmed at its old place goes
  /// once more.
  void use_route(const Envelope& envelope);
  /// From now on on_outcome() is told when the connection of the route ends.
  void watch_connection();
  /// Nothing is known of where it is.
  void drop_route();
  /// Finds out whether it is there, by on_outcome().
  void ask_for_sign_of_life();
  /// Its observer has been told a later number than that of what is on its way to it, which it would take for something
  /// old: it goes once more [RFC 7641 4.4].
  void overtake(std::uint16_t observation);

  /// Busy: try again after ready() has turned true. What is of QoS 0 is never refused: it waits here, and where there
  /// is too much of it the oldest goes [RFC 7641 4.5.1].
  DeliveryResult deliver(const Delivery& delivery);

  /// Sends the observer a message of QoS 0 that did not come by deliver(), as soon as it may.
  void notify(std::uint16_t observation, MessagePtr message);

  /// What an outcome means for the client.
  struct Effect {
    std::vector<PacketId> acknowledged;  ///< messages of the session that are out of the way
    std::uint16_t cancelled = 0;         ///< the observation that the client does not want any more
    bool connection_ended = false;       ///< with it what was observed over it
    bool alive = false;                  ///< the client is there
    bool unreachable = false;            ///< it is not
  };
  Effect on_outcome(const NotificationTag& tag, Outcome outcome);
  /// True if the next message can be taken.
  [[nodiscard]] bool ready() const;
  /// Messages that were acknowledged by being sent; emptied by the call.
  std::vector<PacketId> take_acknowledged() { return std::exchange(acknowledged_, {}); }
  /// Observations that cannot go on: their topic or its format is gone. Their observers know; emptied by the call.
  std::vector<std::uint16_t> take_ended() { return std::exchange(ended_, {}); }
  /// Sends what waits, as far as the client takes it.
  void send_held();
  /// Erases it, with everything of it that is on its way or waits.
  void forget(std::uint16_t observation);
  /// Tells the observer of `observation` that it is over, by a response of an error code [RFC 7641 4.2].
  void send_last(Observation& observation, Code code);

 private:
  /// A message of QoS 0 that waits for its turn.
  struct Held {
    MessagePtr message;
    std::vector<std::uint16_t> observations;
  };
  /// A message that is on its way to be confirmed.
  struct InFlight {
    MessagePtr message;  ///< null: nothing is
    PacketId packet_id = 0;
    std::vector<std::uint16_t> observations;  ///< that have not confirmed it yet
    TimePoint since{};
  };

  void leave_route();
  void withdraw_in_flight();
  /// What tells on_outcome() that the connection of the route has ended.
  [[nodiscard]] NotificationTag connection_tag() const { return tag(NotificationTag::kMostObservation, false); }
  [[nodiscard]] bool confirmable(Qos qos, std::size_t notifications) const;
  [[nodiscard]] bool fits_credit(const Message& message) const;
  void probe_peer();
  [[nodiscard]] bool free() const;
  void hold(Held held);
  DeliveryResult send_to(const std::vector<std::uint16_t>& observations, const MessagePtr& message, Qos qos,
                         PacketId packet_id);
  [[nodiscard]] std::vector<std::uint16_t> observed_by(const Delivery& delivery);
  bool send(Observation& observation, const MessagePtr& message, bool confirm);
  void send_again();
  [[nodiscard]] NotificationTag tag(std::uint16_t observation, bool confirm) const;
  void settle(std::uint16_t observation, std::vector<PacketId>& acknowledged);

  GatewayShard& shard_;
  const ClientSerial serial_;
  const std::string& client_id_;
  ObservationList observations_;
  NotificationPacing pacing_;
  Route route_;
  std::uint8_t epoch_ = 0;
  std::uint8_t copy_ = 0;  ///< of what is in flight
  bool has_route_ = false;
  bool watching_ = false;  ///< see watch_connection()
  bool verified_ = false;
  bool probing_ = false;
  std::size_t credit_ = 0;  ///< see Envelope
  InFlight in_flight_;
  RingBuffer<Held> held_;
  std::vector<PacketId> acknowledged_;
  std::vector<std::uint16_t> ended_;
};

}  // namespace sluice::coap
