// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/command_parser.h"

#include <initializer_list>
#include <string_view>

#include <gtest/gtest.h>

#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

/// A request as it would come, and what the parser makes of it.
class CommandParser : public testing::Test {
 public:
  CommandParser& method(Code code) {
    parts_.code = code;
    return *this;
  }
  CommandParser& path(std::string_view segments) {
    static_cast<void>(add_segments(parts_.options, segments));
    return *this;
  }
  CommandParser& segment(std::string_view text) { return with(Option::UriPath, text); }
  CommandParser& query(std::string_view text) { return with(Option::UriQuery, text); }
  CommandParser& with(Option option, std::string_view text) {
    parts_.options.add(option, text);
    return *this;
  }
  CommandParser& with(Option option, std::uint32_t value) {
    parts_.options.add(option, value);
    return *this;
  }
  CommandParser& body(std::string_view text) {
    body_ = text;
    return *this;
  }

  std::variant<Command, Refusal> parse() {
    parts_.payload = std::as_bytes(std::span(body_));
    const Bytes bytes = encode(parts_);
    const auto pdu = Pdu::parse(bytes);
    parts_.options = {};
    return parse_command({.exchange = 1, .peer = {1, 1}, .pdu = *pdu, .body = pdu->payload()}, peer_, settings_,
                         compat_);
  }
  Command command() {
    auto parsed = parse();
    if (const auto* refusal = std::get_if<Refusal>(&parsed)) {
      ADD_FAILURE() << refusal->code.to_string() << " " << refusal->diagnosis;
      return {};
    }
    return std::get<Command>(std::move(parsed));
  }
  Code refusal() {
    auto parsed = parse();
    return std::holds_alternative<Refusal>(parsed) ? std::get<Refusal>(parsed).code : Code{};
  }

  Parts parts_;
  std::string body_;
  CoapSettings settings_;
  Compat compat_ = Compat::Strict;
  TransportPeer peer_;
};

TEST_F(CommandParser, PutPublishesToOneOrManySegments) {
  for (const std::initializer_list<std::string_view>& segments :
       {std::initializer_list<std::string_view>{"a", "b"}, std::initializer_list<std::string_view>{"a/b"}}) {
    method(codes::kPut).segment("mqtt");
    for (const std::string_view one : segments) segment(one);
    const Command put = query("c=c1").query("qos=2").query("retain=true").query("expiry=60").body("x").command();
    EXPECT_EQ(put.operation, Operation::Publish);
    EXPECT_EQ(put.topic, "a/b");
    EXPECT_EQ(put.who.client_id, "c1");
    EXPECT_EQ(put.qos, Qos::ExactlyOnce);
    EXPECT_TRUE(put.retain);
    EXPECT_EQ(put.expiry_seconds, 60U);
    EXPECT_EQ(put.body.size(), 1U);
  }
}

TEST_F(CommandParser, ObserveChoosesWhatAGetDoes) {
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").query("c=c1").command().operation, Operation::Read);
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").query("c=c1").with(Option::Observe, 0U).command().operation,
            Operation::Subscribe);
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").query("c=c1").with(Option::Observe, 1U).command().operation,
            Operation::Unsubscribe);
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").query("c=c1").with(Option::Observe, 2U).command().operation,
            Operation::Read);
}

TEST_F(CommandParser, ConnectionModeIsWhatNamesAClientByItsLongName) {
  EXPECT_EQ(method(codes::kPost).path("mqtt/connection").query("clientid=c1").command().operation,
            Operation::OpenConnection);
  const Command refresh = method(codes::kPut).path("mqtt/connection").query("clientid=c").query("token=t").command();
  EXPECT_EQ(refresh.operation, Operation::RefreshConnection);
  EXPECT_EQ(refresh.who.token, "t");
  const Command topic = method(codes::kPut).path("mqtt/connection").query("c=c1").body("x").command();
  EXPECT_EQ(topic.operation, Operation::Publish);
  EXPECT_EQ(topic.topic, "connection");
}

TEST_F(CommandParser, TheManualsForm) {
  const Command form =
      method(codes::kPost).path("mqtt").body("qos=1&retain=0&message=pay%20load&topic=hel+lo").command();
  EXPECT_EQ(form.operation, Operation::Publish);
  EXPECT_EQ(form.topic, "hel lo");
  EXPECT_EQ(form.qos, Qos::AtLeastOnce);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(form.body.data()), form.body.size()), "pay load");
  EXPECT_TRUE(form.who.one_shot);
  EXPECT_FALSE(method(codes::kPost).path("mqtt").query("c=c1").body("topic=a&message=b").command().who.one_shot);
  EXPECT_EQ(method(codes::kPost).path("mqtt").body("message=b").refusal(), codes::kBadRequest);
  EXPECT_EQ(method(codes::kPost).path("mqtt").body("topic=%zz").refusal(), codes::kBadRequest);
}

TEST_F(CommandParser, TheTreeOfPs) {
  EXPECT_EQ(
      method(codes::kPost).path("ps").segment("").with(Option::ContentFormat, 40U).query("c=c").command().operation,
      Operation::Create);
  const Command below = method(codes::kPost).path("ps/a").with(Option::ContentFormat, 40U).query("c=c").command();
  EXPECT_EQ(below.operation, Operation::Create);
  EXPECT_EQ(below.topic, "a");
  const Command put = method(codes::kPut).path("ps/a/b").with(Option::MaxAge, 30U).query("c=c").body("x").command();
  EXPECT_EQ(put.operation, Operation::Publish);
  EXPECT_TRUE(put.retain);
  EXPECT_EQ(put.expiry_seconds, 30U);
  EXPECT_EQ(method(codes::kDelete).path("ps/a").query("c=c").command().operation, Operation::Remove);
  EXPECT_EQ(method(codes::kGet).path("ps").query("c=c").query("rt=core.ps.data").command().list_query,
            "rt=core.ps.data");
  compat_ = Compat::Emq2;
  EXPECT_EQ(method(codes::kPost).path("ps").with(Option::ContentFormat, 40U).query("c=c").refusal(),
            codes::kMethodNotAllowed);
}

TEST_F(CommandParser, WhoeverEncodesTwiceIsUnderstoodWhereThatWasSo) {
  EXPECT_EQ(method(codes::kPut).path("mqtt").segment("a%2Fb").query("c=c").body("x").command().topic, "a%2Fb");
  compat_ = Compat::Emq2;
  EXPECT_EQ(method(codes::kPut).path("mqtt").segment("a%2Fb").query("c=c").body("x").command().topic, "a/b");
  EXPECT_EQ(method(codes::kPut).path("mqtt").segment("a%2").query("c=c").body("x").refusal(), codes::kBadRequest);
}

TEST_F(CommandParser, WhatDtlsProvedIsTheClientIdOfWhoGivesNone) {
  auto identity = std::make_shared<TlsIdentity>();
  identity->common_name = "by-certificate";
  peer_.identity = identity;
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").command().who.client_id, "by-certificate");
  auto key = std::make_shared<TlsIdentity>();
  key->psk_identity = "by-key";
  peer_.identity = key;
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").command().who.client_id, "by-key");
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").query("c=said").command().who.client_id, "said");
}

TEST_F(CommandParser, Refusals) {
  EXPECT_EQ(method(codes::kGet).path("mqtt/a").refusal(), codes::kBadRequest) << "no client id";
  EXPECT_EQ(method(codes::kGet).path("elsewhere").query("c=c").refusal(), codes::kNotFound);
  EXPECT_EQ(method(codes::kGet).query("c=c").refusal(), codes::kNotFound);
  EXPECT_EQ(method(codes::kDelete).path("mqtt/a").query("c=c").refusal(), codes::kMethodNotAllowed);
  EXPECT_EQ(method(codes::kFetch).path("mqtt/a").query("c=c").refusal(), codes::kMethodNotAllowed);
  EXPECT_EQ(method(codes::kIPatch).path("ps/a").query("c=c").refusal(), codes::kMethodNotAllowed);
  EXPECT_EQ(method(codes::kPut).path("mqtt").query("c=c").refusal(), codes::kBadRequest) << "no topic";
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=c").query("qos=3").refusal(), codes::kBadRequest);
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=c").query("qos=").refusal(), codes::kBadRequest);
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=c").query("retain=maybe").refusal(), codes::kBadRequest);
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=c").query("expiry=-1").refusal(), codes::kBadRequest);
  EXPECT_EQ(method(codes::kPut).path("mqtt/\xFF").query("c=c").refusal(), codes::kBadRequest) << "no UTF-8";
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=\xFF").refusal(), codes::kBadRequest);
  const std::string long_name = "c=" + std::string(300, 'x');
  EXPECT_EQ(method(codes::kPut)
                .path("mqtt/a")
                .query(long_name.substr(0, 255))
                .query("u=" + std::string(250, 'u'))
                .command()
                .topic,
            "a");
  settings_.max_client_id = 100;
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query(long_name.substr(0, 200)).refusal(), codes::kBadRequest);
}

TEST_F(CommandParser, NamesThatBecomePartOfTopicsHaveNoWildcards) {
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=+").command().who.client_id, "+");
  settings_.names_in_topics = true;
  for (const char* query : {"c=+", "c=a#", "c=a/b"}) {
    EXPECT_EQ(method(codes::kPut).path("mqtt/a").with(Option::UriQuery, query).refusal(), codes::kBadRequest) << query;
  }
  EXPECT_EQ(method(codes::kPut).path("mqtt/a").query("c=c").query("u=#").refusal(), codes::kBadRequest);
}

}  // namespace
}  // namespace sluice::coap
