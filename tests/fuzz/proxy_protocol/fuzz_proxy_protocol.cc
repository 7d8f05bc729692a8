// SPDX-License-Identifier: Apache-2.0
// Any bytes in any portions: the parser never takes more than it wanted, ends within its limits, and finds the same
// in one byte at a time as in the largest portions.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "shared/net/proxy_protocol.h"

namespace {

using sluice::ProxyParser;

std::size_t run(ProxyParser& parser, std::span<const std::byte> bytes, std::size_t most_at_once) {
  std::size_t taken = 0;
  while (parser.state() == ProxyParser::State::NeedMore && taken < bytes.size()) {
    if (parser.wanted() == 0) std::abort();
    const std::size_t part = std::min({parser.wanted(), most_at_once, bytes.size() - taken});
    parser.feed(bytes.subspan(taken, part));
    taken += part;
    if (taken + parser.wanted() > ProxyParser::kMaxV2) std::abort();
  }
  return taken;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  ProxyParser whole;
  ProxyParser single;
  const std::size_t taken = run(whole, bytes, size);
  const std::size_t taken_singly = run(single, bytes, 1);
  if (whole.state() != single.state()) std::abort();
  if (whole.state() == ProxyParser::State::Done &&
      (taken != taken_singly || whole.header().source != single.header().source ||
       whole.header().common_name != single.header().common_name)) {
    std::abort();
  }
  return 0;
}
