// SPDX-License-Identifier: Apache-2.0
#include "shared/config/pending.h"

#include <chrono>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr Property<std::string_view> kName{.name = "node.name", .doc = "", .def = "a"};
constexpr Property<ConfigDuration> kTime{.name = "a.time", .doc = "", .def = std::chrono::seconds(60)};
constexpr Property<bool> kLive{.name = "a.live", .doc = "", .reload = Reload::Live};
constexpr Property<std::string_view> kListener{
    .name = "listener.tcp.$name", .doc = "", .reload = Reload::ListenerRestart};
constexpr Property<std::string_view> kSecret{.name = "a.secret", .doc = "", .secret = Secret::Yes};
constexpr Property<std::string_view> kDead{.name = "a.dead", .doc = ""};
constexpr AnyProperty kRows[] = {&kName, &kTime, &kLive, &kListener, &kSecret};
constexpr AnyProperty kDeadRows[] = {&kDead};

ConfigStore store_of(const std::string& text) {
  ConfigStore store({PropertyTable{.title = "t", .rows = kRows},
                     PropertyTable{.title = "d", .rows = kDeadRows, .without_effect = true}});
  std::istringstream in(text);
  store.load_stream(in, "f");
  EXPECT_THAT(store.problems(), IsEmpty());
  return store;
}

std::vector<std::string> pending(const std::string& running, const std::string& fresh) {
  return pending_changes(store_of(running), store_of(fresh));
}

TEST(PendingChanges, AChangedValueIsNamedWithItsPlaceAndTheOneInForce) {
  EXPECT_THAT(pending("node.name = x\n", "\nnode.name = y\n"),
              ElementsAre("node.name (f:2) takes effect with the next start; now it is x"));
  EXPECT_THAT(pending("", "node.name = y\n"),
              ElementsAre("node.name (f:1) takes effect with the next start; now it is a"));
  EXPECT_THAT(pending("listener.tcp.a = 1\n", ""),
              ElementsAre("listener.tcp.a (no longer set) takes effect with the next start; now it is 1"));
  EXPECT_THAT(pending("", "listener.tcp.a = 1\n"),
              ElementsAre("listener.tcp.a (f:1) takes effect with the next start; now it is not set"));
}

TEST(PendingChanges, WhatHoldsAtOnceOrNeverIsNotNamed) {
  EXPECT_THAT(pending("a.live = on\na.dead = 1\n", "a.live = off\na.dead = 2\n"), IsEmpty());
}

TEST(PendingChanges, TheSameValueInOtherWordsIsNoChange) {
  EXPECT_THAT(pending("", "a.time = 1m\nnode.name = a\n"), IsEmpty());
  EXPECT_THAT(pending("a.time = 120\n", "a.time = 2m\n"), IsEmpty());
}

TEST(PendingChanges, SecretsAreNotShown) {
  EXPECT_THAT(pending("a.secret = old\n", "a.secret = new\n"),
              ElementsAre("a.secret (f:1) takes effect with the next start; now it is another"));
}

}  // namespace
}  // namespace sluice
