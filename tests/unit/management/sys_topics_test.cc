// SPDX-License-Identifier: Apache-2.0
#include "broker/management/sys_topics.h"

#include <algorithm>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::management {
namespace {

using std::chrono::seconds;

class SysTopicsTest : public ::testing::Test {
 protected:
  static std::string payload(const MessagePtr& message) {
    const auto bytes = message->payload();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

  std::map<std::string, MessagePtr> published_;
  SysTopics topics_{{"sluice@127.0.0.1", "1.2.3"}, [this](std::vector<MessagePtr> messages) {
                      for (MessagePtr& one : messages) published_.emplace(std::string(one->topic()), std::move(one));
                    }};
};

TEST_F(SysTopicsTest, IdentityIsRetained) {
  topics_.publish_identity(1000);
  const std::map<std::string, std::string> expected{{"$SYS/brokers", "sluice@127.0.0.1"},
                                                    {"$SYS/brokers/sluice@127.0.0.1/version", "1.2.3"},
                                                    {"$SYS/brokers/sluice@127.0.0.1/sysdescr", "Sluice MQTT Broker"}};
  ASSERT_EQ(published_.size(), expected.size());
  for (const auto& [topic, text] : expected) {
    ASSERT_TRUE(published_.contains(topic)) << topic;
    EXPECT_EQ(payload(published_[topic]), text);
    EXPECT_TRUE(published_[topic]->retain());
    EXPECT_EQ(published_[topic]->qos(), Qos::AtMostOnce);
    EXPECT_EQ(published_[topic]->timestamp(), 1000);
  }
}

TEST_F(SysTopicsTest, ClockIsNotRetained) {
  topics_.publish_clock(seconds(65), 1000);
  ASSERT_EQ(published_.size(), 2U);
  const MessagePtr uptime = published_["$SYS/brokers/sluice@127.0.0.1/uptime"];
  ASSERT_TRUE(uptime);
  EXPECT_EQ(payload(uptime), "1 minutes, 5 seconds");
  EXPECT_FALSE(uptime->retain());
  const MessagePtr datetime = published_["$SYS/brokers/sluice@127.0.0.1/datetime"];
  ASSERT_TRUE(datetime);
  EXPECT_EQ(payload(datetime).size(), std::string("2026-11-22 19:47:12").size());
}

TEST_F(SysTopicsTest, FiguresAreNumbersAndNotRetained) {
  topics_.publish_figures({{"clients/count", 3}}, {{"bytes/received", 40}}, 1000);
  ASSERT_EQ(published_.size(), 2U);
  EXPECT_EQ(payload(published_["$SYS/brokers/sluice@127.0.0.1/stats/clients/count"]), "3");
  EXPECT_EQ(payload(published_["$SYS/brokers/sluice@127.0.0.1/metrics/bytes/received"]), "40");
  for (const auto& [topic, message] : published_) EXPECT_FALSE(message->retain()) << topic;
}

TEST_F(SysTopicsTest, ListsExactlyWhatItPublishes) {
  const Figures stats{{"clients/count", 3}, {"clients/max", 3}};
  const Figures metrics{{"bytes/received", 40}};
  topics_.publish_identity(0);
  topics_.publish_clock(seconds(0), 0);
  topics_.publish_figures(stats, metrics, 0);
  std::vector<std::string> names;
  for (const auto& [topic, message] : published_) names.push_back(topic);
  EXPECT_THAT(topics_.topics(stats, metrics), ::testing::UnorderedElementsAreArray(names));
}

TEST(SysSchedule, IsDueAtOnceAndThenEveryInterval) {
  SysSchedule schedule;
  const TimePoint start{};
  EXPECT_TRUE(schedule.figures_due(start, seconds(60)));
  EXPECT_FALSE(schedule.figures_due(start, seconds(60)));
  EXPECT_FALSE(schedule.figures_due(start + seconds(59), seconds(60)));
  EXPECT_TRUE(schedule.figures_due(start + seconds(60), seconds(60)));
  EXPECT_FALSE(schedule.figures_due(start + seconds(61), seconds(60)));
  EXPECT_TRUE(schedule.figures_due(start + seconds(65), seconds(5))) << "a shorter interval holds at once";
}

TEST(SysSchedule, ASecondThatIsALittleShortCounts) {
  SysSchedule schedule;
  const TimePoint start = Clock::now();
  EXPECT_TRUE(schedule.figures_due(start, seconds(1)));
  EXPECT_TRUE(schedule.figures_due(start + std::chrono::milliseconds(999), seconds(1)));
  EXPECT_FALSE(schedule.figures_due(start + std::chrono::milliseconds(1100), seconds(1)));
}

TEST(SysSchedule, ZeroMeansNever) {
  SysSchedule schedule;
  EXPECT_FALSE(schedule.figures_due(TimePoint{}, seconds(0)));
  EXPECT_TRUE(schedule.figures_due(TimePoint{} + seconds(1), seconds(10))) << "switched on later";
}

}  // namespace
}  // namespace sluice::management
