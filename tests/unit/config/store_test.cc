// SPDX-License-Identifier: Apache-2.0
#include "shared/config/store.h"

#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr Property<std::string_view> kAddress{.name = "listener.tcp.$name", .doc = "Where it listens."};
constexpr Property<std::uint32_t> kBacklog{
    .name = "listener.tcp.$name.backlog", .doc = "Waiting.", .def = 1024, .min = 1, .max = 65536};
constexpr Property<std::string_view> kAccess{.name = "listener.tcp.$name.access.$id", .doc = "Who."};
constexpr Property<ByteSize> kPacketSize{
    .name = "mqtt.max_packet_size", .doc = "Size.", .def = 64_KB, .min = {128}, .max = 256_MB};
constexpr Property<ConfigDuration> kIdle{.name = "mqtt.client.idle_timeout", .doc = "Time.", .def = seconds(30)};
constexpr Property<bool> kUpgrade{.name = "mqtt.session.upgrade_qos", .doc = "Flag."};
constexpr Property<std::uint32_t> kQueue{.name = "mqtt.mqueue.max_length",
                                         .doc = "Length.",
                                         .def = 1000,
                                         .min = 1,
                                         .max = 100000,
                                         .zero_means = "mqtt.mqueue.length_limit"};
constexpr Property<std::uint32_t> kQueueLimit{.name = "mqtt.mqueue.length_limit", .doc = "Limit.", .def = 50000};
constexpr Property<std::string_view> kPassword{
    .name = "auth.user.$id.password", .doc = "Password.", .choices = "x|y", .secret = Secret::Yes};
constexpr Property<std::string_view> kCookie{.name = "node.cookie", .doc = "Erlang."};
constexpr AnyProperty kRows[] = {&kAddress, &kBacklog, &kAccess,     &kPacketSize, &kIdle,
                                 &kUpgrade, &kQueue,   &kQueueLimit, &kPassword};
constexpr AnyProperty kIgnored[] = {&kCookie};
constexpr KeyAlias kAliases[] = {{"mqtt.client_idle_timeout", "mqtt.client.idle_timeout"}};

class StoreTest : public testing::Test {
 protected:
  void load(const std::string& text, const std::string& name = "test.conf") {
    std::istringstream in(text);
    store_.load_stream(in, name);
  }
  std::string only_problem() const {
    EXPECT_THAT(store_.problems(), SizeIs(1));
    return store_.problems().empty() ? std::string{} : store_.problems().front().to_string();
  }

  ConfigStore store_{{{"Test", kRows, kAliases}, {"Ignored", kIgnored, {}, true}}};
};

TEST_F(StoreTest, DefaultsHoldWhereNothingIsSet) {
  EXPECT_EQ(store_.get(kPacketSize), 64_KB);
  EXPECT_EQ(store_.get(kBacklog, {"external"}), 1024U);
  EXPECT_EQ(store_.get(kAddress, {"external"}), "");
  EXPECT_FALSE(store_.is_set(kPacketSize));
  EXPECT_EQ(store_.origin("mqtt.max_packet_size"), "default");
  EXPECT_THAT(store_.problems(), IsEmpty());
}

TEST_F(StoreTest, ReadsValuesOfEveryForm) {
  load(
      "## comment\n"
      "mqtt.max_packet_size = 1MB\n"
      "  mqtt.client.idle_timeout=5m   # five minutes\r\n"
      "\tmqtt.session.upgrade_qos\t=\ton\n"
      "\n"
      "listener.tcp.external = [::1]:1883\n"
      "listener.tcp.external.access.1 = allow all");
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_EQ(store_.get(kPacketSize), 1_MB);
  EXPECT_EQ(store_.get(kIdle), std::chrono::minutes(5));
  EXPECT_TRUE(store_.get(kUpgrade));
  EXPECT_EQ(store_.get(kAddress, {"external"}), "[::1]:1883");
  EXPECT_EQ(store_.get(kAccess, {"external", "1"}), "allow all");
  EXPECT_TRUE(store_.is_set(kAddress, {"external"}));
  EXPECT_EQ(store_.origin("mqtt.max_packet_size"), "test.conf:2");
}

TEST_F(StoreTest, AHashInsideAWordIsNoComment) {
  load("listener.tcp.a = x/#\nlistener.tcp.b = x # y\nlistener.tcp.c =# y\n");
  EXPECT_EQ(store_.get(kAddress, {"a"}), "x/#");
  EXPECT_EQ(store_.get(kAddress, {"b"}), "x");
  EXPECT_EQ(store_.get(kAddress, {"c"}), "");
}

TEST_F(StoreTest, AByteOrderMarkIsSkipped) {
  load("\xEF\xBB\xBFmqtt.max_packet_size = 1MB\n");
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_EQ(store_.get(kPacketSize), 1_MB);
}

TEST_F(StoreTest, TheLastLineAndTheLastLayerWin) {
  load("mqtt.max_packet_size = 1MB\nmqtt.max_packet_size = 2MB\n");
  EXPECT_EQ(store_.get(kPacketSize), 2_MB);
  load("mqtt.max_packet_size = 3MB\n", "second.conf");
  EXPECT_EQ(store_.get(kPacketSize), 3_MB);
  const char* const environment[] = {"SLUICE_MQTT__MAX_PACKET_SIZE=4MB", nullptr};
  store_.load_environment(environment);
  EXPECT_EQ(store_.get(kPacketSize), 4_MB);
  store_.override_with("mqtt.max_packet_size=5MB");
  EXPECT_EQ(store_.get(kPacketSize), 5_MB);
  EXPECT_EQ(store_.origin("mqtt.max_packet_size"), "-o");
}

TEST_F(StoreTest, AnUnknownKeySuggestsTheNearest) {
  load("\nmqtt.max_packet_sise = 1MB\n");
  EXPECT_EQ(only_problem(), "test.conf:2: mqtt.max_packet_sise: unknown key; did you mean mqtt.max_packet_size?");
}

TEST_F(StoreTest, TheSuggestionKeepsTheNamesOfThePlaceholders) {
  load("listener.tcp.mine.backlogs = 5\n");
  EXPECT_THAT(only_problem(), HasSubstr("did you mean listener.tcp.mine.backlog?"));
}

TEST_F(StoreTest, AKeyThatResemblesNothingPointsToTheReference) {
  load("zzzzz.qqqqqqqqq = 1\n");
  EXPECT_THAT(only_problem(), HasSubstr("docs/configuration.md"));
}

TEST_F(StoreTest, AWrongValueIsAProblemAndChangesNothing) {
  load("mqtt.max_packet_size = 1MB\nmqtt.max_packet_size = 1XB\n");
  EXPECT_THAT(only_problem(), HasSubstr("test.conf:2: mqtt.max_packet_size: \"1XB\" is not valid; write a size"));
  EXPECT_EQ(store_.get(kPacketSize), 1_MB);
}

TEST_F(StoreTest, OutOfBounds) {
  load("mqtt.max_packet_size = 1GB\n");
  EXPECT_THAT(only_problem(), HasSubstr("\"1GB\" is out of bounds"));
  EXPECT_THAT(only_problem(), HasSubstr("from 128 to 256MB"));
}

TEST_F(StoreTest, ALineThatIsNoSettingIsAProblem) {
  load("{mqtt_max_clientid_len, 512}.\nmqtt max = 1\n = 5\n");
  EXPECT_THAT(store_.problems(), SizeIs(3));
  EXPECT_EQ(store_.problems()[0].to_string(),
            "test.conf:1: not a setting; write \"key = value\", or \"#\" before a comment");
}

TEST_F(StoreTest, ProblemsAreBounded) {
  std::string garbage;
  for (int i = 0; i < 1000; ++i) garbage += "garbage\n";
  load(garbage);
  EXPECT_THAT(store_.problems(), SizeIs(ConfigStore::kMaxProblems));
}

TEST_F(StoreTest, AMissingFileAndAFolderAreProblems) {
  store_.load_file("/nonexistent/sluice.conf");
  store_.load_file("/");
  ASSERT_THAT(store_.problems(), SizeIs(2));
  EXPECT_THAT(store_.problems()[0].to_string(), HasSubstr("/nonexistent/sluice.conf: cannot be read"));
  EXPECT_THAT(store_.problems()[1].to_string(), HasSubstr("/: cannot be read"));
}

TEST_F(StoreTest, OverridesSplitAtTheFirstEqualsSign) {
  store_.override_with("listener.tcp.external=a=b=c");
  EXPECT_EQ(store_.get(kAddress, {"external"}), "a=b=c");
  store_.override_with("listener.tcp.external=off");
  EXPECT_EQ(store_.get(kAddress, {"external"}), "off");
  store_.override_with("listener.tcp.external=");
  EXPECT_EQ(store_.get(kAddress, {"external"}), "");
  EXPECT_THAT(store_.problems(), IsEmpty());
  store_.override_with("listener.tcp.external");
  EXPECT_THAT(only_problem(), HasSubstr("write -o key=value"));
}

TEST_F(StoreTest, AnOverrideTakesHashesAsTheyAre) {
  store_.override_with("listener.tcp.external=a # b");
  EXPECT_EQ(store_.get(kAddress, {"external"}), "a # b");
}

TEST_F(StoreTest, ZeroIsBoundedByTheLimitAndNoticed) {
  load("mqtt.mqueue.max_length = 0\n");
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_EQ(store_.get(kQueue), 50000U);
  ASSERT_THAT(store_.notices(), SizeIs(1));
  EXPECT_EQ(store_.notices()[0].to_string(),
            "test.conf:1: mqtt.mqueue.max_length: 0 means no limit; mqtt.mqueue.length_limit still bounds it");
  load("mqtt.mqueue.length_limit = 77\n");
  EXPECT_EQ(store_.get(kQueue), 77U);
  load("mqtt.mqueue.max_length = infinity\n");
  EXPECT_EQ(store_.get(kQueue), 77U);
}

TEST_F(StoreTest, KeysWithoutAnEffectTakeAnything) {
  load("node.cookie = anything at all\n");
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_THAT(store_.without_effect(), ElementsAre("node.cookie"));
}

TEST_F(StoreTest, OlderNamesSetTheKey) {
  load("mqtt.client_idle_timeout = 7\n");
  EXPECT_EQ(store_.get(kIdle), seconds(7));
  ASSERT_THAT(store_.notices(), SizeIs(1));
  EXPECT_THAT(store_.notices()[0].to_string(), HasSubstr("an older name of mqtt.client.idle_timeout"));
}

TEST_F(StoreTest, LinesOfAManualWithPlaceholdersDoNothing) {
  load("auth.user.$N.password = public\n");
  EXPECT_THAT(store_.problems(), IsEmpty());
  EXPECT_THAT(store_.notices(), SizeIs(1));
  EXPECT_THAT(store_.names("auth.user.$id.password"), IsEmpty());
}

TEST_F(StoreTest, ASecretIsNotInItsProblem) {
  load("auth.user.1.password = geheim\n");
  EXPECT_THAT(only_problem(), Not(HasSubstr("geheim")));
}

TEST_F(StoreTest, NamesAreThoseOfTheFirstPlaceholder) {
  load(
      "listener.tcp.internal = 1\nlistener.tcp.external = 2\nlistener.tcp.other.backlog = 3\n"
      "listener.tcp.external.access.10 = deny all\nlistener.tcp.external.access.9 = allow all\n");
  EXPECT_THAT(store_.names("listener.tcp.$name"), ElementsAre("external", "internal"));
  EXPECT_THAT(store_.names("listener.tcp.external.access.$id"), ElementsAre("9", "10"));
  EXPECT_THAT(store_.names("listener.tcp.$name.backlog"), ElementsAre("other"));
}

TEST_F(StoreTest, PatternsAreExpandedInOrder) {
  EXPECT_EQ(ConfigStore::expand("listener.tcp.$name.access.$id", {"a", "7"}), "listener.tcp.a.access.7");
  EXPECT_EQ(ConfigStore::expand("listener.tcp.$name.access.$id", {"a"}), "listener.tcp.a.access.$id");
  EXPECT_EQ(ConfigStore::expand("node.name", {}), "node.name");
}

}  // namespace
}  // namespace sluice
