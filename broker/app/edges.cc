// SPDX-License-Identifier: Apache-2.0
#include "broker/app/edges.h"

#include <stdexcept>
#include <thread>

#include "broker/app/settings.h"
#include "broker/mqtt/mqtt_config.h"
#include "broker/transport/listener_settings.h"
#include "gateways/coap/coap_listeners.h"
#include "gateways/websocket/ws_config.h"
#include "shared/net/listener_config.h"

namespace sluice::app {
namespace {

/// A WebSocket listener as the configuration has it.
struct WsListenerSettings {
  ListenerSettings listener;
  ws::WsSettings websocket;
  std::shared_ptr<const ListenerTraits> traits;
};

std::vector<WsListenerSettings> ws_listener_settings(const Configuration& configuration,
                                                     const transport::PskLookup& psk) {
  const ConfigStore& store = configuration.store();
  const PathResolver resolve = [&](std::string_view text) { return configuration.paths().resolve(text).string(); };
  std::vector<WsListenerSettings> all;
  const auto add = [&](ws::Kind kind, const SocketKeys& keys, const TlsKeys* tls, std::string_view label) {
    for (const std::string& name : store.names(keys.address.name)) {
      if (!listener_enabled(store, keys, name)) continue;
      WsListenerSettings one{listener_settings(store, label, name, keys, tls, resolve), ws::load(store, kind, name),
                             nullptr};
      one.websocket.require_subprotocol = store.get(mqtt::kWebsocketProtocolHeader);
      one.traits = transport::listener_traits(store, keys, name, one.listener.name);
      if (one.listener.tls) one.listener.tls->psk_key = psk;
      all.push_back(std::move(one));
    }
  };
  add(ws::Kind::Ws, ws::kWsSocketKeys, nullptr, "mqtt:ws");
  add(ws::Kind::Wss, ws::kWssSocketKeys, &ws::kWssTlsKeys, "mqtt:wss");
  return all;
}

std::vector<transport::MqttListenerSettings> stream_listener_settings(const Configuration& configuration,
                                                                      const transport::PskLookup& psk) {
  return transport::mqtt_listener_settings(
      configuration.store(), [&](std::string_view text) { return configuration.paths().resolve(text).string(); }, psk);
}

coap::CoapListenerSettings coap_listener_settings(const Configuration& configuration, std::size_t shards,
                                                  const transport::PskLookup& psk) {
  return coap::load_listeners(
      configuration.store(), [&](std::string_view text) { return configuration.paths().resolve(text).string(); },
      shards, psk);
}

coap::GatewaySetup coap_setup(const ConfigStore& store, std::size_t shards) {
  const coap::Parameters parameters = coap::load_parameters(store, shards);
  coap::CoapSettings settings = coap::load_settings(store, shards);
  settings.max_publish_rate = store.get(mqtt::kMaxPublishRate);
  return {std::move(settings), parameters, coap::load_server_settings(store, parameters, shards),
          coap::load_stream_settings(store, shards)};
}

transport::PskLookup psk_lookup(Core& core) {
  if (core.psk().size() == 0) return nullptr;
  return [&core](std::string_view identity) { return core.psk().key(identity); };
}

void require(const std::string& problem) {
  if (!problem.empty()) throw std::runtime_error(problem);
}

}  // namespace

Edges::Edges(const Configuration& configuration, ShardGroup& shards, Core& core)
    : shards_(shards),
      core_(core),
      mqtt_(shards, core.sessions(), load_mqtt_settings(configuration.store())),
      listeners_(shards,
                 [this](std::unique_ptr<Transport> transport, std::shared_ptr<const ListenerTraits> traits) {
                   mqtt_.accept(std::move(transport), std::move(traits));
                 }),
      websocket_(shards, streams_) {
  streams_.add({.name = "mqtt",
                .subprotocols = {"mqtt", "mqttv3.1.1", "mqttv3.1"},
                .frames = StreamPort::Frames::Binary,
                .accept = [this](std::unique_ptr<Transport> transport, std::shared_ptr<const ListenerTraits> traits) {
                  mqtt_.accept(std::move(transport), std::move(traits));
                }});
  if (configuration.plugins().has("emq_coap")) {
    coap_ =
        std::make_unique<coap::CoapGateway>(shards, core.sessions(), coap_setup(configuration.store(), shards.size()));
  }
}

std::vector<std::string> Edges::check(const Configuration& configuration) {
  std::vector<std::string> problems;
  const auto look_at = [&](const ListenerSettings& settings) {
    if (std::string problem = Listener::check(settings); !problem.empty()) problems.push_back(std::move(problem));
  };
  const transport::PskLookup psk = psk_lookup(core_);
  for (const auto& settings : stream_listener_settings(configuration, psk)) look_at(settings.listener);
  for (const auto& settings : ws_listener_settings(configuration, psk)) look_at(settings.listener);
  if (coap_ == nullptr) return problems;
  for (std::string& problem : coap::CoapGateway::check(coap_listener_settings(configuration, shards_.size(), psk))) {
    problems.push_back(std::move(problem));
  }
  return problems;
}

void Edges::open(const Configuration& configuration) {
  const transport::PskLookup psk = psk_lookup(core_);
  for (auto& settings : stream_listener_settings(configuration, psk)) require(listeners_.open(std::move(settings)));
  for (auto& settings : ws_listener_settings(configuration, psk)) {
    require(websocket_.open(std::move(settings.listener), std::move(settings.websocket), std::move(settings.traits)));
  }
  if (coap_) require(coap_->open(coap_listener_settings(configuration, shards_.size(), psk)));
}

void Edges::start() {
  listeners_.start();
  websocket_.start();
  if (coap_) coap_->start();
}

std::vector<std::string> Edges::reconfigure(const Configuration& configuration) {
  mqtt_.reconfigure(load_mqtt_settings(configuration.store()));
  std::vector<std::string> problems;
  const auto note = [&](std::string problem) {
    if (!problem.empty()) problems.push_back(std::move(problem));
  };
  const transport::PskLookup psk = psk_lookup(core_);
  for (auto& settings : stream_listener_settings(configuration, psk)) note(listeners_.reconfigure(std::move(settings)));
  for (auto& settings : ws_listener_settings(configuration, psk)) {
    note(websocket_.reconfigure(std::move(settings.listener), std::move(settings.websocket),
                                std::move(settings.traits)));
  }
  if (!coap_) return problems;
  for (std::string& problem : coap_->reconfigure(coap_listener_settings(configuration, shards_.size(), psk))) {
    problems.push_back(std::move(problem));
  }
  return problems;
}

void Edges::drain(std::chrono::milliseconds limit) {
  const auto deadline = Clock::now() + limit;
  listeners_.stop();
  websocket_.stop_accepting();
  if (coap_) coap_->stop(limit / 2);
  shards_.run_on_all([this](Shard& shard) {
    core_.sessions().evict_all(shard, Reason::ServerShuttingDown);
    mqtt_.close_all(shard);
  });
  // Evicted connections flush and close at the end of their turn; WebSocket clients also exchange close frames.
  websocket_.stop(std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()));
  for (std::atomic<std::size_t> open = 1; open > 0 && Clock::now() < deadline;) {
    open = 0;
    shards_.run_on_all([&](Shard& shard) { open += mqtt_.open(shard); });
  }
}

std::vector<Edges::Bound> Edges::bound() const {
  std::vector<Bound> all;
  const auto add = [&](const Listener& listener) {
    all.push_back({listener.settings().name, listener.bound(), &listener});
  };
  for (const auto& listener : listeners_.listeners()) add(*listener);
  for (const auto& listener : websocket_.listeners()) add(*listener);
  if (!coap_) return all;
  for (const auto& one : coap_->bound()) all.push_back({one.name, one.address, one.listener});
  return all;
}

}  // namespace sluice::app
