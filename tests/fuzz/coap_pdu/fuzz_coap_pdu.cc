// SPDX-License-Identifier: Apache-2.0
// A datagram: what is read obeys what later layers rely on, encodes, and reads the same again; and where libcoap takes
// it too, libcoap reads the same.
#include <coap3/coap.h>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <span>

#include "shared/bytes/byte_reader.h"
#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) { return as_text(a) == as_text(b); }

bool lies_in(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.empty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

Parts parts_of(const Pdu& pdu) {
  Parts parts{pdu.type(), pdu.code(), pdu.mid(), pdu.token(), {}, pdu.payload()};
  for (const OptionView& option : pdu.options()) parts.options.add(Option{option.number}, option.value);
  return parts;
}

void check_options(const Pdu& pdu, std::span<const std::byte> datagram) {
  std::uint16_t before = 0;
  require(pdu.options().size() <= Pdu::kMostOptions);
  for (const OptionView& option : pdu.options()) {
    require(option.number >= before && lies_in(option.value, datagram));
    before = option.number;
    require(option.uint().has_value() == (option.value.size() <= 4));
    if (const auto block = Block::from(option)) require(block->number <= Block::kMostNumber);
    const auto first = pdu.option(Option{option.number});
    require(!first || has_defined_length(pdu.code(), *first));
  }
}

void check_round_trip(const Pdu& pdu) {
  const Parts parts = parts_of(pdu);
  const Bytes bytes = encode(parts);
  require(bytes.size() == encoded_size(parts));
  const auto again = Pdu::parse(bytes);
  require(again.has_value() && again->type() == pdu.type() && again->code() == pdu.code() && again->mid() == pdu.mid());
  require(again->token() == pdu.token() && same(again->payload(), pdu.payload()));
  require(again->options().size() == pdu.options().size());
  for (std::size_t index = 0; index < pdu.options().size(); ++index) {
    require(again->options()[index].number == pdu.options()[index].number);
    require(same(again->options()[index].value, pdu.options()[index].value));
  }
  require(encode(parts_of(*again)) == bytes);
}

std::span<const std::byte> bytes_of(const std::uint8_t* data, std::size_t size) {
  return std::as_bytes(std::span(data, size));
}

void compare_with_libcoap(const Pdu& pdu, std::span<const std::byte> datagram) {
  const std::unique_ptr<coap_pdu_t, void (*)(coap_pdu_t*)> theirs(
      coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, datagram.size()), coap_delete_pdu);
  const auto* const raw = reinterpret_cast<const std::uint8_t*>(datagram.data());
  if (coap_pdu_parse(COAP_PROTO_UDP, raw, datagram.size(), theirs.get()) == 0) return;
  const coap_bin_const_t token = coap_pdu_get_token(theirs.get());
  require(same(pdu.token().view(), bytes_of(token.s, token.length)));
  coap_opt_iterator_t iterator;
  coap_option_iterator_init(theirs.get(), &iterator, COAP_OPT_ALL);
  for (const OptionView& option : pdu.options()) {
    const coap_opt_t* const their_option = coap_option_next(&iterator);
    require(their_option != nullptr && iterator.number == option.number);
    require(same(option.value, bytes_of(coap_opt_value(their_option), coap_opt_length(their_option))));
  }
  require(coap_option_next(&iterator) == nullptr);
  std::size_t size = 0;
  const std::uint8_t* payload = nullptr;
  coap_get_data(theirs.get(), &size, &payload);
  require(same(pdu.payload(), bytes_of(payload, size)));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  coap_set_log_level(LOG_EMERG);
  const auto datagram = bytes_of(data, size);
  require(read_header(datagram).has_value() == (size >= 4));
  const auto pdu = Pdu::parse(datagram);
  if (!pdu) {
    require(pdu.error().category() == pdu_category());
    return 0;
  }
  require(lies_in(pdu->payload(), datagram));
  check_options(*pdu, datagram);
  check_round_trip(*pdu);
  compare_with_libcoap(*pdu, datagram);
  return 0;
}
