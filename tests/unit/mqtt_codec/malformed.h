// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include "broker/mqtt/codec/decode.h"
#include "tests/unit/mqtt_codec/wire.h"

namespace sluice::mqtt::test {

/// Decodes the row's packet in each of its versions and wants exactly its error.
class MalformedTest : public ::testing::TestWithParam<Malformed> {
 protected:
  static void expect_refused(const Malformed& row) {
    const std::vector<std::byte> body = wire(row.body);
    for (const ProtocolVersion version : versions_of(row.versions)) {
      const auto result = decode({row.first_byte, body}, version);
      ASSERT_TRUE(result.has_error()) << "version " << static_cast<int>(version);
      EXPECT_EQ(result.error(), make_error_code(row.error))
          << "version " << static_cast<int>(version) << ": " << result.error().message();
    }
  }
};

inline std::string name_of(const ::testing::TestParamInfo<Malformed>& info) { return info.param.name; }

}  // namespace sluice::mqtt::test
