// SPDX-License-Identifier: Apache-2.0
#include "shared/net/net_probe.h"

namespace sluice {

const NetProbe& net_probe() {
  static const NetProbe probe;
  return probe;
}

}  // namespace sluice
