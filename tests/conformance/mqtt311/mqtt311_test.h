// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "tests/support/broker_fixture.h"

namespace sluice::test {

/// A packet, or a CONNECT, that breaks a rule.
struct Violation {
  std::string_view what;
  Bytes bytes;
};

/// Base of the suites that speak MQTT 3.1.1. Test names carry the numbers of Appendix B of the specification
/// (OASIS Standard, 29 October 2014).
class Mqtt311Test : public BrokerTest {
 protected:
  Mqtt311Test() : BrokerTest(4) {}

  /// A connected client sends it and is disconnected [MQTT-4.8.0-1].
  void expect_violation(const Violation& violation) {
    SCOPED_TRACE(violation.what);
    Client client = join();
    client.send_raw(violation.bytes);
    client.expect_refused({});
  }
  /// The connection is closed without a CONNACK [MQTT-3.1.4-1].
  void expect_bad_connect(const Violation& violation) {
    SCOPED_TRACE(violation.what);
    Client client = dial();
    client.send_raw(violation.bytes);
    client.expect_closed();
  }
};

}  // namespace sluice::test
