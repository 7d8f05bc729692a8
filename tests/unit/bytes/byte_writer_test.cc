// SPDX-License-Identifier: Apache-2.0
#include "shared/bytes/byte_writer.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace sluice {
namespace {

TEST(ByteWriter, AppendsBigEndianBehindWhatIsThere) {
  std::vector<std::byte> out{std::byte{0xAA}};
  ByteWriter writer(out);
  writer.write_u8(0x01);
  writer.write_u16(0x0203);
  writer.write_u32(0x0405'0607);
  writer.write_string("hi");
  writer.write_varint(321);
  EXPECT_EQ(as_text(out), std::string_view("\xAA\x01\x02\x03\x04\x05\x06\x07\x00\x02hi\xC1\x02", 14));
  EXPECT_FALSE(writer.failed());
}

TEST(ByteWriter, LeavesOutWhatHasNoWireForm) {
  std::vector<std::byte> out;
  ByteWriter writer(out);
  writer.write_string(std::string(65'536, 'x'));
  EXPECT_TRUE(writer.failed());
  EXPECT_TRUE(out.empty());

  ByteWriter other(out);
  other.write_varint(kMaxVarint + 1);
  EXPECT_TRUE(other.failed());
  EXPECT_TRUE(out.empty());

  ByteWriter longest(out);
  longest.write_string(std::string(65'535, 'x'));
  EXPECT_FALSE(longest.failed());
  EXPECT_EQ(out.size(), 65'537U);
}

TEST(ByteWriter, VarintReadsBackAtEveryBoundary) {
  for (const std::uint32_t value : {0U, 1U, 127U, 128U, 16'383U, 16'384U, 2'097'151U, 2'097'152U, kMaxVarint}) {
    std::array<std::byte, 4> wire{};
    const std::byte* end = store_varint(wire.data(), value);
    const auto size = static_cast<std::size_t>(end - wire.data());
    EXPECT_EQ(size, varint_size(value)) << value;
    const Varint read = read_varint(std::span(wire).first(size));
    EXPECT_EQ(read.status, VarintStatus::Ok);
    EXPECT_EQ(read.value, value);
    EXPECT_EQ(read.size, size);
  }
}

}  // namespace
}  // namespace sluice
