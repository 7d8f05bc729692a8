// SPDX-License-Identifier: Apache-2.0
#include "tests/support/broker_fixture.h"

namespace sluice::test {
namespace {

/// Starts the shared broker on first use; googletest ends it, and counts a bad end as a failure of the program.
class SharedBroker : public ::testing::Environment {
 public:
  BrokerProcess& get() {
    if (!process_) process_ = std::make_unique<BrokerProcess>();
    return *process_;
  }
  void TearDown() override {
    if (process_) process_->stop();
    process_.reset();
  }

 private:
  std::unique_ptr<BrokerProcess> process_;
};

// googletest owns it and calls TearDown at the end of the program.
SharedBroker* const kShared = [] {
  auto* shared = new SharedBroker();
  ::testing::AddGlobalTestEnvironment(shared);
  return shared;
}();

unsigned next_test_number() {
  static unsigned count = 0;
  return ++count;
}

}  // namespace

BrokerTest::BrokerTest(int version) : version_(version), prefix_("t" + std::to_string(next_test_number())) {}

BrokerProcess& BrokerTest::broker() { return own_ ? *own_ : kShared->get(); }

void BrokerTest::start_own_broker(const std::vector<std::string>& options) {
  if (peer() != Peer::Sluice && !options.empty()) GTEST_SKIP() << "needs settings of Sluice";
  own_ = std::make_unique<BrokerProcess>(options);
}

Client BrokerTest::join(const Connect& connect) {
  Client client = dial();
  client.open(connect);
  return client;
}

Client BrokerTest::join() { return join(Connect().id(id("c" + std::to_string(++clients_)))); }

void BrokerTest::let_keep_alive_pass() {
  Client silent = dial(4);
  silent.open(Connect().id(id("silent")).keep_alive(1));
  silent.expect_closed();
}

}  // namespace sluice::test
