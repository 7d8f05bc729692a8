// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/representation.h"

#include <gtest/gtest.h>

#include "broker/api/properties.h"
#include "gateways/coap/content_format.h"
#include "gateways/coap/mqtt_requests.h"

namespace sluice::coap {
namespace {

MessagePtr message(std::string_view payload, std::optional<std::uint16_t> format = {}, UnixMillis expires_at = 0) {
  std::vector<std::byte> properties;
  if (format) {
    EXPECT_TRUE(append_content_type(properties, content_type_of(*format)));
  }
  MessageParts parts;
  parts.topic = "t";
  parts.payload = std::as_bytes(std::span(payload));
  parts.properties = properties;
  parts.expires_at = expires_at;
  return Message::create(parts);
}

TEST(Representation, AnEntityTagTellsPayloadAndFormatApart) {
  EXPECT_EQ(etag_of(*message("a", 0)), etag_of(*message("a", 0)));
  EXPECT_NE(etag_of(*message("a", 0)), etag_of(*message("b", 0)));
  EXPECT_NE(etag_of(*message("a", 0)), etag_of(*message("a", 50)));
}

TEST(Representation, FormatIsThePublishersOrOctets) {
  EXPECT_EQ(content_format_of(*message("a")), 42);
  EXPECT_EQ(content_format_of(*message("a", 50)), 50);
  EXPECT_EQ(content_format_of(*message("a", 12345)), 12345) << "a number without a name";
}

TEST(Representation, MaxAgeIsWhatIsLeft) {
  EXPECT_EQ(max_age_of(*message("a"), 0), std::nullopt);
  EXPECT_EQ(max_age_of(*message("a", {}, 61'000), 1'000), 60U);
  EXPECT_EQ(max_age_of(*message("a", {}, 61'000), 100'000), 0U);
}

TEST(Representation, ReadingValidatesAndNegotiates) {
  const MessagePtr kept = message("kept", 0);
  Command command;
  EXPECT_EQ(read_response(command, kept, 0).code, codes::kContent);
  command.accept = 50;
  EXPECT_EQ(read_response(command, kept, 0).code, codes::kNotAcceptable);
  command.accept = 0;
  const ETag etag = etag_of(*kept);
  command.etags.emplace_back(etag.begin(), etag.end());
  const Response valid = read_response(command, kept, 0);
  EXPECT_EQ(valid.code, codes::kValid);
  EXPECT_TRUE(valid.body.bytes.empty());
}

TEST(Representation, Preconditions) {
  const MessagePtr kept = message("kept");
  const ETag etag = etag_of(*kept);
  Command command;
  EXPECT_TRUE(precondition_holds(command, nullptr));
  command.if_none_match = true;
  EXPECT_TRUE(precondition_holds(command, nullptr));
  EXPECT_FALSE(precondition_holds(command, kept));
  command.if_none_match = false;
  command.if_match.emplace_back();  // anything that exists
  EXPECT_FALSE(precondition_holds(command, nullptr));
  EXPECT_TRUE(precondition_holds(command, kept));
  command.if_match = {Bytes(8)};
  EXPECT_FALSE(precondition_holds(command, kept));
  command.if_match.emplace_back(etag.begin(), etag.end());
  EXPECT_TRUE(precondition_holds(command, kept));
}

}  // namespace
}  // namespace sluice::coap
