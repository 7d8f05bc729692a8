// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/code_map.h"

namespace sluice::coap {
namespace {

constexpr std::uint32_t kRetryAfterSeconds = 5;

}  // namespace

Code code_of(Reason reason) {
  if (!is_error(reason)) return codes::kChanged;
  switch (reason) {
    case Reason::BadUserNameOrPassword:
    case Reason::BadAuthenticationMethod:
      return codes::kUnauthorized;
    case Reason::NotAuthorized:
    case Reason::Banned:
      return codes::kForbidden;
    case Reason::PacketTooLarge:
      return codes::kRequestEntityTooLarge;
    case Reason::QuotaExceeded:
    case Reason::MessageRateTooHigh:
    case Reason::ReceiveMaximumExceeded:
    case Reason::ConnectionRateExceeded:
      return codes::kTooManyRequests;
    case Reason::ServerUnavailable:
    case Reason::ServerBusy:
    case Reason::ServerShuttingDown:
    case Reason::UseAnotherServer:
    case Reason::ServerMoved:
      return codes::kServiceUnavailable;
    case Reason::UnspecifiedError:
    case Reason::ImplementationSpecificError:
      return codes::kInternalServerError;
    default:
      return codes::kBadRequest;
  }
}

Code code_of_connect(Reason reason) {
  switch (reason) {
    case Reason::NotAuthorized:
    case Reason::Banned:
      return codes::kUnauthorized;
    default:
      return code_of(reason);
  }
}

Response bare_response(Code code) {
  Response response{code, {}, {}};
  if (code == codes::kServiceUnavailable || code == codes::kTooManyRequests) {
    response.options.add(Option::MaxAge, kRetryAfterSeconds);
  }
  return response;
}

}  // namespace sluice::coap
