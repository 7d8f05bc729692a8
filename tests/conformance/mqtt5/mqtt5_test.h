// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <string_view>

#include "tests/support/broker_fixture.h"

namespace sluice::test {

/// A packet, or a CONNECT, that breaks a rule.
struct Violation {
  std::string_view what;
  Bytes bytes;
};

/// What a broken rule may be called where the specification leaves it open [MQTT5 4.13.1].
inline constexpr std::initializer_list<unsigned> kMalformedOrProtocolError = {0x81, 0x82};

/// Base of the suites that speak MQTT 5.0. Test names carry the numbers of Appendix B of the specification
/// (OASIS Standard, 7 March 2019).
class Mqtt5Test : public BrokerTest {
 protected:
  Mqtt5Test() : BrokerTest(5) {}

  /// A CONNECT that resumes a session and keeps it for five minutes.
  [[nodiscard]] Connect lasting(std::string_view suffix) const {
    return Connect().id(id(suffix)).clean(false).with(Prop::SessionExpiry, 300);
  }
  /// A connected client sends it and is disconnected with one of the reasons [MQTT-4.13.1-1].
  void expect_violation(const Violation& violation,
                        std::initializer_list<unsigned> reasons = kMalformedOrProtocolError) {
    SCOPED_TRACE(violation.what);
    Client client = join();
    client.send_raw(violation.bytes);
    client.expect_refused(reasons);
  }
  /// The connection is closed, perhaps after a CONNACK with one of the reasons [MQTT-3.1.4-1].
  void expect_bad_connect(const Violation& violation,
                          std::initializer_list<unsigned> reasons = kMalformedOrProtocolError) {
    SCOPED_TRACE(violation.what);
    Client client = dial();
    client.send_raw(violation.bytes);
    client.expect_connect_refused(reasons);
  }
};

}  // namespace sluice::test
