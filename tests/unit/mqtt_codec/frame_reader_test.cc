// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/frame_reader.h"

#include <gtest/gtest.h>

#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {
namespace {

TEST(FrameReader, CutsWholePacketsAndLeavesTheTail) {
  const auto stream = wire("c000 40 02 0001 30 05 0001 'a'");
  FrameReader reader(stream, 100);
  FrameRead read = reader.next();
  ASSERT_EQ(read.status, FrameStatus::Whole);
  EXPECT_EQ(read.frame.type(), PacketType::Pingreq);
  EXPECT_EQ(read.size, 2U);
  read = reader.next();
  ASSERT_EQ(read.status, FrameStatus::Whole);
  EXPECT_EQ(read.frame.type(), PacketType::Puback);
  EXPECT_EQ(hex(read.frame.body), "0001");
  read = reader.next();
  EXPECT_EQ(read.status, FrameStatus::Incomplete);
  EXPECT_EQ(read.size, 7U) << "so that the caller knows how much to make room for";
  EXPECT_EQ(hex(reader.rest()), "3005000161");
}

TEST(FrameReader, ReadsEveryLengthOfTheLengthField) {
  for (const std::size_t body : {0U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U}) {
    std::vector<std::byte> bytes;
    ByteWriter writer(bytes);
    writer.write_u8(0x30);
    writer.write_varint(static_cast<std::uint32_t>(body));
    const std::size_t header = bytes.size();
    bytes.resize(header + body);
    const FrameRead read = read_frame(bytes, 3'000'000);
    EXPECT_EQ(read.status, FrameStatus::Whole) << body;
    EXPECT_EQ(read.size, header + body);
    EXPECT_EQ(read.frame.body.size(), body);
    EXPECT_EQ(read.frame.body.data(), bytes.data() + header);
  }
}

TEST(FrameReader, MQTT_3_1_2_24_TooLargeIsKnownFromTheHeaderAlone) {
  const auto header = wire("30 ff7f");
  const FrameRead read = read_frame(header, 16'385);
  EXPECT_EQ(read.status, FrameStatus::TooLarge);
  EXPECT_EQ(read.error, Errc::PacketTooLarge);
  EXPECT_EQ(read.size, 16'386U);
  EXPECT_EQ(read_frame(header, 16'386).status, FrameStatus::Incomplete) << "the limit itself is allowed";
}

TEST(FrameReader, MQTT5_1_5_5_FiveLengthBytesAreMalformed) {
  const FrameRead read = read_frame(wire("30 ffffffff"), 1'000'000'000);
  EXPECT_EQ(read.status, FrameStatus::Malformed);
  EXPECT_EQ(read.error, Errc::RemainingLengthTooLong);
}

TEST(FrameReader, MQTT_1_5_5_1_LengthMustBeMinimal) {
  const FrameRead read = read_frame(wire("c0 8000"), 100);
  EXPECT_EQ(read.status, FrameStatus::Malformed);
  EXPECT_EQ(read.error, Errc::LengthNotMinimal);
}

TEST(FrameReader, MQTT5_2_1_2_ReservedTypeIsRefusedWithItsFirstByte) {
  const FrameRead read = read_frame(wire("0f"), 100);
  EXPECT_EQ(read.status, FrameStatus::Malformed);
  EXPECT_EQ(read.error, Errc::ReservedPacketType);
}

}  // namespace
}  // namespace sluice::mqtt::test
