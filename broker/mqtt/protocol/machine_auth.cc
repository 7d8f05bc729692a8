// SPDX-License-Identifier: Apache-2.0
// AUTH: enhanced authentication, before the CONNACK and again later [MQTT5 3.15, 4.12].
#include <utility>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/protocol/machine.h"

namespace sluice::mqtt {

bool Machine::begin_authentication(std::span<const std::byte> data) {
  v5_->authentication = broker_.enhanced_authentication(v5_->auth_method);
  if (!v5_->authentication) {
    refuse_connect(Reason::BadAuthenticationMethod, "the server does not know this authentication method");
    return false;
  }
  const EnhancedAuthentication::Step step = v5_->authentication->advance(data);
  if (step.reason == Reason::ContinueAuthentication) {
    set_state(ConnState::Authenticating);
    send_auth(Reason::ContinueAuthentication, step.data);
    return false;
  }
  v5_->authentication = nullptr;
  if (step.reason != Reason::Success) {
    refuse_connect(step.reason, {});
    return false;
  }
  note_authenticated(step);
  return true;
}

void Machine::note_authenticated(const EnhancedAuthentication::Step& step) {
  request_->authenticated = true;
  if (step.username) request_->username = step.username;
  v5_->auth_data = step.data;
}

void Machine::on_auth(const Frame& frame) {
  const auto packet = decode_auth(frame, version_);
  if (!packet) {
    state_ == ConnState::Active ? fail(packet.error())
                                : refuse_connect(Reason::MalformedPacket, packet.error().message());
    return;
  }
  const auto breach = [this](std::string_view why) {
    state_ == ConnState::Active ? fail(Reason::ProtocolError, why) : refuse_connect(Reason::ProtocolError, why);
  };
  if (!is_v5() || v5_->auth_method.empty()) {
    breach("AUTH without an Authentication Method in CONNECT [MQTT-4.12.0-6]");
    return;
  }
  if (packet->properties.text(PropertyId::AuthenticationMethod).value_or("") != v5_->auth_method) {
    breach("another Authentication Method than in CONNECT [MQTT-4.12.0-5]");
    return;
  }
  if (packet->reason == Reason::ReAuthenticate && state_ == ConnState::Active && !v5_->authentication) {
    v5_->authentication = broker_.enhanced_authentication(v5_->auth_method);
  } else if (packet->reason != Reason::ContinueAuthentication || !v5_->authentication) {
    breach("AUTH out of turn [MQTT-4.12.0-3]");
    return;
  }
  advance_authentication(
      packet->properties.binary(PropertyId::AuthenticationData).value_or(std::span<const std::byte>{}));
}

void Machine::advance_authentication(std::span<const std::byte> data) {
  const EnhancedAuthentication::Step step = v5_->authentication->advance(data);
  if (step.reason == Reason::ContinueAuthentication) {
    send_auth(Reason::ContinueAuthentication, step.data);
    return;
  }
  v5_->authentication = nullptr;
  const bool again = state_ == ConnState::Active;
  if (step.reason != Reason::Success) {
    again ? fail(step.reason, {}) : refuse_connect(step.reason, {});
    return;
  }
  if (again) {
    send_auth(Reason::Success, step.data);
    return;
  }
  note_authenticated(step);
  set_state(ConnState::Connecting);
  ask_core();
}

void Machine::send_auth(Reason reason, std::span<const std::byte> data) {
  std::vector<std::byte> properties;
  PropertyBuilder builder(properties);
  builder.text(PropertyId::AuthenticationMethod, v5_->auth_method);
  if (!data.empty()) builder.binary(PropertyId::AuthenticationData, data);
  send(AuthPacket{.reason = reason, .properties = builder.view()});
}

}  // namespace sluice::mqtt
