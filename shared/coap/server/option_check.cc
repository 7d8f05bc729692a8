// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/option_check.h"

namespace sluice::coap {
namespace {

/// The critical options that a server of ours understands.
bool understood(std::uint16_t number) {
  switch (static_cast<Option>(number)) {
    case Option::IfMatch:
    case Option::UriHost:
    case Option::IfNoneMatch:
    case Option::UriPort:
    case Option::UriPath:
    case Option::UriQuery:
    case Option::Accept:
    case Option::Block2:
    case Option::Block1:
      return true;
    default:
      return false;
  }
}

}  // namespace

std::optional<OptionProblem> check_options(const Pdu& request) {
  std::uint16_t previous = 0;
  for (const OptionView& option : request.options()) {
    const bool again = option.number == previous;
    previous = option.number;
    const bool has_length = has_defined_length(request.code(), option);
    if (has_length && (option.is(Option::ProxyUri) || option.is(Option::ProxyScheme))) {
      return OptionProblem{OptionProblem::Kind::Proxy, option.number};
    }
    if (!is_critical(option.number)) continue;
    const auto rule = option_rule(request.code(), option.number);
    const bool too_often = again && rule && !rule->repeatable;
    if (!understood(option.number) || too_often || !has_length) {
      return OptionProblem{OptionProblem::Kind::Unknown, option.number};
    }
  }
  return std::nullopt;
}

}  // namespace sluice::coap
