// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "gateways/websocket/ws_config.h"
#include "gateways/websocket/ws_settings.h"
#include "shared/config/store.h"

namespace sluice::ws {
namespace {

TEST(WsSettingsLoad, DefaultsServeMqttAndStompToEverybody) {
  const ConfigStore store({kWsTable, kWssTable});
  const WsSettings settings = load(store, Kind::Ws, "external");
  ASSERT_EQ(settings.routes.size(), 2U);
  EXPECT_EQ(settings.routes[0].path, "/mqtt");
  EXPECT_EQ(settings.routes[1].path, "/stomp");
  EXPECT_TRUE(settings.origins.empty());
  EXPECT_FALSE(settings.deflate.enabled);
  EXPECT_TRUE(settings.proxy_address_header.empty());
}

TEST(WsSettingsLoad, ReadsTheKeysOfItsOwnListener) {
  ConfigStore store({kWsTable, kWssTable});
  store.override_with("listener.wss.a.path=/m");
  store.override_with("listener.wss.a.origins=https://a.example , https://b.example,");
  store.override_with("listener.wss.a.deflate=on");
  store.override_with("listener.wss.a.deflate_max_clients=7");
  store.override_with("listener.wss.a.proxy_address_header=X-Real-IP");
  store.override_with("listener.wss.a.request_timeout=2s");
  store.override_with("listener.wss.a.ping_interval=3s");
  store.override_with("listener.wss.a.max_header_size=4KB");
  store.override_with("listener.wss.a.max_message_size=5KB");
  store.override_with("listener.wss.a.max_backlog=6KB");
  store.override_with("listener.ws.a.path=/other");
  ASSERT_TRUE(store.problems().empty()) << store.problems().front().to_string();
  const WsSettings settings = load(store, Kind::Wss, "a");
  EXPECT_EQ(settings.routes[0].path, "/m");
  EXPECT_EQ(settings.origins, (std::vector<std::string>{"https://a.example", "https://b.example"}));
  EXPECT_TRUE(settings.deflate.enabled);
  EXPECT_EQ(settings.deflate.max_clients, 7U);
  EXPECT_EQ(settings.proxy_address_header, "X-Real-IP");
  EXPECT_EQ(settings.request_timeout, std::chrono::seconds(2));
  EXPECT_EQ(settings.ping_interval, std::chrono::seconds(3));
  EXPECT_EQ(settings.max_header_bytes, 4096U);
  EXPECT_EQ(settings.max_message_bytes, 5120U);
  EXPECT_EQ(settings.max_backlog_bytes, 6144U);
}

}  // namespace
}  // namespace sluice::ws
