// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_probe.h"

namespace sluice::ws {

Probe& probe() {
  static Probe instance;
  return instance;
}

}  // namespace sluice::ws
