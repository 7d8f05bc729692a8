// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/metrics/registry.h"

namespace sluice::retainer {

/// What the retainer counts.
struct RetainerProbe {
  metrics::Gauge count{"retained/count", "Retained messages"};
  metrics::Counter dropped{"retained/dropped", "Messages not retained: too large or too many (they were delivered)"};
  metrics::Counter expired{"retained/expired", "Retained messages removed at the end of their time"};
};

}  // namespace sluice::retainer
