// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_probe.h"

namespace sluice::session {

const SessionProbe& probe() {
  static const SessionProbe instance;
  return instance;
}

}  // namespace sluice::session
