// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/client/client_probe.h"

namespace sluice::coap {

ClientProbe& client_probe() {
  static ClientProbe instance;
  return instance;
}

}  // namespace sluice::coap
