// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/loaded_plugins.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(LoadedPluginsTest, AMissingFileMeansTheRetainerAndCoap) {
  const auto plugins = read_loaded_plugins("/nonexistent/loaded_plugins");
  EXPECT_THAT(plugins.names, ElementsAre("emq_retainer", "emq_coap"));
  EXPECT_TRUE(plugins.has("emq_retainer"));
  EXPECT_TRUE(plugins.has("emq_coap"));
  EXPECT_FALSE(plugins.has("emq_auth_username"));
}

TEST(LoadedPluginsTest, TheManualsFormat) {
  const test::TempDir folder;
  const auto file = folder.write("loaded_plugins",
                                 "emq_recon.\nemq_modules.\n% comment\n\n  emq_auth_username. % why\nemq_retainer.\r\n"
                                 "emq_coap.\nemq_auth_username.\n");
  const auto plugins = read_loaded_plugins(file);
  EXPECT_THAT(plugins.names, ElementsAre("emq_auth_username", "emq_retainer", "emq_coap"));
  EXPECT_THAT(plugins.notices, ElementsAre(file + ":1: not loaded: there is no plug-in emq_recon",
                                           file + ":2: not loaded: there is no plug-in emq_modules"));
}

TEST(LoadedPluginsTest, AnEmptyFileLoadsNothing) {
  const test::TempDir folder;
  EXPECT_THAT(read_loaded_plugins(folder.write("loaded_plugins", "")).names, IsEmpty());
}

TEST(LoadedPluginsTest, NoticesAreBounded) {
  const test::TempDir folder;
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "garbage" + std::to_string(i) + "\n";
  EXPECT_THAT(read_loaded_plugins(folder.write("loaded_plugins", text)).notices, SizeIs(20));
}

}  // namespace
}  // namespace sluice::app
