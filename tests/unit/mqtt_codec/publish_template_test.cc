// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/publish_template.h"

#include <array>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {
namespace {

MessagePtr message(std::string_view topic, std::string_view payload, std::span<const std::byte> properties = {}) {
  MessageParts parts;
  parts.topic = topic;
  parts.payload = as_bytes(payload);
  parts.properties = properties;
  return Message::create(parts);
}

/// The packet written both ways, which must agree.
std::vector<std::byte> written(const PublishTemplate& publish) {
  std::vector<std::byte> whole(publish.size());
  EXPECT_EQ(publish.write(whole), whole.size());
  std::vector<std::byte> parts(publish.prefix_size());
  EXPECT_EQ(publish.write_prefix(parts), parts.size());
  parts.insert(parts.end(), publish.payload().begin(), publish.payload().end());
  EXPECT_EQ(hex(parts), hex(whole));
  return whole;
}

TEST(PublishTemplate, GoldenBytesOfVersion3) {
  const MessagePtr hello = message("a/b", "hello");
  PublishOptions options;
  EXPECT_EQ(written({*hello, options}), packet(0x30, "<a/b> 'hello'"));
  options.retain = true;
  options.qos = Qos::AtLeastOnce;
  options.packet_id = 0x1234;
  EXPECT_EQ(written({*hello, options}), packet(0x33, "<a/b> 1234 'hello'"));
  options.qos = Qos::ExactlyOnce;
  options.dup = true;
  EXPECT_EQ(written({*hello, options}), packet(0x3D, "<a/b> 1234 'hello'"));
}

TEST(PublishTemplate, Version3LeavesOutProperties) {
  const auto properties = wire("03 <ct>");
  PublishOptions options;
  options.expiry_seconds = 60;
  options.topic_alias = 1;
  EXPECT_EQ(written({*message("t", "x", properties), options}), packet(0x30, "<t> 'x'"));
}

TEST(PublishTemplate, GoldenBytesOfVersion5) {
  const auto properties = wire("03 <ct> 26 <k> <v>");
  const MessagePtr hello = message("a/b", "hello", properties);
  PublishOptions options;
  options.version = ProtocolVersion::V5;
  EXPECT_EQ(written({*message("a/b", "hello"), options}), packet(0x30, "<a/b> 00 'hello'"));
  options.qos = Qos::AtLeastOnce;
  options.packet_id = 7;
  options.expiry_seconds = 60;
  options.topic_alias = 5;
  const std::array<std::uint32_t, 3> ids{1, 321, kMaxVarint};
  options.subscription_ids = ids;
  EXPECT_EQ(written({*hello, options}),
            packet(0x32, "<a/b> 0007 1e 020000003c 230005 0b01 0bc102 0bffffff7f 03 <ct> 26 <k> <v> 'hello'"));
  options.omit_topic = true;
  options.subscription_ids = {};
  options.expiry_seconds = 0;
  EXPECT_EQ(written({*hello, options}), packet(0x32, "<> 0007 14 0200000000 230005 03 <ct> 26 <k> <v> 'hello'"));
}

TEST(PublishTemplate, SharedBySubscribersThatDifferInFlagsAndPacketId) {
  const MessagePtr hello = message("t", "x");
  PublishOptions options;
  options.qos = Qos::AtLeastOnce;
  options.packet_id = 1;
  PublishTemplate publish(*hello, options);
  EXPECT_EQ(written(publish), packet(0x32, "<t> 0001 'x'"));
  publish.set_packet_id(0xABCD);
  publish.set_dup(true);
  publish.set_retain(true);
  EXPECT_EQ(written(publish), packet(0x3B, "<t> abcd 'x'"));
}

TEST(PublishTemplate, MQTT_3_1_2_24_SizeIsKnownBeforeWriting) {
  const MessagePtr hello = message("a/b", "hello");
  const PublishTemplate publish(*hello, {});
  EXPECT_EQ(publish.size(), 12U);
  EXPECT_TRUE(publish.fits(12));
  EXPECT_FALSE(publish.fits(11));
}

TEST(PublishTemplate, SizeIsRightAroundEveryLengthBoundary) {
  for (const std::size_t boundary : {128U, 16'384U, 2'097'152U}) {
    for (std::size_t size = boundary - 12; size < boundary + 4; ++size) {
      const MessagePtr big = message("t", std::string(size, 'x'));
      for (const ProtocolVersion version : versions_of(kAll)) {
        PublishOptions options;
        options.version = version;
        options.qos = Qos::ExactlyOnce;
        options.packet_id = 9;
        const PublishTemplate publish(*big, options);
        std::vector<std::byte> bytes(publish.size());
        ASSERT_EQ(publish.write(bytes), bytes.size());
        const FrameRead read = read_frame(bytes, bytes.size());
        ASSERT_EQ(read.status, FrameStatus::Whole);
        ASSERT_EQ(read.size, bytes.size());
        ASSERT_EQ(decode_publish(read.frame, version)->payload.size(), size);
      }
    }
  }
}

TEST(PublishTemplate, PropertiesAroundTheirLengthBoundaryReadBack) {
  for (std::size_t value = 100; value < 140; ++value) {
    std::vector<std::byte> properties;
    PropertyBuilder(properties).text(PropertyId::ContentType, std::string(value, 'x'));
    PublishOptions options;
    options.version = ProtocolVersion::V5;
    options.expiry_seconds = 1;
    const MessagePtr one = message("t", "payload", properties);
    const auto bytes = written({*one, options});
    const auto decoded = decode_publish(read_frame(bytes, bytes.size()).frame, ProtocolVersion::V5);
    ASSERT_TRUE(decoded.has_value()) << value;
    EXPECT_EQ(as_text(decoded->payload), "payload");
    EXPECT_EQ(hex(decoded->message.forwardable), hex(properties));
  }
}

}  // namespace
}  // namespace sluice::mqtt::test
