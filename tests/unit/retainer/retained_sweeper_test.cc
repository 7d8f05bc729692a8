// SPDX-License-Identifier: Apache-2.0
#include "broker/retainer/retained_sweeper.h"

#include <memory>
#include <span>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/eventually.h"

namespace sluice::retainer {
namespace {

MessagePtr expiring_message(const std::string& topic, UnixMillis expires_at) {
  MessageParts parts;
  parts.topic = topic;
  parts.payload = std::as_bytes(std::span("x", 1));
  parts.retain = true;
  parts.expires_at = expires_at;
  return Message::create(parts);
}

TEST(RetainedSweeper, RemovesAgainAndAgainWhatNobodyAsksFor) {
  RamRetainedStore store;
  Retainer retainer({}, store);
  ShardGroup shards(1);
  auto sweeper = std::make_unique<RetainedSweeper>(retainer, shards.at(0));
  shards.start();
  shards.run_on_all([&](Shard&) { sweeper->start(); });
  const UnixMillis past = unix_millis() - 1;
  ASSERT_EQ(retainer.store(expiring_message("stays", past + 3'600'000), past), StoreResult::Stored);
  for (int round = 0; round < 2; ++round) {
    ASSERT_EQ(retainer.store(expiring_message("goes", past), past - 1), StoreResult::Stored);
    EXPECT_TRUE(test::eventually([&] { return retainer.count() == 1; }));
  }
  EXPECT_NE(retainer.get("stays", unix_millis()), nullptr);
  shards.stop();
}

}  // namespace
}  // namespace sluice::retainer
