// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_probe.h"

namespace sluice {

const DtlsProbe& dtls_probe() {
  static const DtlsProbe probe;
  return probe;
}

}  // namespace sluice
