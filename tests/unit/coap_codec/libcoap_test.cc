// SPDX-License-Identifier: Apache-2.0
// libcoap as a second opinion: both read the same in what both take, and write the same bytes. Where they differ, the
// test says so; these differences are why the codec is our own (docs/adr/0008).
#include <coap3/coap.h>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/coap_codec/wire.h"

namespace sluice::coap::test {
namespace {

struct PduDelete {
  void operator()(coap_pdu_t* pdu) const { coap_delete_pdu(pdu); }
};
using CoapPdu = std::unique_ptr<coap_pdu_t, PduDelete>;

const std::uint8_t* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const std::uint8_t*>(bytes.data());
}

/// nullptr: libcoap refuses the whole message.
CoapPdu libcoap_parse(std::span<const std::byte> bytes, coap_proto_t transport) {
  coap_set_log_level(LOG_EMERG);
  CoapPdu pdu(coap_pdu_init(COAP_MESSAGE_CON, COAP_EMPTY_CODE, 0, bytes.size()));
  if (coap_pdu_parse(transport, raw(bytes), bytes.size(), pdu.get()) == 0) pdu.reset();
  return pdu;
}

std::string libcoap_listed(const coap_pdu_t* pdu) {
  const coap_bin_const_t token = coap_pdu_get_token(pdu);
  std::string text = hex(std::as_bytes(std::span(token.s, token.length)));
  coap_opt_iterator_t iterator;
  coap_option_iterator_init(pdu, &iterator, COAP_OPT_ALL);
  while (const coap_opt_t* const option = coap_option_next(&iterator)) {
    const std::span value(coap_opt_value(option), coap_opt_length(option));
    text += " " + std::to_string(iterator.number) + "=" + hex(std::as_bytes(value));
  }
  std::size_t size = 0;
  const std::uint8_t* data = nullptr;
  coap_get_data(pdu, &size, &data);
  return text + " " + hex(std::as_bytes(std::span(data, size)));
}

std::string listed(const Pdu& pdu) {
  std::string text = hex(pdu.token().view());
  for (const OptionView& option : pdu.options()) text += " " + std::to_string(option.number) + "=" + hex(option.value);
  return text + " " + hex(pdu.payload());
}

const std::vector<std::string> kMessages{
    "41 01 7d35 20 bb 'temperature'",
    "61 45 1636 fb 44 6f00f38e 22 f38e d1 04 0b ff 'icon'",
    "48 03 0001 0102030405060708 b2 'ps' 01 'a' 10 35 'qos=1' ff 'payload'",
    "40 01 0001 e1 0017 40 d1 ff 02",
};

TEST(Libcoap, ReadsTheSame) {
  for (const std::string& text : kMessages) {
    const Bytes bytes = wire(text);
    const CoapPdu theirs = libcoap_parse(bytes, COAP_PROTO_UDP);
    ASSERT_TRUE(theirs) << text;
    const Pdu ours = parsed(bytes);
    EXPECT_EQ(listed(ours), libcoap_listed(theirs.get()));
    EXPECT_EQ(ours.mid(), coap_pdu_get_mid(theirs.get()));
    EXPECT_EQ(ours.code().value, coap_pdu_get_code(theirs.get()));
    EXPECT_EQ(static_cast<int>(ours.type()), static_cast<int>(coap_pdu_get_type(theirs.get())));
    const Bytes frame = encode_frame(parts_of(ours));
    const CoapPdu framed = libcoap_parse(frame, COAP_PROTO_TCP);
    ASSERT_TRUE(framed) << text;
    EXPECT_EQ(libcoap_listed(framed.get()), listed(ours));
  }
}

TEST(Libcoap, WritesTheSameBehindTheHeader) {
  for (const std::string& text : kMessages) {
    const Bytes bytes = wire(text);
    const Parts parts = parts_of(parsed(bytes));
    const CoapPdu theirs(coap_pdu_init(COAP_MESSAGE_CON, static_cast<coap_pdu_code_t>(parts.code.value), 1, 1152));
    coap_add_token(theirs.get(), parts.token.size, raw(parts.token.view()));
    for (std::size_t index = 0; index < parts.options.size(); ++index) {
      const OptionView option = parts.options[index];
      ASSERT_NE(coap_add_option(theirs.get(), option.number, option.value.size(), raw(option.value)), 0U);
    }
    coap_add_data(theirs.get(), parts.payload.size(), raw(parts.payload));
    const Bytes ours = encode(parts);
    const std::size_t behind_header = ours.size() - 4;
    EXPECT_EQ(hex(std::as_bytes(std::span(coap_pdu_get_token(theirs.get()).s, behind_header))),
              hex(std::span(ours).subspan(4)));
  }
}

// [RFC 7252 5.4.3] an elective option of undefined length is to be ignored, a critical one to be answered with 4.02:
// for both the message has to be read.
TEST(Libcoap, RefusesMessagesWithOptionsOfUndefinedLength) {
  const std::vector<std::string> messages{
      "40 01 0001 64 00000001 57 'sensors'",     // Observe, elective
      "40 01 0001 49 '123456789' 77 'sensors'",  // ETag, elective
      "40 01 0001 b7 'sensors' 63 000000",       // Accept, critical
      "40 01 0001 b7 'sensors' d4 03 0000000b",  // Block1, critical
  };
  for (const std::string& text : messages) {
    const Bytes bytes = wire(text);
    EXPECT_FALSE(libcoap_parse(bytes, COAP_PROTO_UDP)) << text;
    EXPECT_TRUE(Pdu::parse(bytes)) << text;
  }
}

// [RFC 7252 3.1] 269 + 0xFEFE is option 65,547, which does not exist; cut to 16 bits it is Uri-Path.
TEST(Libcoap, TakesANumberBeyondTheLastForAnother) {
  const Bytes bytes = wire("40 01 0001 e1 fefe 'a'");
  const CoapPdu theirs = libcoap_parse(bytes, COAP_PROTO_UDP);
  ASSERT_TRUE(theirs);
  EXPECT_EQ(libcoap_listed(theirs.get()), " 11=61 ");
  EXPECT_EQ(Pdu::parse(bytes).error(), PduErrc::BadOption);
}

// [RFC 7252 4.2, 12.1] class 1, 6 and 7 are reserved in datagrams.
TEST(Libcoap, TakesReservedCodes) {
  for (const std::string text : {"40 20 0001", "40 c0 0001", "40 e1 0001"}) {
    const Bytes bytes = wire(text);
    EXPECT_TRUE(libcoap_parse(bytes, COAP_PROTO_UDP)) << text;
    EXPECT_EQ(Pdu::parse(bytes).error(), PduErrc::ReservedCode) << text;
  }
}

// It adds a Hop-Limit that nobody asked for, and leaves out the second Observe of two, which a test needs to write.
TEST(Libcoap, WritesOtherOptionsThanItWasTold) {
  const CoapPdu request(coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 100));
  coap_add_option(request.get(), COAP_OPTION_PROXY_URI, 1, raw(wire("'u'")));
  EXPECT_EQ(libcoap_listed(request.get()), " 16=10 35=75 ");
  Parts parts;
  parts.code = codes::kGet;
  parts.options.add(Option::ProxyUri, "u");
  const Bytes ours = encode(parts);
  EXPECT_EQ(listed(parsed(ours)), " 35=75 ");
  const CoapPdu twice(coap_pdu_init(COAP_MESSAGE_CON, COAP_REQUEST_CODE_GET, 1, 100));
  EXPECT_NE(coap_add_option(twice.get(), COAP_OPTION_OBSERVE, 0, nullptr), 0U);
  EXPECT_EQ(coap_add_option(twice.get(), COAP_OPTION_OBSERVE, 0, nullptr), 0U);
}

}  // namespace
}  // namespace sluice::coap::test
