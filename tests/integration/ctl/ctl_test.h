// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fstream>
#include <string>
#include <vector>

#include "tests/integration/ctl/ctl_process.h"
#include "tests/support/broker_fixture.h"

namespace sluice::test {

/// sluicectl and a server of the test's own.
class CtlTest : public BrokerTest {
 protected:
  CtlTest() : BrokerTest(4) {}
  void SetUp() override {
    if (peer() != Peer::Sluice) GTEST_SKIP() << "only Sluice has sluicectl";
    std::ofstream(rules_.path() / "acl.conf") << "{allow, all}.\n";
    start_own_broker({"mqtt.acl_file=" + (rules_.path() / "acl.conf").string()});
  }

  CtlOutcome ctl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "--socket=" + (broker().directory() / "sluice.sock").string());
    return run_ctl(rules_.path(), arguments);
  }
  /// Standard output of a command that must succeed.
  std::string answer(const std::vector<std::string>& arguments) {
    const CtlOutcome outcome = ctl(arguments);
    EXPECT_EQ(outcome.status, 0) << outcome.err;
    EXPECT_EQ(outcome.err, "");
    return outcome.out;
  }

  TempDir rules_;
};

}  // namespace sluice::test
