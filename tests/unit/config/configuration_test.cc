// SPDX-License-Identifier: Apache-2.0
#include "broker/app/config/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/app/node_config.h"
#include "broker/auth/auth_config.h"
#include "broker/retainer/retainer_config.h"
#include "broker/session/session_config.h"
#include "tests/support/temp_dir.h"

namespace sluice::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr const char* const kNoEnvironment[] = {nullptr};

class ConfigurationTest : public testing::Test {
 protected:
  ConfigurationTest() {
    std::filesystem::create_directories(folder_.path() / "etc/plugins");
    std::filesystem::create_directories(folder_.path() / "data");
    std::filesystem::create_directories(folder_.path() / "other");
  }
  Configuration load(std::vector<std::string> overrides = {}, const char* const* environment = kNoEnvironment) const {
    Options options;
    options.file = folder_.path() / "etc/sluice.conf";
    options.overrides = std::move(overrides);
    return {options, environment};
  }
  [[nodiscard]] Configuration reload(const Configuration& running) const {
    Options options;
    options.file = folder_.path() / "etc/sluice.conf";
    const RunningFolders folders = running.folders();
    return {options, kNoEnvironment, &folders};
  }

  test::TempDir folder_;
};

TEST_F(ConfigurationTest, PrecedenceFromFileOverPluginAndEnvironmentToOverride) {
  folder_.write("etc/sluice.conf", "retainer.max_message_num = 1\nmqtt.session.max_inflight = 1\n");
  EXPECT_EQ(load().store().get(retainer::kMaxMessageNum), 1U);
  folder_.write("etc/plugins/emq_retainer.conf", "retainer.max_message_num = 2\n");
  EXPECT_EQ(load().store().get(retainer::kMaxMessageNum), 2U);
  const char* const environment[] = {"SLUICE_RETAINER__MAX_MESSAGE_NUM=3", nullptr};
  EXPECT_EQ(load({}, environment).store().get(retainer::kMaxMessageNum), 3U);
  const auto all = load({"retainer.max_message_num=4"}, environment);
  EXPECT_EQ(all.store().get(retainer::kMaxMessageNum), 4U);
  EXPECT_EQ(all.store().get(session::kMaxInflight), 1U);
  EXPECT_THAT(all.problems(), IsEmpty());
}

TEST_F(ConfigurationTest, AMissingFileIsAProblem) {
  const auto configuration = load();
  ASSERT_THAT(configuration.problems(), SizeIs(1));
  EXPECT_THAT(configuration.problems()[0].to_string(), HasSubstr("etc/sluice.conf: cannot be read"));
}

TEST_F(ConfigurationTest, WhatCannotBeReadIsNotTakenForAbsent) {
  folder_.write("etc/sluice.conf", "");
  folder_.write("data/here", "");
  std::filesystem::create_symlink("loaded_plugins", folder_.path() / "data/loaded_plugins");  // a loop
  std::filesystem::remove_all(folder_.path() / "etc/plugins");
  std::filesystem::create_symlink("plugins", folder_.path() / "etc/plugins");
  const auto configuration = load();
  ASSERT_THAT(configuration.problems(), SizeIs(2));
  EXPECT_THAT(configuration.problems()[0].to_string(), HasSubstr("etc/plugins/: cannot be read"));
  EXPECT_THAT(configuration.problems()[1].to_string(), HasSubstr("data/loaded_plugins: cannot be read"));
}

TEST_F(ConfigurationTest, OnAReloadTheFoldersOfTheStartStay) {
  folder_.write("etc/sluice.conf", "node.data_dir = var\n");
  const Configuration running = load();
  folder_.write("etc/sluice.conf", "node.data_dir = other\nlog.dir = /logs\nretainer.max_message_num = 1\n");
  const Configuration fresh = reload(running);
  EXPECT_EQ(fresh.paths().data_dir, folder_.path() / "var");
  EXPECT_EQ(fresh.paths().log_dir, folder_.path() / "log");
  EXPECT_EQ(fresh.store().get(retainer::kMaxMessageNum), 1U);
}

TEST_F(ConfigurationTest, AFolderOfPluginsThatIsGoneIsAProblemOfTheReload) {
  folder_.write("etc/sluice.conf", "");
  const Configuration running = load();
  std::filesystem::remove_all(folder_.path() / "etc/plugins");
  EXPECT_THAT(load().problems(), IsEmpty());
  const Configuration fresh = reload(running);
  ASSERT_THAT(fresh.problems(), SizeIs(1));
  EXPECT_THAT(fresh.problems()[0].to_string(), HasSubstr("etc/plugins/: is not there"));
  const Configuration never_had_one = load();
  EXPECT_THAT(reload(never_had_one).problems(), IsEmpty());
}

TEST_F(ConfigurationTest, PathsFollowTheFoldersThatAreSet) {
  folder_.write("etc/sluice.conf", "node.data_dir = var\nlog.dir = /logs\n");
  const auto configuration = load();
  EXPECT_EQ(configuration.paths().data_dir, folder_.path() / "var");
  EXPECT_EQ(configuration.path(kPluginsLoadedFile), folder_.path() / "var/loaded_plugins");
  EXPECT_EQ(configuration.path(auth::kAclFile), folder_.path() / "etc/acl.conf");
  EXPECT_EQ(configuration.path(auth::kPskFile), "");
  EXPECT_EQ(log_settings(configuration).error_file, "/logs/error.log");
}

TEST_F(ConfigurationTest, AnOverrideMovesThePluginsFolder) {
  folder_.write("etc/sluice.conf", "");
  folder_.write("other/emq_retainer.conf", "retainer.max_message_num = 9\n");
  EXPECT_EQ(load({"mqtt.plugins.etc_dir=other"}).store().get(retainer::kMaxMessageNum), 9U);
}

TEST_F(ConfigurationTest, FilesOfUnknownPluginsAreNotReadAndNoticed) {
  folder_.write("etc/sluice.conf", "");
  folder_.write("etc/plugins/emq_auth_mysql.conf", "auth.mysql.server = 127.0.0.1:3306\n");
  folder_.write("etc/plugins/emq_retainer.conf.bak", "garbage\n");
  const auto configuration = load();
  EXPECT_THAT(configuration.problems(), IsEmpty());
  EXPECT_THAT(configuration.notices(), ElementsAre(HasSubstr("not read: there is no plug-in emq_auth_mysql")));
}

TEST_F(ConfigurationTest, KeysWithoutAnEffectMakeOneNotice) {
  folder_.write("etc/sluice.conf", "node.cookie = a\nsysmon.long_gc = false\nmqtt.mqueue.max_length = 0\n");
  const auto configuration = load();
  EXPECT_THAT(configuration.notices(),
              ElementsAre("keys that are set and have no effect here: node.cookie, sysmon.long_gc",
                          HasSubstr("mqtt.mqueue.max_length: 0 means no limit")));
  EXPECT_EQ(configuration.store().get(session::kQueueMaxLength), 1'000'000U);
}

TEST_F(ConfigurationTest, ReadsWhichPluginsAreLoaded) {
  folder_.write("etc/sluice.conf", "");
  EXPECT_TRUE(load().plugins().has("emq_retainer"));
  EXPECT_TRUE(load().plugins().has("emq_coap"));
  folder_.write("data/loaded_plugins", "emq_auth_clientid.\n");
  EXPECT_THAT(load().plugins().names, ElementsAre("emq_auth_clientid"));
}

TEST_F(ConfigurationTest, LogSettingsAreTheKeys) {
  folder_.write("etc/sluice.conf",
                "log.console = both\nlog.console.level = debug\nlog.console.size = 1MB\nlog.error.count = 9\n"
                "log.syslog = off\nlog.syslog.facility = local3\nlog.error.file =\n");
  const auto settings = log_settings(load());
  EXPECT_EQ(settings.console, "both");
  EXPECT_EQ(settings.console_level, "debug");
  EXPECT_EQ(settings.console_size, 1024U * 1024);
  EXPECT_EQ(settings.console_file, (folder_.path() / "log/console.log").string());
  EXPECT_EQ(settings.error_count, 9U);
  EXPECT_EQ(settings.error_file, "");
  EXPECT_FALSE(settings.syslog);
  EXPECT_EQ(settings.syslog_facility, "local3");
}

TEST_F(ConfigurationTest, AnUnknownKindOfStorageIsRefusedClearly) {
  folder_.write("etc/sluice.conf", "storage.type = tape\n");
  const auto configuration = load();
  ASSERT_THAT(configuration.problems(), SizeIs(1));
  EXPECT_THAT(configuration.problems()[0].to_string(),
              HasSubstr("storage.type: \"tape\" is not valid; write one of disc, ram"));
}

TEST_F(ConfigurationTest, EveryProblemIsSaidAtOnce) {
  folder_.write("etc/sluice.conf", "mqtt.max_packet_size = 1XB\nlistener.tcp.external = localhost:1883\nfoo\n");
  folder_.write("etc/plugins/emq_retainer.conf", "retainer.storage_type = tape\n");
  const auto configuration = load({"nonsense"});
  EXPECT_THAT(configuration.problems(), SizeIs(5));
}

}  // namespace
}  // namespace sluice::app
