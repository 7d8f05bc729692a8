// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/limit_log.h"

#include "shared/log/loggable.h"

namespace sluice::coap {

void log_limit_reached(log::RateLimit& lines, std::string_view what, std::string_view key, std::size_t value,
                       std::string_view client_id) {
  const auto hushed = lines.admit();
  if (hushed < 0) return;
  log::get("coap").warn("{}: client_id={} reason={}={} is reached, raise it ({} like this not shown)", what,
                        log::loggable(client_id), key, value, hushed);
}

}  // namespace sluice::coap
