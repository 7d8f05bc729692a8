// SPDX-License-Identifier: Apache-2.0
// CONNECT and CONNACK [MQTT5 3.1, 3.2].
#include <algorithm>
#include <limits>
#include <utility>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/error.h"
#include "broker/mqtt/codec/reason_code.h"
#include "broker/mqtt/mqtt_probe.h"
#include "broker/mqtt/protocol/machine.h"
#include "broker/mqtt/protocol/user_properties.h"

namespace sluice::mqtt {
namespace {

Protocol protocol_of(ProtocolVersion version) {
  switch (version) {
    case ProtocolVersion::V31:
      return Protocol::Mqtt31;
    case ProtocolVersion::V311:
      return Protocol::Mqtt311;
    case ProtocolVersion::V5:
      return Protocol::Mqtt5;
  }
  return Protocol::Mqtt311;
}

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

WillRequest will_of(const WillView& view) {
  WillRequest will;
  will.topic = view.topic;
  will.payload.assign(view.payload.begin(), view.payload.end());
  std::vector<std::byte> scratch;
  const std::span<const std::byte> properties = forwardable(view.message, view.properties, scratch);
  will.properties.assign(properties.begin(), properties.end());
  will.qos = view.qos;
  will.retain = view.retain;
  will.delay_seconds = view.message.will_delay_seconds;
  will.expiry_seconds = view.message.expiry_seconds;
  return will;
}

/// The protocol level of a CONNECT that could not be decoded; 0 if not even that is there.
std::uint8_t level_of(const Frame& frame) {
  constexpr std::size_t kLevelAt = 6;  // behind the length and the four letters of "MQTT"
  return frame.body.size() > kLevelAt ? static_cast<std::uint8_t>(frame.body[kLevelAt]) : 0;
}

}  // namespace

void Machine::on_connect(const Frame& frame) {
  const auto packet = decode_connect(frame);
  if (!packet) {
    refuse_unreadable_connect(frame, packet.error());
    return;
  }
  version_ = packet->version;
  request_ = std::make_unique<ConnectRequest>();
  ConnectRequest& request = *request_;
  request.client_id = packet->client_id;
  request.protocol = protocol_of(packet->version);
  request.clean_start = packet->clean_start;
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  if (packet->username) request.username = std::string(*packet->username);
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  if (packet->password) request.password = text_of(*packet->password);
  request.keep_alive_seconds = packet->keep_alive_seconds;
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): asked for just before
  if (packet->will) request.will = will_of(*packet->will);
  request.peer = effects_.peer();
  request.listener = effects_.listener();
  if (is_v5() && !read_connect_properties(*packet, request)) return;
  if (is_v5() && !v5_->auth_method.empty()) {
    const auto data = packet->properties.binary(PropertyId::AuthenticationData);
    if (!begin_authentication(data.value_or(std::span<const std::byte>{}))) return;
  }
  set_state(ConnState::Connecting);
  ask_core();
}

void Machine::refuse_unreadable_connect(const Frame& frame, const ErrorCode& error) {
  const std::uint8_t level = level_of(frame);
  const bool unknown_level = error == ErrorCode(Errc::ProtocolLevelUnknown);
  // Nobody knows what a level after 5 will look like; code 1 of 3.1.1 is what every client can read [MQTT-3.1.2-2].
  version_ = level == 5 ? ProtocolVersion::V5 : ProtocolVersion::V311;
  if (unknown_level || level == 5) {
    refuse_connect(reason_of(error), error.message());
    return;
  }
  note_end(reason_of(error), error.message());
  close();
}

bool Machine::read_connect_properties(const ConnectPacket& packet, ConnectRequest& request) {
  const auto too_many = [&](const PropertiesView& properties) {
    return too_many_user_properties(properties, settings_.max_user_properties);
  };
  if (too_many(packet.properties) || (packet.will && too_many(packet.will->properties))) {
    refuse_connect(Reason::QuotaExceeded, "more user properties than mqtt.max_user_properties");
    return false;
  }
  const auto number = [&](PropertyId id, std::uint32_t absent) {
    return packet.properties.number(id).value_or(absent);
  };
  const auto aliases = static_cast<std::uint16_t>(
      std::min<std::uint32_t>(number(PropertyId::TopicAliasMaximum, 0), settings_.max_topic_alias));
  v5_ = std::make_unique<V5>(settings_.max_topic_alias, aliases);
  v5_->aliases_out = aliases > 0;
  v5_->session_expiry_seconds = number(PropertyId::SessionExpiryInterval, 0);
  v5_->problem_information = number(PropertyId::RequestProblemInformation, 1) != 0;
  v5_->response_information = number(PropertyId::RequestResponseInformation, 0) != 0;
  v5_->auth_method = packet.properties.text(PropertyId::AuthenticationMethod).value_or("");
  max_packet_out_ = number(PropertyId::MaximumPacketSize, std::numeric_limits<std::uint32_t>::max());
  request.session_expiry_seconds = v5_->session_expiry_seconds;
  request.receive_maximum = static_cast<std::uint16_t>(number(PropertyId::ReceiveMaximum, 65535));
  return true;
}

void Machine::ask_core() {
  pending_ = broker_.connect(*request_, *this, [this](ConnectResult result) { on_connected(std::move(result)); });
}

void Machine::on_connected(ConnectResult result) {
  // Kept until this function ends: it owns the callback that is running.
  const std::unique_ptr<PendingConnect> answered = std::move(pending_);
  if (result.reason == Reason::UseAnotherServer && result.move_to != nullptr) {
    probe().moved.add();
    effects_.move_to(*result.move_to);
    return;
  }
  if (result.reason != Reason::Success) {
    refuse_connect(result.reason, {});
    return;
  }
  accept(std::move(result));
}

void Machine::on_moved() {
  if (state_ == ConnState::Connecting) ask_core();
}

void Machine::accept(ConnectResult result) {
  if (!send_connack(result)) {
    close();  // dropping the handle ends the session again
    return;
  }
  handle_ = std::move(result.handle);
  start_keep_alive(request_->keep_alive_seconds);
  request_ = nullptr;
  set_state(ConnState::Active);
  effects_.resume_input();
}

std::uint16_t Machine::effective_keep_alive(std::uint16_t client_seconds) const {
  const std::uint16_t limit = is_v5() ? settings_.server_keepalive : 0;
  return limit != 0 && (client_seconds == 0 || client_seconds > limit) ? limit : client_seconds;
}

void Machine::start_keep_alive(std::uint16_t client_seconds) {
  const double seconds = effective_keep_alive(client_seconds) * 2.0 * settings_.keepalive_backoff;
  effects_.set_keep_alive(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds)));
}

bool Machine::send_connack(const ConnectResult& result) {
  std::vector<std::byte> properties;
  PropertyBuilder builder(properties);
  if (is_v5()) {
    if (result.session_expiry_seconds != v5_->session_expiry_seconds) {
      builder.number(PropertyId::SessionExpiryInterval, result.session_expiry_seconds);
      v5_->session_expiry_seconds = result.session_expiry_seconds;
    }
    builder.number(PropertyId::ReceiveMaximum, settings_.receive_maximum);
    builder.number(PropertyId::MaximumPacketSize, static_cast<std::uint32_t>(settings_.max_packet_size));
    if (settings_.max_topic_alias > 0) builder.number(PropertyId::TopicAliasMaximum, settings_.max_topic_alias);
    if (request_->client_id.empty()) builder.text(PropertyId::AssignedClientIdentifier, result.client_id);
    const std::uint16_t keep_alive = effective_keep_alive(request_->keep_alive_seconds);
    if (keep_alive != request_->keep_alive_seconds) builder.number(PropertyId::ServerKeepAlive, keep_alive);
    if (v5_->response_information && !settings_.response_information.empty()) {
      builder.text(PropertyId::ResponseInformation, settings_.response_information);
    }
    if (!v5_->auth_method.empty()) builder.text(PropertyId::AuthenticationMethod, v5_->auth_method);
    if (!v5_->auth_data.empty()) builder.binary(PropertyId::AuthenticationData, v5_->auth_data);
  }
  return send(ConnackPacket{
      .session_present = result.session_present, .reason = Reason::Success, .properties = builder.view()});
}

void Machine::refuse_connect(Reason reason, std::string_view why) {
  if (!why.empty()) note_end(reason, why);  // without a reason it is the core's refusal, and the core told of it
  std::vector<std::byte> properties;
  PropertyBuilder builder(properties);
  if (is_v5() && !why.empty()) builder.text(PropertyId::ReasonString, why);
  ConnackPacket packet{.reason = is_v5() ? legal_reason(PacketType::Connack, reason) : reason,
                       .properties = builder.view()};
  if (!send(packet)) {
    packet.properties = {};  // the reason string would exceed what the client takes [MQTT-3.2.2-19]
    send(packet);
  }
  close();
}

}  // namespace sluice::mqtt
