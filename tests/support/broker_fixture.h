// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/broker_process.h"
#include "tests/support/packet_script.h"

namespace sluice::test {

/// Base of the tests that speak packets with a broker of their own process. One broker with default settings serves
/// all tests of a program, is started by the first that needs it, and must end with 0 after the last. Names of topics
/// and clients are new for every test, so that tests cannot meet.
class BrokerTest : public ::testing::Test {
 protected:
  explicit BrokerTest(int version);

  /// The test's own broker if it has one, else the shared one.
  BrokerProcess& broker();
  /// Gives the test a broker of its own with these settings. Skips the test if there are any and the peer is not
  /// Sluice: a test body that calls this with settings returns if IsSkipped().
  void start_own_broker(const std::vector<std::string>& options = {});

  /// A bare TCP connection.
  Client dial() { return dial(version_); }
  Client dial(int version) { return Client(broker().port(), version); }
  /// A connected client.
  Client join(const Connect& connect);
  /// A connected client with a new name and a new session.
  Client join();
  /// A topic, and a client identifier, that no other test uses.
  [[nodiscard]] std::string topic(std::string_view suffix) const { return prefix_ + "/" + std::string(suffix); }
  [[nodiscard]] std::string id(std::string_view suffix) const { return prefix_ + std::string(suffix); }

  /// Returns when at least 1.5 seconds have passed on the broker's clock: it has closed a silent client whose keep
  /// alive is 1 s.
  void let_keep_alive_pass();

 private:
  int version_;
  std::string prefix_;
  unsigned clients_ = 0;
  std::unique_ptr<BrokerProcess> own_;
};

}  // namespace sluice::test
