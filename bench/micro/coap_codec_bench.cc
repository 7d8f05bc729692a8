// SPDX-License-Identifier: Apache-2.0
// The data path of the CoAP codec, one small PUT read and one 2.04 written per datagram, beside libcoap's public PDU
// interface doing the same.
#include <array>
#include <coap3/coap.h>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "shared/bytes/byte_reader.h"
#include "shared/coap/codec/pdu.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

constexpr std::size_t kPayload = 64;

Parts put_parts(std::string_view payload) {
  Parts parts;
  parts.code = codes::kPut;
  parts.mid = 0x1234;
  parts.token = Token::from(as_bytes("abcd"));
  for (const std::string_view segment : {"ps", "plant", "line3", "temperature"}) {
    parts.options.add(Option::UriPath, segment);
  }
  parts.options.add(Option::ContentFormat, 0)
      .add(Option::UriQuery, "qos=1")
      .add(Option::UriQuery, "clientid=device-17");
  parts.payload = as_bytes(payload);
  return parts;
}

Parts changed_parts() {
  Parts parts;
  parts.type = Type::Acknowledgement;
  parts.code = codes::kChanged;
  parts.mid = 0x1234;
  parts.token = Token::from(as_bytes("abcd"));
  return parts;
}

Parts content_parts(std::string_view payload) {
  Parts parts = changed_parts();
  parts.code = codes::kContent;
  parts.options.add(Option::ETag, "12345678")
      .add(Option::Observe, 77)
      .add(Option::ContentFormat, 0)
      .add(Option::MaxAge, 3600);
  parts.payload = as_bytes(payload);
  return parts;
}

void bench_parse_put(benchmark::State& state) {
  const std::string payload(kPayload, 'x');
  const Bytes datagram = encode(put_parts(payload));
  for (auto _ : state) {
    auto pdu = Pdu::parse(datagram);
    benchmark::DoNotOptimize(pdu);
  }
}
BENCHMARK(bench_parse_put);

void bench_parse_empty_ack(benchmark::State& state) {
  Parts parts;
  parts.type = Type::Acknowledgement;
  const Bytes datagram = encode(parts);
  for (auto _ : state) {
    auto pdu = Pdu::parse(datagram);
    benchmark::DoNotOptimize(pdu);
  }
}
BENCHMARK(bench_parse_empty_ack);

void bench_encode_into(benchmark::State& state, const Parts& parts) {
  std::array<std::byte, 1152> out;
  for (auto _ : state) {
    benchmark::DoNotOptimize(encode_into(parts, out));
    benchmark::ClobberMemory();
  }
}
void bench_encode_changed(benchmark::State& state) { bench_encode_into(state, changed_parts()); }
BENCHMARK(bench_encode_changed);
void bench_encode_content(benchmark::State& state) {
  const std::string payload(kPayload, 'x');
  bench_encode_into(state, content_parts(payload));
}
BENCHMARK(bench_encode_content);

/// Building the parts included: what an answer costs from nothing to bytes.
void bench_build_and_encode_content(benchmark::State& state) {
  const std::string payload(kPayload, 'x');
  std::array<std::byte, 1152> out;
  for (auto _ : state) {
    const Parts parts = content_parts(payload);
    benchmark::DoNotOptimize(encode_into(parts, out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK(bench_build_and_encode_content);

/// libcoap: parse, then walk over the options, which is what Pdu::parse leaves behind.
void bench_libcoap_parse_put(benchmark::State& state) {
  const std::string payload(kPayload, 'x');
  const Bytes datagram = encode(put_parts(payload));
  const auto* const bytes = reinterpret_cast<const std::uint8_t*>(datagram.data());
  for (auto _ : state) {
    coap_pdu_t* const pdu = coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, datagram.size());
    if (coap_pdu_parse(COAP_PROTO_UDP, bytes, datagram.size(), pdu) == 0) state.SkipWithError("refused");
    coap_opt_iterator_t iterator;
    coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
    while (const coap_opt_t* const option = coap_option_next(&iterator)) {
      benchmark::DoNotOptimize(coap_opt_value(option));
      benchmark::DoNotOptimize(coap_opt_length(option));
    }
    coap_delete_pdu(pdu);
  }
}
BENCHMARK(bench_libcoap_parse_put);

/// libcoap: options, token and data of `parts` into a PDU of its own, and from there into the datagram.
void bench_libcoap_encode(benchmark::State& state, const Parts& parts) {
  const auto raw = [](std::span<const std::byte> bytes) { return reinterpret_cast<const std::uint8_t*>(bytes.data()); };
  const std::size_t size = encoded_size(parts) - 4;
  std::array<std::byte, 1152> out{};
  for (auto _ : state) {
    coap_pdu_t* const pdu =
        coap_pdu_init(COAP_MESSAGE_ACK, static_cast<coap_pdu_code_t>(parts.code.value), parts.mid, size);
    coap_add_token(pdu, parts.token.size, raw(parts.token.view()));
    for (std::size_t index = 0; index < parts.options.size(); ++index) {
      const OptionView option = parts.options[index];
      coap_add_option(pdu, option.number, option.value.size(), raw(option.value));
    }
    coap_add_data(pdu, parts.payload.size(), raw(parts.payload));
    std::memcpy(out.data() + 4, coap_pdu_get_token(pdu).s, size);
    benchmark::ClobberMemory();
    coap_delete_pdu(pdu);
  }
}
void bench_libcoap_encode_changed(benchmark::State& state) { bench_libcoap_encode(state, changed_parts()); }
BENCHMARK(bench_libcoap_encode_changed);
void bench_libcoap_encode_content(benchmark::State& state) {
  const std::string payload(kPayload, 'x');
  bench_libcoap_encode(state, content_parts(payload));
}
BENCHMARK(bench_libcoap_encode_content);

}  // namespace
