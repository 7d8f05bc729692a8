// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_error.h"

#include <cstring>

#include <openssl/err.h>

namespace sluice {
namespace {

class TlsCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "tls"; }
  [[nodiscard]] std::string message(int value) const override {
    const auto code = static_cast<unsigned long>(static_cast<unsigned int>(value));
    if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
    const char* const reason = ::ERR_reason_error_string(code);
    return reason != nullptr ? reason : "unknown reason";
  }
};

}  // namespace

const boost::system::error_category& tls_category() {
  static const TlsCategory category;
  return category;
}

ErrorCode take_tls_error() {
  const unsigned long code = ::ERR_get_error();
  ::ERR_clear_error();
  // A failure is never success, even when OpenSSL queued no reason for it.
  const int value = code == 0 ? ERR_PACK(ERR_LIB_SSL, 0, ERR_R_INTERNAL_ERROR) : static_cast<int>(code);
  return {value, tls_category()};
}

std::string take_tls_reason() { return take_tls_error().message(); }

}  // namespace sluice
