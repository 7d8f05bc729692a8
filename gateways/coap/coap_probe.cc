// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/coap_probe.h"

namespace sluice::coap {

Probe& probe() {
  static Probe instance;
  return instance;
}

}  // namespace sluice::coap
