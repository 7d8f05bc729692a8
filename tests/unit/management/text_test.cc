// SPDX-License-Identifier: Apache-2.0
#include "broker/management/text.h"

#include <cstdlib>
#include <ctime>

#include <gtest/gtest.h>

#include "broker/router/topic_rules.h"

namespace sluice::management {
namespace {

using std::chrono::seconds;

TEST(UptimeText, HasEmqsForm) {
  EXPECT_EQ(uptime_text(seconds(0)), "0 seconds");
  EXPECT_EQ(uptime_text(seconds(25)), "25 seconds");
  EXPECT_EQ(uptime_text(seconds(59)), "59 seconds");
  EXPECT_EQ(uptime_text(seconds(60)), "1 minutes, 0 seconds");
  EXPECT_EQ(uptime_text(seconds(3 * 60 + 32)), "3 minutes, 32 seconds");
  EXPECT_EQ(uptime_text(seconds(3 * 3600 + 2 * 60 + 5)), "3 hours, 2 minutes, 5 seconds");
  EXPECT_EQ(uptime_text(seconds(86399)), "23 hours, 59 minutes, 59 seconds");
  EXPECT_EQ(uptime_text(seconds(2 * 86400 + 1)), "2 days,0 hours, 0 minutes, 1 seconds");
}

TEST(DatetimeText, IsLocalTime) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  EXPECT_EQ(datetime_text(1'476'787'330'999), "2016-10-18 10:42:10");
  ::setenv("TZ", "CST-8", 1);
  ::tzset();
  EXPECT_EQ(datetime_text(1'476'787'330'999), "2016-10-18 18:42:10");
}

TEST(EventTopic, HasTheIdAsItIs) {
  EXPECT_EQ(event_topic("n@h", "clients", "c1", "connected"), "$SYS/brokers/n@h/clients/c1/connected");
}

TEST(EventTopic, KeepsSlashesAndEncodesWildcards) {
  EXPECT_EQ(event_topic("n@h", "clients", "a/b", "connected"), "$SYS/brokers/n@h/clients/a/b/connected");
  EXPECT_EQ(event_topic("n@h", "clients", "+/#", "connected"), "$SYS/brokers/n@h/clients/%2B/%23/connected");
}

TEST(EventTopic, EncodesSlashesWhenThereAreTooMany) {
  const std::string id(300, '/');
  const std::string topic = event_topic("n@h", "clients", id, "connected");
  EXPECT_EQ(router::count_levels(topic), 6U);
  EXPECT_FALSE(router::check_topic_name(topic));
}

TEST(EventTopic, IsEmptyForAnIdThatNoTopicCanHave) {
  EXPECT_EQ(event_topic("n@h", "clients", std::string(65'600, 'x'), "connected"), "");
  EXPECT_EQ(event_topic("n@h", "clients", std::string_view("a\0b", 3), "connected"), "");
}

}  // namespace
}  // namespace sluice::management
