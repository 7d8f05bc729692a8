// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/psk_store.h"

#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

PskStore::Key key(std::initializer_list<unsigned char> bytes) {
  PskStore::Key result;
  for (const unsigned char byte : bytes) result.push_back(static_cast<std::byte>(byte));
  return result;
}

TEST(PskStore, ReadsIdentitiesAndKeys) {
  PskStore store;
  ASSERT_FALSE(store.load_text("# keys\r\nclient1:00ffA5\r\n\n  urn:imei:123 : 01 \nlast:ab").has_error());
  EXPECT_EQ(store.size(), 3U);
  EXPECT_EQ(store.key("client1"), key({0x00, 0xFF, 0xA5}));
  EXPECT_EQ(store.key("urn:imei:123"), key({0x01}));
  EXPECT_EQ(store.key("last"), key({0xAB}));
  EXPECT_TRUE(store.key("unknown").empty());
  EXPECT_TRUE(store.key("").empty());
}

TEST(PskStore, ErrorsNameTheLineAndNoKey) {
  const std::pair<std::string, std::string> cases[] = {
      {"a:01\nnothing", "psk:2: expected identity:hexkey, found no colon"},
      {":01", "psk:1: expected an identity before the colon"},
      {"#\n\na:", "psk:3: expected a key behind the colon"},
      {"a:012", "psk:1: expected an even number of hexadecimal digits behind the colon"},
      {"a:0g", "psk:1: expected an even number of hexadecimal digits behind the colon"},
      {"a:0x01", "psk:1: expected an even number of hexadecimal digits behind the colon"},
      {"a:01\na:02", "psk:2: this identity is there twice"},
      {std::string(257, 'i') + ":01", "psk:1: the identity has 257 bytes; 256 is the most"},
      {"a:" + std::string(514, '0'), "psk:1: the key has 257 bytes; 256 is the most"},
  };
  PskStore store;
  for (const auto& [text, message] : cases) {
    const auto loaded = store.load_text(text);
    ASSERT_TRUE(loaded.has_error()) << text;
    EXPECT_EQ(loaded.error().to_string("psk"), message);
  }
}

TEST(PskStore, AWrongReloadChangesNothingAndARightOneEverything) {
  const TemporaryFolder folder;
  PskStore store;
  ASSERT_FALSE(store.load_file(folder.write("psk", "a:01\nb:02\n")).has_error());
  EXPECT_TRUE(store.load_file(folder.write("psk", "a:03\nb")).has_error());
  EXPECT_TRUE(store.load_file(folder.path() / "none").has_error());
  EXPECT_EQ(store.key("a"), key({0x01}));
  ASSERT_FALSE(store.load_file(folder.write("psk", "a:04\n")).has_error());
  EXPECT_EQ(store.key("a"), key({0x04}));
  EXPECT_TRUE(store.key("b").empty());
}

}  // namespace
}  // namespace sluice::auth
