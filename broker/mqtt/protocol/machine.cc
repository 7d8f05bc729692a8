// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/protocol/machine.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"
#include "broker/mqtt/codec/error.h"
#include "broker/mqtt/codec/publish_template.h"
#include "broker/mqtt/codec/reason_code.h"
#include "broker/mqtt/mqtt_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::mqtt {
namespace {

bool legal(ConnState from, ConnState to) {
  switch (from) {
    case ConnState::AwaitConnect:
      return to == ConnState::Authenticating || to == ConnState::Connecting || to == ConnState::Closed;
    case ConnState::Authenticating:
      return to == ConnState::Connecting || to == ConnState::Closed;
    case ConnState::Connecting:
      return to == ConnState::Active || to == ConnState::Closed;
    case ConnState::Active:
      return to == ConnState::Closed;
    case ConnState::Closed:
      return false;
  }
  return false;
}

/// Where connections that end for this reason are counted; nullptr: not among those that a packet ended.
const metrics::Counter* counter_of(Reason reason) {
  switch (reason) {
    case Reason::MalformedPacket:
      return &probe().malformed;
    case Reason::ProtocolError:
    case Reason::TopicNameInvalid:
    case Reason::TopicAliasInvalid:
    case Reason::PayloadFormatInvalid:
    case Reason::UnsupportedProtocolVersion:
      return &probe().protocol_errors;
    case Reason::PacketTooLarge:
      return &probe().too_large;
    case Reason::QuotaExceeded:
    case Reason::ReceiveMaximumExceeded:
      return &probe().over_limit;
    case Reason::KeepAliveTimeout:
      return &probe().keepalive_timeouts;
    default:
      return nullptr;
  }
}

/// The Topic Alias property on the wire.
constexpr std::size_t kAliasBytes = 3;

}  // namespace

Machine::Machine(BrokerApi& broker, const MqttSettings& settings, Effects& effects)
    : broker_(broker), settings_(settings), effects_(effects) {}

Machine::~Machine() = default;

void Machine::set_state(ConnState next) {
  if (!legal(state_, next)) std::abort();  // a broken invariant of ours, never the peer's doing
  state_ = next;
}

void Machine::on_frame(const Frame& frame) {
  probe().count_received(frame.type());
  switch (state_) {
    case ConnState::AwaitConnect:
      if (frame.type() == PacketType::Connect) {
        on_connect(frame);
      } else {
        refuse_first_packet();
      }
      return;
    case ConnState::Authenticating:
      if (frame.type() == PacketType::Auth) {
        on_auth(frame);
      } else if (frame.type() == PacketType::Disconnect) {
        close();
      } else {
        refuse_connect(Reason::ProtocolError, "only AUTH and DISCONNECT may come during authentication");
      }
      return;
    case ConnState::Active:
      on_active_frame(frame);
      return;
    case ConnState::Connecting:
    case ConnState::Closed:
      return;
  }
}

void Machine::on_partial_frame(std::byte first) {
  constexpr std::byte kConnectHeader{0x10};
  if (state_ == ConnState::AwaitConnect && first != kConnectHeader) refuse_first_packet();
}

void Machine::refuse_first_packet() {
  // Not a word to whoever does not begin with CONNECT [MQTT-3.1.0-1].
  note_end(Reason::ProtocolError, "the first packet is not CONNECT [MQTT-3.1.0-1]");
  close();
}

void Machine::on_active_frame(const Frame& frame) {
  switch (frame.type()) {
    case PacketType::Publish:
      on_publish(frame);
      return;
    case PacketType::Puback:
    case PacketType::Pubrec:
    case PacketType::Pubcomp:
      on_ack(frame);
      return;
    case PacketType::Pubrel:
      on_pubrel(frame);
      return;
    case PacketType::Subscribe:
      on_subscribe(frame);
      return;
    case PacketType::Unsubscribe:
      on_unsubscribe(frame);
      return;
    case PacketType::Pingreq:
      on_pingreq(frame);
      return;
    case PacketType::Disconnect:
      on_disconnect(frame);
      return;
    case PacketType::Auth:
      on_auth(frame);
      return;
    case PacketType::Connect:
      fail(Reason::ProtocolError, "a second CONNECT [MQTT-3.1.0-2]");
      return;
    case PacketType::Connack:
    case PacketType::Suback:
    case PacketType::Unsuback:
    case PacketType::Pingresp:
      fail(Reason::ProtocolError, "a packet that only a server sends");
      return;
  }
  fail(Reason::MalformedPacket, "reserved packet type 0");
}

void Machine::on_pingreq(const Frame& frame) {
  if (const auto ping = decode_pingreq(frame, version_); !ping) {
    fail(ping.error());
    return;
  }
  probe().count_sent(PacketType::Pingresp);
  const std::span<std::byte> out = effects_.output(2);
  out[0] = std::byte{0xD0};
  out[1] = std::byte{0};
}

void Machine::on_disconnect(const Frame& frame) {
  const auto packet = decode_disconnect(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  CloseRequest request{.kind = CloseKind::Normal, .reason = packet->reason, .session_expiry_seconds = {}};
  if (is_v5()) {
    // Everything but "normal" lets the will be sent: the client asks for it, or reports an error of its own.
    if (packet->reason != Reason::Success) request.kind = CloseKind::NormalWithWill;
    request.session_expiry_seconds = packet->properties.number(PropertyId::SessionExpiryInterval);
    if (request.session_expiry_seconds.value_or(0) > 0 && v5_->session_expiry_seconds == 0) {
      fail(Reason::ProtocolError, "a session without expiry cannot get one in DISCONNECT [MQTT5 3.14.2.2.2]");
      return;
    }
  }
  handle_.close(request);
  close();
}

void Machine::on_broken_stream(Errc error) {
  if (state_ == ConnState::Closed) return;
  const ErrorCode code = error;
  const std::string why =
      error == Errc::PacketTooLarge ? "a packet larger than mqtt.max_packet_size [MQTT-3.2.2-15]" : code.message();
  if (state_ == ConnState::Active) {
    fail(reason_of(code), why);
  } else {
    note_end(reason_of(code), why);
    close();
  }
}

void Machine::on_keep_alive_timeout() {
  switch (state_) {
    case ConnState::Active:
      fail(Reason::KeepAliveTimeout, "no packet within one and a half keep-alive intervals [MQTT-3.1.2-22]");
      return;
    case ConnState::AwaitConnect:
    case ConnState::Authenticating:
    case ConnState::Connecting:
      probe().idle_timeouts.add();
      note_end(Reason::MaximumConnectTime, "no CONNECT within mqtt.client.idle_timeout");
      close();
      return;
    case ConnState::Closed:
      return;
  }
}

void Machine::on_deadline() {
  if (state_ != ConnState::Active) return;
  constexpr std::string_view kWhy = "a message of it was refused and not taken within mqtt.session.refuse_timeout";
  probe().refuse_timeouts.add();
  log_end(Reason::QuotaExceeded, kWhy);
  end(Reason::QuotaExceeded, kWhy);
}

void Machine::on_stream_closed() {
  if (state_ == ConnState::Closed) return;
  pending_ = nullptr;
  handle_.close({.kind = CloseKind::Abnormal, .reason = Reason::UnspecifiedError, .session_expiry_seconds = {}});
  set_state(ConnState::Closed);
}

void Machine::on_drained() {
  if (state_ == ConnState::Active) handle_->writable();
}

void Machine::fail(const ErrorCode& error) {
  const Reason reason = reason_of(error);
  fail(reason, error.message());
}

void Machine::note_end(Reason reason, std::string_view why) {
  if (const metrics::Counter* const counter = counter_of(reason)) counter->add();
  log_end(reason, why);
}

void Machine::log_end(Reason reason, std::string_view why) const {
  static log::RateLimit limit(10);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  const std::string who = state_ == ConnState::Active && handle_
                              ? fmt::format("client disconnected: client_id={}", log::loggable(handle_->client_id()))
                              : "connection closed:";
  log::get("mqtt").info("{} peer={} reason={} why=\"{}\" ({} like this not shown)", who,
                        effects_.peer().address.to_string(), reason_name(reason), why, hushed);
}

void Machine::fail(Reason reason, std::string_view why) {
  note_end(reason, why);
  end(reason, why);
}

void Machine::end(Reason reason, std::string_view why) {
  send_disconnect(reason, why);
  handle_.close({.kind = CloseKind::Abnormal, .reason = reason, .session_expiry_seconds = {}});
  close();
}

void Machine::send_disconnect(Reason reason, std::string_view why) {
  if (!is_v5() || state_ != ConnState::Active) return;
  std::vector<std::byte> properties;
  PropertyBuilder builder(properties);
  if (!why.empty()) builder.text(PropertyId::ReasonString, why);
  DisconnectPacket packet{.reason = legal_reason(PacketType::Disconnect, reason), .properties = builder.view()};
  if (send(packet)) return;
  packet.properties = {};  // the reason string would exceed what the client takes [MQTT-3.14.2-3]
  send(packet);
}

bool Machine::send(const Packet& packet) {
  thread_local std::vector<std::byte> bytes;
  bytes.clear();
  if (encode(packet, version_, bytes) || bytes.size() > max_packet_out_) return false;
  probe().count_sent(packet_type(packet));
  std::copy(bytes.begin(), bytes.end(), effects_.output(bytes.size()).begin());
  return true;
}

void Machine::close() {
  pending_ = nullptr;
  set_state(ConnState::Closed);
  effects_.close();
}

void Machine::on_session_ended(Reason reason) {
  handle_.forget();
  if (state_ == ConnState::Closed) return;
  send_disconnect(reason, {});
  close();
}

DeliveryResult Machine::deliver(const Delivery& delivery) {
  if (effects_.backlog() > settings_.outbound_buffer) return DeliveryResult::Busy;
  const Message& message = *delivery.message;
  PublishOptions options{.version = version_,
                         .qos = delivery.qos,
                         .retain = delivery.retain,
                         .dup = delivery.dup,
                         .packet_id = delivery.packet_id,
                         .expiry_seconds = {},
                         .subscription_ids = {}};
  if (is_v5()) {
    options.subscription_ids = delivery.subscription_ids;
    if (message.expires_at() != 0) {
      const UnixMillis left = std::max<UnixMillis>(0, message.expires_at() - unix_millis());
      options.expiry_seconds = static_cast<std::uint32_t>((left + 999) / 1000);
    }
    // An alias that is not sent would be unknown to the client later: only for packets that will fit with it.
    if (v5_->aliases_out && PublishTemplate(message, options).size() + kAliasBytes <= max_packet_out_) {
      const OutboundAliases::Use use = v5_->outbound.use(message.topic());
      options.topic_alias = use.alias;
      options.omit_topic = use.known;
    }
  }
  const PublishTemplate packet(message, options);
  if (!packet.fits(max_packet_out_)) return DeliveryResult::Dropped;  // [MQTT-3.1.2-24]
  probe().count_sent(PacketType::Publish);
  if (packet.payload().size() < Effects::kSpliceFrom) {
    packet.write(effects_.output(packet.size()));
  } else {
    packet.write_prefix(effects_.output(packet.prefix_size()));
    effects_.output(delivery.message, packet.payload());
  }
  return DeliveryResult::Accepted;
}

void Machine::deliver_release(PacketId packet_id) { send_ack(PacketType::Pubrel, packet_id, Reason::Success); }

}  // namespace sluice::mqtt
