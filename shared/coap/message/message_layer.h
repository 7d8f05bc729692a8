// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/coap/message/carrier.h"
#include "shared/coap/message/duplicates.h"
#include "shared/coap/message/message_ids.h"
#include "shared/coap/message/parameters.h"
#include "shared/coap/message/peer_table.h"
#include "shared/coap/message/retransmitter.h"
#include "shared/net/datagram.h"

namespace sluice::coap {

/// The messages of CoAP over datagrams, plain or DTLS [RFC 7252 4]: types and message ids, retransmission, duplicates,
/// for all peers of one port. O(1) for each datagram, however many peers there are.
/// Owner: an endpoint. Thread: its shard.
class MessageLayer final : public Carrier, public DatagramEvents, private Retransmitter::Owner, private WheelTimer {
 public:
  /// `port` and `parameters` outlive the layer.
  MessageLayer(Shard& shard, DatagramPort& port, const Parameters& parameters, CarrierEvents& events);
  ~MessageLayer();
  MessageLayer(const MessageLayer&) = delete;
  MessageLayer& operator=(const MessageLayer&) = delete;

  void on_datagram(const Datagram& datagram) override;
  void on_association_ended(const DatagramPath& path) override;

  void reply(const ReplyTo& to, Parts& parts) override;
  void acknowledge(const ReplyTo& to) override;
  void reject(const ReplyTo& to) override;
  Sent send(PeerId peer, Parts& parts, Confirm confirm, Reminder reminder) override;
  void withdraw(PeerId peer, Reminder reminder) override;
  void pin(PeerId peer) override;
  void unpin(PeerId peer) override;
  [[nodiscard]] TransportPeer peer(PeerId peer) const override;
  [[nodiscard]] bool known(PeerId peer) const override;
  [[nodiscard]] bool verified(PeerId peer) const override;
  void set_verified(PeerId peer) override;
  [[nodiscard]] std::size_t credit(PeerId peer) const override;
  Sent probe(PeerId peer, Reminder reminder) override;
  [[nodiscard]] std::uint8_t largest_block(PeerId) const override { return kLargestBlock; }
  [[nodiscard]] std::size_t largest_message(PeerId) const override { return 0; }
  [[nodiscard]] bool reliable() const override { return false; }

  /// A peer to which this endpoint speaks first, and not because of something that came: it has all the credit there
  /// is. Nobody if there is no place.
  PeerId peer_at(const DatagramPath& path);
  [[nodiscard]] std::size_t peers() const { return peers_.size(); }
  [[nodiscard]] const DuplicateCache& duplicates() const { return duplicates_; }

 private:
  static constexpr std::uint8_t kLargestBlock = 6;
  static constexpr auto kStarvedInterval = std::chrono::seconds(1);
  static constexpr std::uint32_t kMostCredit = 1024 * 1024;

  void on_malformed(const Datagram& datagram, ErrorCode why);
  void on_message(const Datagram& datagram, const Pdu& pdu);
  void on_acknowledgement(const Datagram& datagram, const Pdu& pdu);
  void on_reset(const Datagram& datagram, const Pdu& pdu);
  void on_request(const Datagram& datagram, const Pdu& pdu);
  void on_separate_response(const Datagram& datagram, const Pdu& pdu);
  bool repeated(PeerId id, const Datagram& datagram, const Pdu& pdu);

  [[nodiscard]] const Peer* look(PeerId id) const;
  Peer* acquaint(const DatagramPath& path, PeerId& id);
  PeerTraffic& traffic(Peer& peer);
  void forget(PeerId id);
  void transmit(const Peer& peer, std::span<const std::byte> bytes);
  void transmit_on_credit(Peer& peer, std::span<const std::byte> bytes);
  void ask_instead(PeerId id, Peer& peer);
  void transmit_empty(const DatagramPath& path, Type type, MessageId mid);
  void send_confirmable(PeerId id, Peer& peer, Bytes message, Reminder reminder);
  void remember_non_confirmable(Peer& peer, MessageId mid, Reminder reminder);
  MessageId next_mid(PeerId id, Peer& peer);
  [[nodiscard]] bool may_send_confirmable(PeerId id, const Peer& peer) const;
  [[nodiscard]] bool has_free_id(PeerId id, const Peer& peer) const;
  Sent full(PeerId id, Peer& peer);
  void note_starved(PeerId id, PeerTraffic& traffic_of_peer);
  void note_paced(const Peer& peer);
  void transmit_non_confirmable(PeerId id, Peer& peer, Bytes message, Reminder reminder);
  void settled(PeerId id, MessageId mid);
  void send_waiting(PeerId id);
  void wake_starved();
  void tell_room(PeerId id, PeerTraffic& traffic_of_peer);
  void tell(PeerId peer, Reminder reminder, Outcome outcome);
  void sweep();

  void retransmit(PeerId peer, std::span<const std::byte> message) override;
  void give_up(PeerId peer, MessageId mid, Reminder reminder) override;
  void on_timer(TimePoint now) override;

  Shard& shard_;
  DatagramPort& port_;
  const Parameters& parameters_;
  CarrierEvents& events_;
  mutable PeerTable peers_;
  DuplicateCache duplicates_;
  Retransmitter retransmitter_;
  MessageIds ids_;
  TimePoint sweep_at_{};
  std::vector<PeerId> starved_;       ///< to whom something was not sent for want of a message id
  std::size_t remembered_shown_ = 0;  ///< of duplicates_, as the gauge has it
  std::uint64_t forgotten_shown_ = 0;
};

}  // namespace sluice::coap
