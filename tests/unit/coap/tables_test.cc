// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "gateways/coap/code_map.h"
#include "gateways/coap/content_format.h"
#include "gateways/coap/created_topics.h"
#include "gateways/coap/discovery.h"
#include "gateways/coap/envelope.h"
#include "gateways/coap/observation.h"
#include "gateways/coap/observation_record.h"

namespace sluice::coap {
namespace {

std::string text_of(const Response& response) {
  return {reinterpret_cast<const char*>(response.body.bytes.data()), response.body.bytes.size()};
}

TEST(ContentFormat, NumbersAndNames) {
  EXPECT_EQ(content_type_of(50), "application/json");
  EXPECT_EQ(content_format_of("application/json"), 50);
  EXPECT_EQ(content_format_of("Text/Plain"), 0);
  EXPECT_EQ(content_format_of("text/html"), std::nullopt);
  EXPECT_EQ(content_format_of("coap/65535"), 65535);
  for (const char* wrong : {"coap/", "coap/65536", "coap/1x", "coap/-1"}) {
    EXPECT_EQ(content_format_of(wrong), std::nullopt) << wrong;
  }
  for (std::uint32_t format = 0; format < 65536; format += 7) {
    const auto back = content_format_of(content_type_of(static_cast<std::uint16_t>(format)));
    ASSERT_TRUE(back);
    EXPECT_EQ(content_type_of(*back), content_type_of(static_cast<std::uint16_t>(format)));
  }
}

TEST(CodeMap, ReasonsAndCodes) {
  EXPECT_EQ(code_of(Reason::Success), codes::kChanged);
  EXPECT_EQ(code_of(Reason::NoMatchingSubscribers), codes::kChanged);
  EXPECT_EQ(code_of(Reason::NotAuthorized), codes::kForbidden);
  EXPECT_EQ(code_of_connect(Reason::NotAuthorized), codes::kUnauthorized);
  EXPECT_EQ(code_of_connect(Reason::BadUserNameOrPassword), codes::kUnauthorized);
  EXPECT_EQ(code_of(Reason::QuotaExceeded), codes::kTooManyRequests);
  EXPECT_EQ(code_of(Reason::ServerBusy), codes::kServiceUnavailable);
  EXPECT_EQ(code_of(Reason::TopicNameInvalid), codes::kBadRequest);
  EXPECT_TRUE(bare_response(codes::kServiceUnavailable).options.find(Option::MaxAge));
  EXPECT_TRUE(bare_response(codes::kTooManyRequests).options.find(Option::MaxAge));
  EXPECT_FALSE(bare_response(codes::kForbidden).options.find(Option::MaxAge));
}

TEST(NotificationTag, ComesBackAsItWas) {
  for (const NotificationTag& tag :
       {NotificationTag{},
        NotificationTag{255, NotificationTag::kMostSerial, NotificationTag::kMostObservation, 255, 255, true},
        NotificationTag{1, 2, 3, 4, 5, false}}) {
    EXPECT_EQ(NotificationTag::unpack(tag.pack()), tag);
  }
}

TEST(ObservationList, OneForEachFilterWithAnIdOfItsOwn) {
  ObservationList list;
  const std::uint16_t first = list.add("a").id;
  const std::uint16_t second = list.add("b").id;
  EXPECT_NE(first, second);
  list.by_id(first)->observer.token = Token::from(std::as_bytes(std::span("tok", 3)));
  EXPECT_EQ(list.by_token(list.by_id(first)->observer.token)->filter, "a");
  list.erase(first);
  EXPECT_EQ(list.by_filter("a"), nullptr);
  const std::uint16_t third = list.add("c").id;
  EXPECT_NE(third, first) << "messages of the earlier one may be on their way";
  EXPECT_EQ(list.by_id(second)->filter, "b");
  for (std::size_t i = 0; i < NotificationTag::kMostObservation; ++i) {
    const std::uint16_t id = list.add("d").id;
    ASSERT_TRUE(id != 0 && id != second && id != third && id < NotificationTag::kMostObservation) << id;
    list.erase(id);
  }
}

ObservationList two_observations() {
  ObservationList list;
  Observation& first = list.add("a/#");
  first.observer = {Token::from(std::as_bytes(std::span("token", 5))), 7, 2};
  first.format = 50;
  Observation& second = list.add("$share/g/b");
  second.resource = Resource::Ps;
  return list;
}

TEST(ObservationRecord, ComesBackAsItWas) {
  const std::string record = write_observations(two_observations());
  EXPECT_EQ(record.substr(0, 26), std::string("coap\x02\x00\x02\x00\x01\x00\x00\x05token\x02\x00\x00\x00\x32\x00\x03"
                                              "a/",
                                              26));
  ObservationList read;
  ASSERT_TRUE(read_observations(record, read));
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read.by_filter("a/#")->format, 50);
  EXPECT_EQ(read.by_filter("a/#")->observer.largest_block, 2);
  EXPECT_EQ(read.by_filter("$share/g/b")->resource, Resource::Ps);
  EXPECT_EQ(read.by_filter("$share/g/b")->format, std::nullopt);
  EXPECT_EQ(write_observations(read), record);
}

TEST(ObservationRecord, NothingOfAConnectionIsKept) {
  ObservationList list;
  EXPECT_EQ(write_observations(list), "");
  list.add("a").on_stream = true;
  ObservationList read;
  ASSERT_TRUE(read_observations(write_observations(list), read));
  EXPECT_TRUE(read.empty());
  EXPECT_EQ(read.add("b").id, 2) << "the first one's id is not given again";
}

TEST(ObservationRecord, WhatIsCutOffIsRefused) {
  const std::string record = write_observations(two_observations());
  std::size_t wholes = 0;
  for (std::size_t size = 0; size < record.size(); ++size) {
    ObservationList read;
    if (read_observations(record.substr(0, size), read)) ++wholes;
  }
  EXPECT_EQ(wholes, 2U) << "behind the head and behind the first";
}

TEST(ObservationRecord, WhatIsNoneIsRefused) {
  const std::string record = write_observations(two_observations());
  for (const auto& [at, value] :
       {std::pair<std::size_t, char>{0, 'C'}, {4, 1}, {5, 0x7F}, {6, 0}, {8, 0}, {9, 9}, {11, 9}, {17, 9}, {19, 7}}) {
    std::string wrong = record;
    wrong[at] = value;
    ObservationList read;
    EXPECT_FALSE(read_observations(wrong, read)) << at;
    EXPECT_TRUE(read.empty());
  }
  ObservationList read;
  EXPECT_FALSE(read_observations(record + record.substr(7), read)) << "an id twice";
}

TEST(CreatedTopics, TreesAndBounds) {
  CreatedTopics topics(3, nullptr);
  EXPECT_TRUE(topics.put("a", 42));
  EXPECT_TRUE(topics.put("a/b", 50));
  EXPECT_TRUE(topics.put("ab", 0));
  EXPECT_FALSE(topics.put("one too many", 0));
  EXPECT_TRUE(topics.put("a", 60)) << "that is there already";
  EXPECT_EQ(topics.find("a")->content_format, 60);
  EXPECT_EQ(topics.list("a", 10).size(), 3U);
  EXPECT_EQ(topics.list("a", 2).size(), 2U);
  EXPECT_EQ(topics.tree("a", 9), (std::vector<std::string>{"a", "a/b"})) << "not those whose name only begins the same";
  EXPECT_EQ(topics.tree("a", 1).size(), 1U);
  for (const std::string& topic : topics.tree("a", 9)) topics.remove(topic);
  EXPECT_TRUE(topics.find("ab"));
  EXPECT_TRUE(topics.tree("a", 9).empty());
  topics.remove("a");
}

TEST(Discovery, LinksAndFilters) {
  CoapSettings settings;
  EXPECT_EQ(root_links(settings, Compat::Strict, ""), "</mqtt>;rt=\"core.mqtt\",</ps>;rt=\"core.ps\";ct=40");
  EXPECT_EQ(root_links(settings, Compat::Strict, "href=/m*"), "</mqtt>;rt=\"core.mqtt\"");
  EXPECT_EQ(root_links(settings, Compat::Strict, "rt=nothing"), "");
  EXPECT_EQ(root_links(settings, Compat::Emq4, ""), "</mqtt>,</ps>");
  const std::vector<ListedTopic> topics = {{"a", 42}, {"b c", 50}};
  EXPECT_EQ(topic_links(topics, "ct=50"), "</ps/b%20c>;ct=50;rt=\"core.ps.data\";obs");
  EXPECT_EQ(topic_links({{"a?b", 0}, {"100%", 0}, {"a//{b}", 0}}, "ct=0"),
            "</ps/a%3Fb>;ct=0;rt=\"core.ps.data\";obs,</ps/100%25>;ct=0;rt=\"core.ps.data\";obs,"
            "</ps/a//%7Bb%7D>;ct=0;rt=\"core.ps.data\";obs");
  EXPECT_EQ(text_of(links_response(topic_links(topics, "href=/ps/a"))), "</ps/a>;ct=42;rt=\"core.ps.data\";obs");
}

}  // namespace
}  // namespace sluice::coap
