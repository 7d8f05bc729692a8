// SPDX-License-Identifier: Apache-2.0
// Values that are not what was written: cut off, flipped, longer, of another version.
#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace sluice::storage::test {
namespace {

void for_each_sample(const std::function<void(const Kind&, const std::string&)>& check) {
  for (const Kind& kind : kinds()) {
    for (const std::string& sample : kind.samples) {
      SCOPED_TRACE(kind.name + " " + hex(sample));
      check(kind, sample);
    }
  }
}

TEST(Damage, CutOffAtEveryLength) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    for (std::size_t size = 0; size < sample.size(); ++size) {
      // A block of its own, so that the sanitizer sees a read beyond its end.
      const std::vector<char> cut(sample.begin(), sample.begin() + static_cast<std::ptrdiff_t>(size));
      const auto result = kind.again({cut.data(), cut.size()});
      ASSERT_TRUE(result.has_error()) << size;
      EXPECT_EQ(result.error(), size < 5 ? RecordErrc::Truncated : RecordErrc::BadChecksum) << size;
    }
  });
}

TEST(Damage, CutOffAtEveryLengthUnderARightChecksum) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    for (std::size_t size = 1; size < sample.size() - kChecksumBytes; ++size) {
      const auto result = kind.again(sealed(sample.substr(0, size)));
      ASSERT_TRUE(result.has_error()) << size;
      EXPECT_EQ(result.error(), RecordErrc::Truncated) << size;
    }
  });
}

TEST(Damage, EverySingleBit) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    for (std::size_t bit = 0; bit < sample.size() * 8; ++bit) {
      std::string flipped = sample;
      flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
      const auto result = kind.again(flipped);
      ASSERT_TRUE(result.has_error()) << bit;
      EXPECT_EQ(result.error(), bit < 8 ? RecordErrc::UnknownVersion : RecordErrc::BadChecksum) << bit;
    }
  });
}

TEST(Damage, EverySingleBitUnderARightChecksumIsRefusedOrAnotherValue) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    const std::string body = sample.substr(0, sample.size() - kChecksumBytes);
    for (std::size_t bit = 8; bit < body.size() * 8; ++bit) {
      std::string flipped = body;
      flipped[bit / 8] = static_cast<char>(static_cast<unsigned char>(flipped[bit / 8]) ^ (1U << (bit % 8)));
      flipped = sealed(flipped);
      const auto result = kind.again(flipped);
      if (result) {
        EXPECT_EQ(hex(*result), hex(flipped)) << bit;
      }
    }
  });
}

TEST(Damage, TwoValuesBehindOneAnother) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    EXPECT_EQ(kind.again(sample + sample).error(), RecordErrc::BadChecksum);
    const std::string body = sample.substr(0, sample.size() - kChecksumBytes);
    EXPECT_EQ(kind.again(sealed(body + '\0')).error(), RecordErrc::Malformed);
  });
}

TEST(Damage, AnotherVersionIsToldFromDamage) {
  for_each_sample([](const Kind& kind, const std::string& sample) {
    for (unsigned version = 0; version < 256; ++version) {
      if (version == 1) continue;
      std::string other = sample;
      other[0] = static_cast<char>(version);
      EXPECT_EQ(kind.again(other).error(), RecordErrc::UnknownVersion);
      EXPECT_EQ(kind.again(sealed(other.substr(0, 1))).error(), RecordErrc::UnknownVersion);
      EXPECT_EQ(kind.again(other.substr(0, 1)).error(), RecordErrc::UnknownVersion);
    }
  });
}

TEST(Damage, ErrorsAreReadable) {
  for (const RecordErrc code :
       {RecordErrc::Truncated, RecordErrc::BadChecksum, RecordErrc::UnknownVersion, RecordErrc::Malformed}) {
    const ErrorCode error = code;
    EXPECT_EQ(error.category(), record_category());
    EXPECT_TRUE(error.message().starts_with("record ")) << error.message();
  }
  EXPECT_STREQ(record_category().name(), "sluice.record");
  EXPECT_EQ(record_category().message(99), "unknown record error");
}

}  // namespace
}  // namespace sluice::storage::test
