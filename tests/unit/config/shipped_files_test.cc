// SPDX-License-Identifier: Apache-2.0
// The files that come with the server, and those that users of EMQ bring.
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/config/cross_check.h"
#include "broker/app/config/tables.h"
#include "shared/config/parse.h"
#include "shared/config/store.h"

namespace sluice::app {
namespace {

using testing::Contains;
using testing::IsEmpty;

constexpr const char* kExamples = SLUICE_SOURCE_DIR "/tests/unit/config/manual_examples.conf";

std::vector<std::string> texts(const std::vector<ConfigProblem>& problems) {
  std::vector<std::string> all;
  for (const auto& problem : problems) all.push_back(problem.to_string());
  return all;
}

TEST(ManualTest, EveryExampleIsAccepted) {
  std::ifstream in(kExamples);
  std::string line;
  int examples = 0;
  while (std::getline(in, line)) {
    if (line.empty() || line.front() == '#') continue;
    ConfigStore store(property_tables());
    std::istringstream one(line);
    store.load_stream(one, "manual");
    EXPECT_THAT(texts(store.problems()), IsEmpty());
    const auto key = line.substr(0, line.find(' '));
    const bool known = store.raw(key).has_value() || !store.notices().empty();
    EXPECT_TRUE(known) << line;
    ++examples;
  }
  EXPECT_GE(examples, 170);
}

TEST(ManualTest, AllExamplesTogetherAreAConfiguration) {
  ConfigStore store(property_tables());
  store.load_file(kExamples);
  EXPECT_THAT(texts(store.problems()), IsEmpty());
  EXPECT_THAT(texts(cross_check(store)), IsEmpty());
  EXPECT_THAT(store.names("listener.tcp.$name"), testing::ElementsAre("external", "internal"));
  EXPECT_THAT(store.without_effect(), Contains("sysmon.long_gc"));
}

TEST(ContractTest, EveryKeyOfTheShippedFileIsKnownAndItsDefaultIsAccepted) {
  ConfigStore store(property_tables());
  store.load_file(SLUICE_SOURCE_DIR "/tests/unit/config/shipped_2_3.conf");
  EXPECT_THAT(texts(store.problems()), IsEmpty());
}

/// The text with every commented-out `## key = value` brought to life.
std::string with_examples(const std::filesystem::path& file) {
  static const std::regex kExample("#+ *([a-z0-9_]+\\.[a-z0-9_.]+ =.*)");
  std::ifstream in(file);
  std::string text;
  std::string line;
  while (std::getline(in, line)) text += std::regex_replace(line, kExample, "$1") + '\n';
  return text;
}

class ShippedFileTest : public testing::TestWithParam<const char*> {};

TEST_P(ShippedFileTest, IsRightAndSoAreItsExamples) {
  const auto file = std::filesystem::path(SLUICE_SOURCE_DIR) / GetParam();
  ConfigStore store(property_tables());
  store.load_file(file);
  EXPECT_THAT(texts(store.problems()), IsEmpty());
  EXPECT_THAT(texts(cross_check(store)), IsEmpty());
  EXPECT_THAT(store.without_effect(), IsEmpty());

  ConfigStore examples(property_tables());
  std::istringstream in(with_examples(file));
  examples.load_stream(in, GetParam());
  EXPECT_THAT(texts(examples.problems()), IsEmpty());
  EXPECT_THAT(texts(cross_check(examples)), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Etc, ShippedFileTest,
                         testing::Values("etc/sluice.conf", "etc/plugins/emq_auth_username.conf",
                                         "etc/plugins/emq_auth_clientid.conf", "etc/plugins/emq_retainer.conf",
                                         "etc/plugins/emq_coap.conf"));

TEST(ShippedFileTest, ValuesAreTheDefaultsOfTheTables) {
  ConfigStore store(property_tables());
  store.load_file(SLUICE_SOURCE_DIR "/etc/sluice.conf");
  store.load_file(SLUICE_SOURCE_DIR "/etc/plugins/emq_retainer.conf");
  int compared = 0;
  for (const auto& table : property_tables()) {
    for (const auto& property : table.rows) {
      std::visit(
          [&](const auto* row) {
            const auto text = store.raw(row->name);
            if (!text) return;
            EXPECT_EQ(parse_value(*row, *text), ValueOf<std::decay_t<decltype(row->def)>>(row->def)) << row->name;
            ++compared;
          },
          property);
    }
  }
  EXPECT_GE(compared, 35);
}

}  // namespace
}  // namespace sluice::app
