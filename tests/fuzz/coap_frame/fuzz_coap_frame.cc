// SPDX-License-Identifier: Apache-2.0
// A stream of frames: a length, once known, does not change with more bytes; a frame that is read encodes and reads the
// same again; what is cut off is truncated and nothing else.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "shared/bytes/byte_reader.h"
#include "shared/coap/codec/pdu.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) { return as_text(a) == as_text(b); }

Parts parts_of(const Pdu& pdu) {
  Parts parts{pdu.type(), pdu.code(), pdu.mid(), pdu.token(), {}, pdu.payload()};
  for (const OptionView& option : pdu.options()) parts.options.add(Option{option.number}, option.value);
  return parts;
}

void check_lengths(std::span<const std::byte> stream, std::size_t length) {
  require(length >= 2);
  for (std::size_t size = 0; size < 6 && size < stream.size(); ++size) {
    const auto known = frame_length(stream.first(size));
    require(!known || *known == length);
  }
  const auto cut = Pdu::parse_frame(stream.first(std::min(stream.size(), length - 1)));
  require(!cut && cut.error() == PduErrc::Truncated);
}

void check_frame(std::span<const std::byte> frame) {
  const auto pdu = Pdu::parse_frame(frame);
  if (!pdu) {
    require(pdu.error().category() == pdu_category() && pdu.error() != PduErrc::WrongVersion);
    return;
  }
  require(pdu->type() == Type::Confirmable && pdu->mid() == 0);
  const Parts parts = parts_of(*pdu);
  const Bytes bytes = encode_frame(parts);
  require(bytes.size() == encoded_frame_size(parts) && bytes.size() <= frame.size());
  require(frame_length(bytes) == bytes.size());
  const auto again = Pdu::parse_frame(bytes);
  require(again.has_value() && again->code() == pdu->code() && again->token() == pdu->token());
  require(again->options().size() == pdu->options().size() && same(again->payload(), pdu->payload()));
  require(encode_frame(parts_of(*again)) == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto stream = std::as_bytes(std::span(data, size));
  while (const auto length = frame_length(stream)) {
    check_lengths(stream, *length);
    if (*length > stream.size()) break;
    check_frame(stream.first(*length));
    stream = stream.subspan(*length);
  }
  return 0;
}
