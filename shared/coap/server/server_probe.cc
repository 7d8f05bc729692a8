// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/server_probe.h"

namespace sluice::coap {

ServerProbe& server_probe() {
  static ServerProbe instance;
  return instance;
}

}  // namespace sluice::coap
