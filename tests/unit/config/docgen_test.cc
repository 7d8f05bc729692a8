// SPDX-License-Identifier: Apache-2.0
#include "shared/config/docgen.h"

#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/config/tables.h"
#include "shared/config/parse.h"

namespace sluice {
namespace {

using testing::HasSubstr;

TEST(DocgenTest, TheCheckedInReferenceIsTheGeneratedText) {
  std::ifstream in(SLUICE_SOURCE_DIR "/docs/configuration.md");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const bool same = text == configuration_reference(app::property_tables());
  EXPECT_TRUE(same) << "make it again: build/bin/sluice --doc > docs/configuration.md";
}

TEST(DocgenTest, ARowSaysEverything) {
  static constexpr Property<ByteSize> kSize{.name = "a.size",
                                            .doc = "How large.",
                                            .def = 64_KB,
                                            .min = 1_KB,
                                            .max = 1_MB,
                                            .reload = Reload::Live,
                                            .zero_means = "a.limit"};
  static constexpr AnyProperty kRows[] = {&kSize};
  const PropertyTable table{"Things", kRows};
  const auto text = configuration_reference({&table, 1});
  EXPECT_THAT(text, HasSubstr("## Things"));
  EXPECT_THAT(text, HasSubstr("| `a.size` | size, 1KB … 1MB | `64KB` | live | How large. 0: no limit of its own, only "
                              "`a.limit`. |"));
}

TEST(TablesTest, EveryKeyIsThereOnceWithADocAndAValidDefault) {
  std::set<std::string_view> names;
  for (const auto& table : app::property_tables()) {
    for (const auto& property : table.rows) {
      std::visit(
          [&](const auto* row) {
            EXPECT_TRUE(names.insert(row->name).second) << row->name;
            EXPECT_FALSE(row->doc.empty()) << row->name;
            const auto def = format_value(row->def);
            const bool unset = def.empty();
            EXPECT_TRUE(unset || value_problem(property, def).empty()) << row->name;
          },
          property);
    }
  }
  EXPECT_GT(names.size(), 200U);
}

TEST(TablesTest, EveryLimitBehindAZeroIsAKeyOfTheSameType) {
  std::set<std::pair<std::string_view, std::size_t>> keys;
  for (const auto& table : app::property_tables()) {
    for (const auto& property : table.rows) {
      keys.emplace(std::visit([](const auto* row) { return row->name; }, property), property.index());
    }
  }
  for (const auto& table : app::property_tables()) {
    for (const auto& property : table.rows) {
      const auto limit = std::visit([](const auto* row) { return row->zero_means; }, property);
      EXPECT_TRUE(limit.empty() || keys.contains({limit, property.index()})) << limit;
    }
  }
}

}  // namespace
}  // namespace sluice
