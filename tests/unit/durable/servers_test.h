// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/storage/memory_store.h"
#include "tests/support/faulty_store.h"
#include "tests/unit/durable/durable_core.h"

namespace sluice::session {

/// One server after another, on one store in memory.
class ServersTest : public testing::Test {
 protected:
  void start() {
    core_ = std::make_unique<DurableCore>(std::make_unique<test::FaultyStore>(store_), storage_,
                                          DurableCore::Failure::GoesOn, sessions_);
  }
  /// As SIGKILL does: what is not written by now never is.
  void kill() {
    store_->fail_after(0, storage::StoreErrc::Io, SIZE_MAX);
    core_.reset();
    store_->heal();
  }
  void kill_and_start() {
    kill();
    start();
    core_->await_restored();
  }
  TestClient& connected(const std::string& id, const TestClient::Options& options = {}) {
    TestClient& client = core_->client();
    client.connect(id, options);
    if (client.connect_reason() != Reason::Success) throw std::runtime_error(id + " is not let in");
    return client;
  }
  /// A session that gets what is published under `filter`, and whose client has gone.
  void away(const std::string& id, const std::string& filter, const TestClient::Options& options = {}) {
    TestClient& client = connected(id, options);
    client.subscribe(filter, Qos::AtLeastOnce);
    client.close();
  }
  void publish(const std::string& topic, const std::vector<std::string>& payloads) {
    TestClient& publisher = connected("publisher", {.clean_start = true, .expiry = 0});
    for (const std::string& payload : payloads) publisher.publish(topic, payload, Qos::AtLeastOnce);
    publisher.close();
  }
  /// Waits until everything has been read that was asked for.
  void await_reads() {
    core_->storage().log().flush();
    std::promise<void> read;
    core_->storage().reader().read(storage::StoreReader::Urgency::Background, [&](auto&) { read.set_value(); });
    read.get_future().wait();
  }
  std::size_t rows(storage::Table table) {
    std::size_t count = 0;
    EXPECT_TRUE(store_->inside().scan(table, {}, {}, [&](auto, auto) { return ++count > 0; }).ok());
    return count;
  }

  storage::StorageSettings storage_{.folder = {}, .sync = storage::SyncPolicy::Always};
  SessionSettings sessions_;
  const std::shared_ptr<test::FaultyStore> store_ =
      std::make_shared<test::FaultyStore>(std::make_unique<storage::MemoryStore>());
  std::unique_ptr<DurableCore> core_;
};

}  // namespace sluice::session
