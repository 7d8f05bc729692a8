// SPDX-License-Identifier: Apache-2.0
#include "broker/management/presence.h"

#include <nlohmann/json.hpp>

namespace sluice::management {
namespace {

using Json = nlohmann::ordered_json;

std::string text(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

std::string_view username_of(const hooks::ClientInfo& client) {
  return client.username.empty() ? "undefined" : client.username;
}

}  // namespace

Presence::Presence(const EventPublisher& events, Qos qos) : events_(events), qos_(qos) {
  hooks::HookPoints& hooks = events_.sessions().core().hooks;
  on_connected_ = hooks.client_connected.add(0, [this](const hooks::ClientInfo& client, Reason reason) {
    events_.publish(
        "clients", client.client_id, "connected", [&] { return connected_json(client, reason, unix_millis()); }, qos_);
    return hooks::Next::Continue;
  });
  on_disconnected_ = hooks.client_disconnected.add(0, [this](const hooks::ClientInfo& client, Reason reason) {
    events_.publish(
        "clients", client.client_id, "disconnected", [&] { return disconnected_json(client, reason, unix_millis()); },
        qos_);
    return hooks::Next::Continue;
  });
}

Presence::~Presence() {
  hooks::HookPoints& hooks = events_.sessions().core().hooks;
  hooks.client_connected.remove(on_connected_);
  hooks.client_disconnected.remove(on_disconnected_);
}

std::string connected_json(const hooks::ClientInfo& client, Reason reason, UnixMillis now) {
  return text({{"clientid", client.client_id},
               {"username", username_of(client)},
               {"ipaddress", client.address.ip_string()},
               {"clean_sess", client.clean_start},
               {"protocol", protocol_version(client.protocol)},
               {"connack", connack_code(reason, client.protocol)},
               {"ts", now / 1000}});
}

std::string disconnected_json(const hooks::ClientInfo& client, Reason reason, UnixMillis now) {
  return text({{"clientid", client.client_id},
               {"username", username_of(client)},
               {"reason", disconnect_word(reason)},
               {"ts", now / 1000}});
}

std::uint8_t connack_code(Reason reason, Protocol protocol) {
  if (reason == Reason::Success || protocol == Protocol::Mqtt5) return static_cast<std::uint8_t>(reason);
  switch (reason) {
    case Reason::UnsupportedProtocolVersion:
      return 1;
    case Reason::ClientIdentifierNotValid:
      return 2;
    case Reason::BadUserNameOrPassword:
      return 4;
    case Reason::NotAuthorized:
    case Reason::Banned:
      return 5;
    default:
      return 3;
  }
}

std::string_view disconnect_word(Reason reason) {
  switch (reason) {
    case Reason::Success:
    case Reason::DisconnectWithWill:
      return "normal";
    case Reason::UnspecifiedError:
      return "closed";
    case Reason::SessionTakenOver:
      return "conflict";
    case Reason::AdministrativeAction:
      return "kick";
    default:
      return reason_name(reason);
  }
}

}  // namespace sluice::management
