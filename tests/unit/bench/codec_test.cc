// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::bench {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

Frame frame_of(ByteView bytes) {
  Frame frame;
  EXPECT_EQ(next_frame(bytes, frame), FrameStatus::Complete);
  EXPECT_EQ(frame.size, bytes.size());
  return frame;
}

TEST(BenchCodec, ConnectIn311) {
  Bytes out;
  encode_connect({.client_id = "ab", .username = "u", .password = "p", .keep_alive = 60}, out);
  EXPECT_THAT(out,
              ElementsAre(0x10, 20, 0, 4, 'M', 'Q', 'T', 'T', 4, 0xC2, 0, 60, 0, 2, 'a', 'b', 0, 1, 'u', 0, 1, 'p'));
}

TEST(BenchCodec, ConnectIn31HasItsOwnProtocolName) {
  Bytes out;
  encode_connect({.client_id = "a", .version = Version::V31}, out);
  EXPECT_THAT(out, ElementsAre(0x10, 15, 0, 6, 'M', 'Q', 'I', 's', 'd', 'p', 3, 0x02, 1, 44, 0, 1, 'a'));
}

TEST(BenchCodec, ConnectIn5KeepsTheSessionWhenNotClean) {
  Bytes out;
  encode_connect({.client_id = "a", .clean = false, .version = Version::V5}, out);
  EXPECT_THAT(out,
              ElementsAre(0x10, 19, 0, 4, 'M', 'Q', 'T', 'T', 5, 0, 1, 44, 5, 0x11, 255, 255, 255, 255, 0, 1, 'a'));
}

TEST(BenchCodec, SubscribeAndUnsubscribe) {
  const std::vector<std::string> filters{"a/+", "b"};
  Bytes subscribe;
  encode_subscribe(Version::V311, 7, filters, 1, subscribe);
  EXPECT_THAT(subscribe, ElementsAre(0x82, 12, 0, 7, 0, 3, 'a', '/', '+', 1, 0, 1, 'b', 1));
  Bytes unsubscribe;
  encode_unsubscribe(Version::V5, 8, filters, unsubscribe);
  EXPECT_THAT(unsubscribe, ElementsAre(0xA2, 11, 0, 8, 0, 0, 3, 'a', '/', '+', 0, 1, 'b'));
}

TEST(BenchCodec, AcksCarryTheirReservedBits) {
  EXPECT_THAT(encode_ack(PacketType::Puback, 0x1234), ElementsAre(0x40, 2, 0x12, 0x34));
  EXPECT_THAT(encode_ack(PacketType::Pubrel, 1), ElementsAre(0x62, 2, 0, 1));
}

TEST(BenchCodec, PublishTemplateKnowsWhereToPatch) {
  const PublishTemplate made = encode_publish(Version::V5, "a/b", 2, true, 2);
  EXPECT_THAT(made.bytes, ElementsAre(0x35, 10, 0, 3, 'a', '/', 'b', 0, 0, 0, 'x', 'x'));
  EXPECT_EQ(made.topic, 4U);
  EXPECT_EQ(made.id, 7U);
  EXPECT_EQ(made.payload, 10U);
}

TEST(BenchCodec, LongPublishHasATwoByteLength) {
  const PublishTemplate made = encode_publish(Version::V311, "a", 0, false, 200);
  EXPECT_THAT(ByteView(made.bytes).first(6), ElementsAre(0x30, 0xCB, 0x01, 0, 1, 'a'));
  EXPECT_EQ(made.id, 0U);
  EXPECT_EQ(made.payload, made.bytes.size() - 200);
}

TEST(BenchCodec, PublishRoundTripInEveryVersionAndQos) {
  for (const Version version : {Version::V31, Version::V311, Version::V5}) {
    for (std::uint8_t qos = 0; qos <= 2; ++qos) {
      PublishTemplate made = encode_publish(version, "a/b", qos, false, 3);
      if (qos > 0) made.bytes[made.id + 1] = 9;
      PublishFields fields;
      ASSERT_TRUE(decode_publish(frame_of(made.bytes), version, fields));
      EXPECT_EQ(fields.qos, qos);
      EXPECT_EQ(fields.id, qos > 0 ? 9 : 0);
      EXPECT_THAT(fields.payload, ElementsAre('x', 'x', 'x'));
    }
  }
}

TEST(BenchCodec, FrameCutAnywhereNeedsMore) {
  const PublishTemplate made = encode_publish(Version::V311, "a", 1, false, 200);
  Frame frame;
  for (std::size_t size = 0; size < made.bytes.size(); ++size) {
    EXPECT_EQ(next_frame(ByteView(made.bytes).first(size), frame), FrameStatus::NeedMore) << size;
  }
}

TEST(BenchCodec, FiveByteLengthIsMalformed) {
  const Bytes input{0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01};
  Frame frame;
  EXPECT_EQ(next_frame(input, frame), FrameStatus::Malformed);
}

TEST(BenchCodec, PublishShorterThanItsFieldsIsMalformed) {
  PublishFields fields;
  for (const Bytes& input : {Bytes{0x30, 1, 0}, Bytes{0x30, 3, 0, 2, 'a'}, Bytes{0x32, 3, 0, 1, 'a'}}) {
    EXPECT_FALSE(decode_publish(frame_of(input), Version::V311, fields));
  }
  const Bytes cut_properties{0x30, 4, 0, 1, 'a', 9};
  EXPECT_FALSE(decode_publish(frame_of(cut_properties), Version::V5, fields));
}

TEST(BenchCodec, ConnackReceiveMaximumIsFoundBehindOtherProperties) {
  const Bytes input{0x20, 16, 0, 0, 13, 0x26, 0, 1, 'k', 0, 1, 'v', 0x24, 1, 0x21, 0, 20, 0x00};
  ConnackFields fields;
  EXPECT_FALSE(decode_connack(frame_of(ByteView(input)), Version::V5, fields));
  const Bytes good{0x20, 15, 0, 0, 12, 0x26, 0, 1, 'k', 0, 1, 'v', 0x24, 1, 0x21, 0, 20};
  ASSERT_TRUE(decode_connack(frame_of(good), Version::V5, fields));
  EXPECT_EQ(fields.code, 0);
  EXPECT_EQ(fields.receive_maximum, 20);
}

TEST(BenchCodec, ConnackCodeOf311) {
  const Bytes input{0x20, 2, 0, 5};
  ConnackFields fields;
  ASSERT_TRUE(decode_connack(frame_of(input), Version::V311, fields));
  EXPECT_EQ(fields.code, 5);
  EXPECT_EQ(fields.receive_maximum, 65535);
}

TEST(BenchCodec, RefusedSubscriptionsAreCounted) {
  const Bytes in_311{0x90, 5, 0, 1, 0, 0x80, 1};
  EXPECT_EQ(count_refused(frame_of(in_311), Version::V311), 1U);
  const Bytes in_5{0x90, 6, 0, 1, 0, 0, 0x87, 0x97};
  EXPECT_EQ(count_refused(frame_of(in_5), Version::V5), 2U);
  EXPECT_EQ(decode_id(frame_of(in_5)), 1);
}

}  // namespace
}  // namespace sluice::bench
