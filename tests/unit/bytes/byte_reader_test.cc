// SPDX-License-Identifier: Apache-2.0
#include "shared/bytes/byte_reader.h"

#include <initializer_list>
#include <vector>

#include <gtest/gtest.h>

namespace sluice {
namespace {

std::vector<std::byte> bytes(std::initializer_list<unsigned> values) {
  std::vector<std::byte> result;
  for (const unsigned value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

TEST(ByteReader, ReadsBigEndianInOrder) {
  const auto data = bytes({0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08});
  ByteReader reader(data);
  std::uint8_t one = 0;
  std::uint16_t two = 0;
  std::uint32_t four = 0;
  ASSERT_TRUE(reader.read_u8(one) && reader.read_u16(two) && reader.read_u32(four));
  EXPECT_EQ(one, 0x01);
  EXPECT_EQ(two, 0x0203);
  EXPECT_EQ(four, 0x0405'0607U);
  EXPECT_EQ(reader.remaining(), 1U);
}

TEST(ByteReader, RefusesWhatIsNotThereAndMovesNothing) {
  const auto data = bytes({0x00, 0x03, 'a'});
  ByteReader reader(data);
  std::uint32_t four = 0;
  std::span<const std::byte> block;
  EXPECT_FALSE(reader.read_u32(four));
  EXPECT_FALSE(reader.read_block(block));
  EXPECT_FALSE(reader.read_bytes(4, block));
  EXPECT_EQ(reader.remaining(), 3U);
  ASSERT_TRUE(reader.read_bytes(3, block));
  std::uint8_t one = 0;
  std::uint16_t two = 0;
  EXPECT_FALSE(reader.read_u8(one));
  EXPECT_FALSE(reader.read_u16(two));
  EXPECT_FALSE(reader.read_block(block));
}

TEST(ByteReader, BlockIsAViewOfItsBytes) {
  const auto data = bytes({0x00, 0x02, 'h', 'i', 0x00, 0x00});
  ByteReader reader(data);
  std::span<const std::byte> first;
  std::span<const std::byte> second;
  ASSERT_TRUE(reader.read_block(first) && reader.read_block(second));
  EXPECT_EQ(as_text(first), "hi");
  EXPECT_EQ(first.data(), data.data() + 2);
  EXPECT_TRUE(second.empty());
  EXPECT_TRUE(reader.empty());
}

struct VarintCase {
  std::vector<std::byte> wire;
  VarintStatus status;
  std::uint32_t value;
};

TEST(ByteReader, VarintFollowsTheTableOfTheSpecification) {
  const std::vector<VarintCase> cases{
      {bytes({0x00}), VarintStatus::Ok, 0},
      {bytes({0x7F}), VarintStatus::Ok, 127},
      {bytes({0x80, 0x01}), VarintStatus::Ok, 128},
      {bytes({0xFF, 0x7F}), VarintStatus::Ok, 16'383},
      {bytes({0x80, 0x80, 0x01}), VarintStatus::Ok, 16'384},
      {bytes({0xFF, 0xFF, 0x7F}), VarintStatus::Ok, 2'097'151},
      {bytes({0x80, 0x80, 0x80, 0x01}), VarintStatus::Ok, 2'097'152},
      {bytes({0xFF, 0xFF, 0xFF, 0x7F}), VarintStatus::Ok, kMaxVarint},
      {bytes({}), VarintStatus::Incomplete, 0},
      {bytes({0x80}), VarintStatus::Incomplete, 0},
      {bytes({0xFF, 0xFF, 0xFF}), VarintStatus::Incomplete, 0},
      {bytes({0xFF, 0xFF, 0xFF, 0xFF}), VarintStatus::TooLong, 0},
      {bytes({0x80, 0x80, 0x80, 0x80, 0x01}), VarintStatus::TooLong, 0},
      {bytes({0x80, 0x00}), VarintStatus::NotMinimal, 0},
      {bytes({0xFF, 0x80, 0x80, 0x00}), VarintStatus::NotMinimal, 0},
  };
  for (const VarintCase& c : cases) {
    ByteReader reader(c.wire);
    std::uint32_t value = 0;
    EXPECT_EQ(reader.read_varint(value), c.status) << c.wire.size() << " bytes, value " << c.value;
    EXPECT_EQ(value, c.value);
    EXPECT_EQ(reader.remaining(), c.status == VarintStatus::Ok ? 0 : c.wire.size());
  }
}

}  // namespace
}  // namespace sluice
