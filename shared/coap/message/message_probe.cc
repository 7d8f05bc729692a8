// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/message/message_probe.h"

namespace sluice::coap {

MessageProbe& message_probe() {
  static MessageProbe instance;
  return instance;
}

}  // namespace sluice::coap
