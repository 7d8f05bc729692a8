// SPDX-License-Identifier: Apache-2.0
// Every valid packet cut at every length: the frame reader waits for the rest; a frame whose body ends early is
// refused, except where a shorter packet is just as valid. Bodies are copied to blocks of their exact size, so that
// the address sanitizer sees a read beyond the end.
#include <algorithm>
#include <memory>

#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"
#include "tests/unit/mqtt_codec/golden.h"

namespace sluice::mqtt::test {
namespace {

class Truncation : public ::testing::TestWithParam<Golden> {};

struct Block {
  explicit Block(std::span<const std::byte> bytes) : size(bytes.size()), data(new std::byte[bytes.size()]) {
    std::ranges::copy(bytes, data.get());
  }
  [[nodiscard]] std::span<const std::byte> span() const { return {data.get(), size}; }

  std::size_t size;
  std::unique_ptr<std::byte[]> data;
};

TEST_P(Truncation, FrameReaderWaits) {
  const std::vector<std::byte> whole = packet(GetParam().first_byte, GetParam().body);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const Block block{std::span(whole).first(length)};
    const FrameRead read = read_frame(block.span(), 1024);
    EXPECT_EQ(read.status, FrameStatus::Incomplete) << length;
    EXPECT_EQ(read.size, length < 2 ? 0 : whole.size()) << length;
  }
}

TEST_P(Truncation, ShortBodyIsRefusedOrAPacketOfItsOwn) {
  const Wire wire = WireParser(GetParam().body).parse();
  for (const ProtocolVersion version : versions_of(GetParam().versions)) {
    for (std::size_t length = 0; length <= wire.bytes.size(); ++length) {
      const Block block{std::span(wire.bytes).first(length)};
      const auto decoded = decode({GetParam().first_byte, block.span()}, version);
      EXPECT_EQ(decoded.has_value(), wire.may_end_at[length]) << length << " of " << wire.bytes.size();
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, Truncation, ::testing::ValuesIn(goldens()), golden_name);

}  // namespace
}  // namespace sluice::mqtt::test
