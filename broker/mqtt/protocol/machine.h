// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "broker/api/broker_api.h"
#include "broker/api/delivery_sink.h"
#include "broker/mqtt/codec/frame_reader.h"
#include "broker/mqtt/codec/packet.h"
#include "broker/mqtt/mqtt_settings.h"
#include "broker/mqtt/protocol/ack_gate.h"
#include "broker/mqtt/protocol/effects.h"
#include "broker/mqtt/protocol/topic_alias.h"

namespace sluice::mqtt {

/// AwaitConnect → (Authenticating ⇄) → Connecting → Active → Closed; every state may go to Closed.
enum class ConnState : std::uint8_t {
  AwaitConnect,    ///< nothing has come yet but CONNECT is legal [MQTT-3.1.0-1]
  Authenticating,  ///< AUTH packets go to and fro before the CONNACK [MQTT5 4.12]
  Connecting,      ///< the core decides, perhaps on another shard; input waits
  Active,
  Closed,
};

/// The server's side of one MQTT connection, without socket, clock or thread: frames in, effects out. Being the
/// client's DeliverySink, it also turns the core's deliveries into packets.
/// Owner: a connection. Thread: the connection's shard.
class Machine final : public DeliverySink {
 public:
  Machine(BrokerApi& broker, const MqttSettings& settings, Effects& effects);
  ~Machine();

  // Events from the connection.
  void on_frame(const Frame& frame);
  /// The first bytes of a packet are there, the rest is not. What cannot become a CONNECT is not waited for.
  void on_partial_frame(std::byte first);
  /// The stream cannot be read on: not MQTT, or a packet over the limit.
  void on_broken_stream(Errc error);
  /// Nothing came for the time that set_keep_alive() gave.
  void on_keep_alive_timeout();
  /// deadline() has passed.
  void on_deadline();
  /// The stream is gone: closed by the peer, or broken.
  void on_stream_closed();
  /// The shard changed as Effects::move_to() asked.
  void on_moved();
  /// backlog() has fallen far enough to go on.
  void on_drained();

  /// False while frames must wait.
  [[nodiscard]] bool accepts_input() const { return state_ != ConnState::Connecting && state_ != ConnState::Closed; }
  /// When the connection ends because a message of an MQTT 3 client was refused; TimePoint::max(): it does not.
  [[nodiscard]] TimePoint deadline() const { return withheld_ ? withheld_->until : TimePoint::max(); }
  [[nodiscard]] ConnState state() const { return state_; }
  [[nodiscard]] std::size_t max_packet_size() const { return settings_.max_packet_size; }

  // DeliverySink.
  DeliveryResult deliver(const Delivery& delivery) override;
  void deliver_release(PacketId packet_id) override;
  void on_committed(CommitTicket ticket) override;
  void on_session_ended(Reason reason) override;

 private:
  /// What only MQTT 5 connections have.
  struct V5 {
    V5(std::uint16_t inbound_maximum, std::uint16_t outbound_maximum)
        : inbound(inbound_maximum), outbound(outbound_maximum) {}
    InboundAliases inbound;
    OutboundAliases outbound;
    std::uint32_t session_expiry_seconds = 0;  ///< as the CONNECT said [MQTT-3.14.2-2]
    bool problem_information = true;
    bool response_information = false;
    bool aliases_out = false;  ///< the client takes any
    std::string auth_method;
    std::unique_ptr<EnhancedAuthentication> authentication;  ///< while an exchange runs
    std::vector<std::byte> auth_data;                        ///< the exchange's last word, for the CONNACK
  };

  /// Messages of an MQTT 3 client that were refused and so are not acknowledged. It cannot be told no; when it comes
  /// back it sends them again.
  struct Withheld {
    static constexpr std::size_t kMostIds = 1024;

    TimePoint until{};  ///< counted from the first one
    std::unordered_set<PacketId> ids;
    bool more = false;  ///< there were more than are remembered: the connection ends in any case
  };

  [[nodiscard]] bool is_v5() const { return version_ == ProtocolVersion::V5; }
  void set_state(ConnState next);

  // machine_connect.cc
  void on_connect(const Frame& frame);
  void refuse_unreadable_connect(const Frame& frame, const ErrorCode& error);
  bool read_connect_properties(const ConnectPacket& packet, ConnectRequest& request);
  void ask_core();
  void on_connected(ConnectResult result);
  void accept(ConnectResult result);
  /// False if the client cannot take the CONNACK that it would have to get [MQTT-3.1.2-24].
  [[nodiscard]] bool send_connack(const ConnectResult& result);
  void refuse_connect(Reason reason, std::string_view why);
  void start_keep_alive(std::uint16_t client_seconds);
  [[nodiscard]] std::uint16_t effective_keep_alive(std::uint16_t client_seconds) const;

  // machine_auth.cc
  void on_auth(const Frame& frame);
  bool begin_authentication(std::span<const std::byte> data);
  void advance_authentication(std::span<const std::byte> data);
  void note_authenticated(const EnhancedAuthentication::Step& step);
  void send_auth(Reason reason, std::span<const std::byte> data);

  // machine_publish.cc
  void on_publish(const Frame& frame);
  bool check_publish(PublishView& publish);
  void publish(const PublishView& publish);
  void answer_publish(const PublishView& publish, PublishResult result);
  void withhold(PacketId id);
  /// The client has sent a refused message again, and now it was taken.
  void forget_withheld(PacketId id);
  /// Sends an acknowledgement, or keeps it until what it acknowledges is safe.
  void acknowledge(AckGate::Waiting ack);
  void send_now(const AckGate::Waiting& ack);
  void limit_publish_rate();
  void on_ack(const Frame& frame);
  void on_pubrel(const Frame& frame);
  void send_ack(PacketType type, PacketId id, Reason reason);

  // machine_subscribe.cc
  void on_subscribe(const Frame& frame);
  void on_unsubscribe(const Frame& frame);

  // machine.cc
  void refuse_first_packet();
  void on_active_frame(const Frame& frame);
  void on_pingreq(const Frame& frame);
  void on_disconnect(const Frame& frame);
  /// Counts and logs that the connection ends because of what the peer did.
  void note_end(Reason reason, std::string_view why);
  void log_end(Reason reason, std::string_view why) const;
  /// Ends the connection because of what the peer did: tells a 5.0 client why, and lets the will be sent.
  void fail(Reason reason, std::string_view why);
  void fail(const ErrorCode& error);
  void end(Reason reason, std::string_view why);
  void send_disconnect(Reason reason, std::string_view why);
  /// False if the packet is larger than the client takes: nothing was sent.
  bool send(const Packet& packet);
  void close();

  BrokerApi& broker_;
  const MqttSettings& settings_;
  Effects& effects_;
  ClientHandle handle_;
  std::unique_ptr<ConnectRequest> request_;  ///< from CONNECT until the core has answered
  std::unique_ptr<PendingConnect> pending_;
  std::unique_ptr<V5> v5_;
  std::unique_ptr<AckGate> gate_;              ///< while acknowledgements wait
  std::unique_ptr<Withheld> withheld_;         ///< while there are any
  std::uint32_t max_packet_out_ = 0xFFFFFFFF;  ///< the client's Maximum Packet Size, bytes
  std::uint32_t published_in_window_ = 0;      ///< for max_publish_rate
  TimePoint window_start_{};
  std::uint16_t qos2_open_ = 0;  ///< PUBLISHes of QoS 2 on this connection that are not released [MQTT-3.3.4-7]
  ProtocolVersion version_ = ProtocolVersion::V311;
  ConnState state_ = ConnState::AwaitConnect;
};

}  // namespace sluice::mqtt
