// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/stream_probe.h"

namespace sluice::coap {

StreamProbe& stream_probe() {
  static StreamProbe instance;
  return instance;
}

}  // namespace sluice::coap
