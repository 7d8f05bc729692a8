// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/request_key.h"

#include "shared/base/text_hash.h"

namespace sluice::coap {
namespace {

/// The hash of what was before and one option behind it.
std::uint64_t extend(std::uint64_t hash, const OptionView& option) {
  static const TextHash hasher;
  return hasher.within(option.number, hasher(option.text()) ^ (hash * 31));
}

}  // namespace

std::uint64_t upload_key(const Pdu& request) {
  std::uint64_t hash = request.code().value;
  for (const OptionView& option : request.options()) {
    // If-None-Match is in the first block only [RFC 7959 2.10].
    if (is_no_cache_key(option.number) || option.is(Option::Block1) || option.is(Option::Block2) ||
        option.is(Option::NoResponse) || option.is(Option::IfNoneMatch)) {
      continue;
    }
    hash = extend(hash, option);
  }
  return hash;
}

std::uint64_t representation_key(const Pdu& request) {
  std::uint64_t hash = request.code().value;
  for (const OptionView& option : request.options()) {
    switch (static_cast<Option>(option.number)) {
      case Option::UriHost:
      case Option::UriPort:
      case Option::UriPath:
      case Option::UriQuery:
      case Option::Accept:
        hash = extend(hash, option);
        break;
      default:
        break;
    }
  }
  return hash;
}

}  // namespace sluice::coap
