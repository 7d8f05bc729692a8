// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/mqtt_probe.h"

namespace sluice::mqtt {
namespace {

/// The manual gives acknowledgements and PUBLISH a name for each direction, the rest one name.
std::array<metrics::Counter, 16> by_type(bool received) {
  const auto way = [received](const char* in, const char* out, const char* doc) {
    return metrics::Counter(received ? in : out, doc);
  };
  const metrics::Counter other(received ? "packets/other/received" : "packets/other/sent",
                               "Packets of a type that has no counter of its own");
  return {other,
          way("packets/connect", "packets/other/sent", "CONNECT received"),
          way("packets/other/received", "packets/connack", "CONNACK sent"),
          way("packets/publish/received", "packets/publish/sent", "PUBLISH"),
          way("packets/puback/received", "packets/puback/sent", "PUBACK"),
          way("packets/pubrec/received", "packets/pubrec/sent", "PUBREC"),
          way("packets/pubrel/received", "packets/pubrel/sent", "PUBREL"),
          way("packets/pubcomp/received", "packets/pubcomp/sent", "PUBCOMP"),
          way("packets/subscribe", "packets/other/sent", "SUBSCRIBE received"),
          way("packets/other/received", "packets/suback", "SUBACK sent"),
          way("packets/unsubscribe", "packets/other/sent", "UNSUBSCRIBE received"),
          way("packets/other/received", "packets/unsuback", "UNSUBACK sent"),
          way("packets/pingreq", "packets/other/sent", "PINGREQ received"),
          way("packets/other/received", "packets/pingresp", "PINGRESP sent"),
          way("packets/disconnect", "packets/disconnect/sent", "DISCONNECT"),
          way("packets/auth/received", "packets/auth/sent", "AUTH")};
}

}  // namespace

MqttProbe::MqttProbe() : received(by_type(true)), sent(by_type(false)) {}

const MqttProbe& probe() {
  static const MqttProbe instance;
  return instance;
}

}  // namespace sluice::mqtt
