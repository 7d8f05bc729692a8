// SPDX-License-Identifier: Apache-2.0
#include "broker/router/id_table.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "broker/router/compact_string.h"
#include "shared/base/text_hash.h"

namespace sluice::router {
namespace {

/// Few different hashes: long runs of neighbours, wrapping round the end.
std::uint64_t bad_hash(std::uint32_t key) { return 0xFFFF'FFF0U + (key % 13); }

TEST(IdTable, AgreesWithAMapUnderRandomChanges) {
  for (const std::size_t segments : {std::size_t{1}, std::size_t{8}}) {
    IdTable table(segments);
    std::map<std::uint32_t, std::uint64_t> model;  // id → hash
    std::mt19937 random(7);
    for (int i = 0; i < 20000; ++i) {
      const std::uint32_t id = 1 + static_cast<std::uint32_t>(random() % 300);
      const std::uint64_t hash = i % 4000 < 2000 ? bad_hash(id) : id * 0x9E37'79B9'7F4A'7C15U;
      if (const auto known = model.find(id); known != model.end()) {
        EXPECT_EQ(table.find(known->second, [&](std::uint32_t other) { return other == id; }), id);
        table.erase(known->second, id);
        model.erase(known);
      } else {
        table.insert(hash, id);
        model.emplace(id, hash);
      }
      ASSERT_EQ(table.size(), model.size());
    }
    for (const auto& [id, hash] : model) {
      EXPECT_EQ(table.find(hash, [wanted = id](std::uint32_t other) { return other == wanted; }), id);
    }
    for (const auto& [id, hash] : std::map(model)) table.erase(hash, id);
    EXPECT_EQ(table.size(), 0U);
  }
}

TEST(IdTable, FindsNothingWhereNothingIs) {
  IdTable table;
  const auto any = [](std::uint32_t) { return true; };
  EXPECT_EQ(table.find(1, any), 0U);
  table.insert(1, 5);
  EXPECT_EQ(table.find(2, any), 0U) << "equality is asked only for equal hashes";
  EXPECT_EQ(table.find(1, any), 5U);
  table.rename(1, 5, 6);
  EXPECT_EQ(table.find(1, any), 6U);
}

TEST(TextHash, DependsOnEveryByteAndOnTheObject) {
  const TextHash hash;
  const TextHash other;
  std::string text = "abcdefghijklmnopqrstuvwxyz";
  for (std::size_t size = 1; size <= text.size(); ++size) {
    const std::string part = text.substr(0, size);
    EXPECT_EQ(hash(part), hash(std::string(part)));
    EXPECT_NE(hash(part), other(part));
    EXPECT_NE(hash(part), hash(part.substr(0, size - 1)));
    for (std::size_t i = 0; i < size; ++i) {
      std::string changed = part;
      changed[i] = '_';
      EXPECT_NE(hash(part), hash(changed)) << size << ' ' << i;
    }
  }
}

TEST(CompactString, KeepsShortAndLongTexts) {
  for (const std::size_t size : {0U, 1U, 14U, 15U, 1000U, 65535U}) {
    const std::string text(size, 'x');
    CompactString first{text};
    CompactString second = std::move(first);
    EXPECT_EQ(second.view(), text);
    CompactString third{"something else that is long"};
    third = std::move(second);
    EXPECT_EQ(third.view(), text);
  }
}

}  // namespace
}  // namespace sluice::router
