// SPDX-License-Identifier: Apache-2.0
// The bytes of FORMAT.md. A change here is a change of what lies on disks: it takes a new version.
#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace sluice::storage::test {
namespace {

TEST(Golden, Checksum) {
  // The lower half of XXH3 of nothing, 2d06800538d394c2; the sums below are those of xxhsum -H3 as well.
  EXPECT_EQ(record_checksum(as_bytes("")), 0x38D394C2U);
}

TEST(Golden, Session) {
  EXPECT_EQ(hex(encoded(small_session())), hex(bytes("01 00 00 0000000000000000 0000000000000000 00000000"
                                                     "0000000000000000 0000 0000 01'c' 00 00 00 abbe5814")));
  EXPECT_EQ(hex(encoded(full_session())),
            hex(bytes("01 07 02 0102030405060708 1112131415161718 21222324 3132333435363738 4142 5152"
                      "06'client' 04'user' 02'm/' 03'tcp' 0e'192.0.2.1:1883' e9995dfd")));
}

TEST(Golden, Subscription) {
  EXPECT_EQ(hex(encoded(SubscriptionRecord{})), hex(bytes("01 00 ce7276c0")));
  EXPECT_EQ(hex(encoded(full_subscription())), hex(bytes("01 6e ffffff7f 9ab398f8")));
}

TEST(Golden, Queue) {
  EXPECT_EQ(hex(encoded(queued(small_message()))), hex(bytes("01 41 01 0102030405060708 03'a/b' 05'hello' 1f4f2e39")));
  EXPECT_EQ(hex(encoded(queued(full_message()))),
            hex(bytes("01 41 1e 0102030405060708 1112131415161718 03'a/b' 02 0101 05'hello' 576ace13")));
  EXPECT_EQ(hex(encoded(referring())), hex(bytes("01 b6 02 01 c801 0c'$share/g/a/#' 2122232425262728 5915e3d0")));
  EXPECT_EQ(hex(encoded(released())), hex(bytes("01 0a dd2016f9")));
}

TEST(Golden, Message) {
  EXPECT_EQ(hex(encoded(small_message())), hex(bytes("01 01 0102030405060708 03'a/b' 05'hello' 0caf509c")));
  EXPECT_EQ(hex(encoded(full_message())),
            hex(bytes("01 1e 0102030405060708 1112131415161718 03'a/b' 02 0101 05'hello' ad5d4e1f")));
}

TEST(Golden, Will) {
  EXPECT_EQ(hex(encoded(small_will())), hex(bytes("01 00 01'w' 00 28470ce2")));
  EXPECT_EQ(hex(encoded(full_will())),
            hex(bytes("01 7e 01020304 00000000 1112131415161718 04'will' 02 0100 02 7800 016f1305")));
}

TEST(Golden, Retained) {
  EXPECT_EQ(hex(encoded(RetainedRecord{small_message(), 0})),
            hex(bytes("01 00 01 0102030405060708 03'a/b' 05'hello' c5017fea")));
  EXPECT_EQ(
      hex(encoded(RetainedRecord{full_message(), 5})),
      hex(bytes("01 01 0000000000000005 1e 0102030405060708 1112131415161718 03'a/b' 02 0101 05'hello' 99b2b1a3")));
}

TEST(Golden, Store) {
  EXPECT_EQ(hex(encoded(full_store())), hex(bytes("01 01020304 11121314 2122232425262728 3132333435363738 b1bbc742")));
}

TEST(Golden, Number) { EXPECT_EQ(hex(encoded_number(0x0102030405060708)), hex(bytes("01 0102030405060708 344dffe2"))); }

}  // namespace
}  // namespace sluice::storage::test
