// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/paths.h"

#include <gtest/gtest.h>

namespace sluice::app {
namespace {

TEST(PathsTest, AroundAFileInEtc) {
  const auto paths = Paths::around("/opt/sluice/etc/sluice.conf");
  EXPECT_EQ(paths.root, "/opt/sluice");
  EXPECT_EQ(paths.etc_dir, "/opt/sluice/etc");
  EXPECT_EQ(paths.data_dir, "/opt/sluice/data");
  EXPECT_EQ(paths.log_dir, "/opt/sluice/log");
}

TEST(PathsTest, AroundAFileElsewhere) {
  const auto paths = Paths::around("/tmp/x/test.conf");
  EXPECT_EQ(paths.root, "/tmp/x");
  EXPECT_EQ(paths.etc_dir, "/tmp/x");
}

TEST(PathsTest, ARelativeFileStartsAtTheWorkingDirectory) {
  EXPECT_EQ(Paths::around("etc/sluice.conf").root, std::filesystem::current_path());
}

TEST(PathsTest, LeadingFoldersStandForTheirPlaces) {
  const Paths paths{"/root", "/somewhere/etc", "/var/data", "/var/log/sluice"};
  EXPECT_EQ(paths.resolve("etc/certs/key.pem"), "/somewhere/etc/certs/key.pem");
  EXPECT_EQ(paths.resolve("data/loaded_plugins"), "/var/data/loaded_plugins");
  EXPECT_EQ(paths.resolve("log/error.log"), "/var/log/sluice/error.log");
  EXPECT_EQ(paths.resolve("data"), "/var/data");
  EXPECT_EQ(paths.resolve("./etc/plugins/"), "/somewhere/etc/plugins/");
  EXPECT_EQ(paths.resolve("database/x"), "/root/database/x");
  EXPECT_EQ(paths.resolve("other.txt"), "/root/other.txt");
  EXPECT_EQ(paths.resolve("/absolute/etc/x"), "/absolute/etc/x");
  EXPECT_EQ(paths.resolve(""), "");
}

TEST(PathsTest, TheManualsTemplatesStandForTheFolders) {
  const Paths paths{"/root", "/root/etc", "/root/data", "/root/log"};
  EXPECT_EQ(paths.resolve("{{ platform_etc_dir }}/certs/key.pem"), "/root/etc/certs/key.pem");
  EXPECT_EQ(paths.resolve("{{platform_data_dir}}/x"), "/root/data/x");
  EXPECT_EQ(paths.resolve("{{ unknown }}/x"), "/root/{{ unknown }}/x");
}

TEST(PathsTest, TheFoldersThemselvesLieUnderRoot) {
  const Paths paths{"/root", "/root/etc", "/root/data", "/root/log"};
  EXPECT_EQ(paths.under_root("data"), "/root/data");
  EXPECT_EQ(paths.under_root("data/"), "/root/data");
  EXPECT_EQ(paths.under_root("/var/lib/sluice"), "/var/lib/sluice");
}

}  // namespace
}  // namespace sluice::app
