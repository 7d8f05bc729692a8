// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_report.h"

#include <openssl/ssl.h>

#include "shared/log/log.h"

namespace sluice {
namespace {

std::string_view alert_name(int description) {
  return description == DtlsWire::kNoAlert ? "none" : ::SSL_alert_desc_string_long(description);
}

}  // namespace

void report_dtls_failure(const DtlsContext& listener, std::string_view what, const DatagramPath& path,
                         const DtlsWire& wire, std::string_view reason) {
  static log::RateLimit limit(5);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("net").warn(
      "DTLS {} failed: peer={} listener={} key={} reason=\"{}\" alert_sent=\"{}\" alert_received=\"{}\" hushed={}",
      what, path.remote.to_string(), listener.settings().name, listener.key(), reason, alert_name(wire.alert_sent),
      alert_name(wire.alert_received), hushed);
}

void report_dtls_alert(const DtlsContext& listener, const DatagramPath& path, int level, int description) {
  static log::RateLimit limit(5);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("net").info("DTLS alert received: peer={} listener={} key={} level={} description=\"{}\" hushed={}",
                       path.remote.to_string(), listener.settings().name, listener.key(),
                       level == SSL3_AL_FATAL ? "fatal" : "warning", alert_name(description), hushed);
}

void report_dtls_limit(const DtlsContext& listener, std::string_view limit, const DatagramPath& path,
                       std::size_t value) {
  static log::RateLimit rate(1);
  const std::int64_t hushed = rate.admit();
  if (hushed < 0) return;
  const std::string& prefix = listener.settings().limits_key;
  log::get("net").warn("DTLS limit reached: key={}.{} value={} peer={} listener={} hushed={}",
                       prefix.empty() ? listener.key() : prefix, limit, value, path.remote.to_string(),
                       listener.settings().name, hushed);
}

void report_dtls_too_large(const DtlsContext& listener, const DatagramPath& path, std::size_t size, std::size_t room) {
  static log::RateLimit limit(1);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("net").warn(
      "datagram does not fit into a DTLS record: peer={} listener={} key={}.mtu size={} room={} hushed={}",
      path.remote.to_string(), listener.settings().name, listener.key(), size, room, hushed);
}

}  // namespace sluice
