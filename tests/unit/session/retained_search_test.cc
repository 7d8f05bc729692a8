// SPDX-License-Identifier: Apache-2.0
#include "broker/session/retained_search.h"

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "broker/auth/acl_file.h"
#include "broker/session/session_manager.h"

namespace sluice::session {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

std::string text_of(const MessagePtr& message) {
  if (message == nullptr) return "nothing";
  const auto payload = message->payload();
  return std::string(message->topic()) + "=" +
         std::string(reinterpret_cast<const char*>(payload.data()), payload.size());
}

std::vector<std::string> texts_of(const RetainedList& list) {
  std::vector<std::string> texts;
  for (const MessagePtr& message : list.messages) texts.push_back(text_of(message));
  return texts;
}

/// A connected client that gets nothing but what it reads. Everything happens on its shard.
class Reader final : private DeliverySink {
 public:
  Reader(SessionManager& sessions, const std::string& id, const std::string& mountpoint) {
    ConnectRequest request;
    request.client_id = id;
    request.clean_start = false;
    request.session_expiry_seconds = 60;
    const auto listener = std::make_shared<ListenerTraits>();
    listener->mountpoint = mountpoint;
    request.listener = listener;
    sessions.connect(std::move(request), *this, [this](ConnectResult result) { handle = std::move(result.handle); });
  }

  Reason publish(std::string_view topic, std::string_view payload, Qos qos = Qos::AtMostOnce,
                 std::optional<std::uint32_t> expiry = {}) {
    return handle
        ->publish({.topic = topic,
                   .payload = std::as_bytes(std::span(payload)),
                   .properties = {},
                   .qos = qos,
                   .retain = true,
                   .packet_id = ++packet_id_,
                   .expiry_seconds = expiry})
        .reason;
  }
  /// What is found, or why nothing is.
  std::string read(std::string_view topic) {
    const RetainedAnswer answer = handle->read_retained(topic);
    return answer.reason == Reason::Success ? text_of(answer.message) : std::string(reason_name(answer.reason));
  }

  ClientHandle handle;

 private:
  DeliveryResult deliver(const Delivery& /*delivery*/) override { return DeliveryResult::Accepted; }
  void deliver_release(PacketId /*packet_id*/) override {}
  void on_committed(CommitTicket /*ticket*/) override {}
  void on_session_ended(Reason /*reason*/) override { handle.forget(); }

  PacketId packet_id_ = 0;
};

class RetainedSearchTest : public testing::Test {
 protected:
  RetainedSearchTest() {
    core_.contexts.push_back(std::make_unique<SessionContext>(core_, shards_.at(0), SessionSettings{}));
  }
  ~RetainedSearchTest() override {
    on_shard([this] { readers_.clear(); });
    shards_.stop();
    sessions_.destroy_all(shards_.at(0));
  }

  void on_shard(const std::function<void()>& task) {
    if (!std::exchange(running_, true)) shards_.start();
    shards_.run_on_all([&](Shard&) { task(); });
  }
  /// As many turns as any of the searches here takes, and more.
  void let_turns_pass() {
    for (int i = 0; i < 100; ++i) on_shard([] {});
  }
  void rules(std::string_view text) { access_.replace_rules(*auth::parse_acl(text)); }
  Reader& reader(const std::string& id, const std::string& mountpoint = "") {
    on_shard([&] { readers_.push_back(std::make_unique<Reader>(sessions_, id, mountpoint)); });
    return *readers_.back();
  }
  void publish(Reader& client, int count, const std::string& below) {
    on_shard([&] {
      for (int i = 0; i < count; ++i) client.publish(below + std::to_string(i), "x");
    });
  }
  /// What is found within ten seconds.
  RetainedList search(Reader& client, std::string_view filter, std::size_t limit = 1000) {
    std::promise<RetainedList> promise;
    auto answer = promise.get_future();
    RetainedSearch search;
    on_shard([&] {
      search =
          client.handle->read_retained(filter, limit, [&](RetainedList list) { promise.set_value(std::move(list)); });
    });
    EXPECT_EQ(search.reason, Reason::Success);
    const bool came = answer.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
    on_shard([&] { search.pending.reset(); });
    if (!came) throw std::runtime_error("no answer");
    return answer.get();
  }
  Reason refusal(Reader& client, std::string_view filter) {
    RetainedSearch search;
    on_shard([&] {
      search = client.handle->read_retained(filter, 1, [](const RetainedList&) { ADD_FAILURE() << "was refused"; });
      EXPECT_EQ(search.pending == nullptr, search.reason != Reason::Success);
      search.pending.reset();
    });
    let_turns_pass();
    return search.reason;
  }
  /// Begins one that is counted when it is answered.
  std::unique_ptr<PendingSearch> begin(Reader& client, std::string_view filter = "#") {
    return client.handle->read_retained(filter, 1000, [this](const RetainedList&) { ++answers_; }).pending;
  }

  ShardGroup shards_{1};
  hooks::HookPoints hooks_;
  router::Router router_{{.shards = 1}};
  retainer::RamRetainedStore store_;
  retainer::Retainer retainer_{{}, store_};
  auth::AccessControl access_{{}};
  auth::PskStore psk_;
  SessionCore core_{.router = router_,
                    .retainer = retainer_,
                    .access = access_,
                    .hooks = hooks_,
                    .table = {},
                    .registry = {},
                    .contexts = {}};
  SessionManager sessions_{core_, psk_};
  std::vector<std::unique_ptr<Reader>> readers_;
  int answers_ = 0;
  bool running_ = false;
};

TEST_F(RetainedSearchTest, WhatWasPublishedIsFoundInTheSameTurn) {
  Reader& client = reader("a");
  on_shard([&] {
    EXPECT_EQ(client.read("t/1"), "nothing");
    for (const Qos qos : {Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce}) {
      const std::string payload = std::to_string(static_cast<int>(qos));
      EXPECT_FALSE(is_error(client.publish("t/1", payload, qos)));
      EXPECT_EQ(client.read("t/1"), "t/1=" + payload);
    }
    client.publish("t/1", "");
    EXPECT_EQ(client.read("t/1"), "nothing");
  });
}

TEST_F(RetainedSearchTest, WhatHasExpiredIsNotFound) {
  Reader& client = reader("a");
  on_shard([&] {
    client.publish("t/over", "x", Qos::AtMostOnce, 0);
    client.publish("t/fresh", "y", Qos::AtMostOnce, 60);
    EXPECT_EQ(client.read("t/over"), "nothing");
    EXPECT_EQ(client.read("t/fresh"), "t/fresh=y");
  });
  EXPECT_THAT(texts_of(search(client, "t/+")), ElementsAre("t/fresh=y"));
}

TEST_F(RetainedSearchTest, NamesAndFiltersAreChecked) {
  Reader& client = reader("a");
  on_shard([&] {
    for (const std::string_view topic : {"", "a/+", "#"}) EXPECT_EQ(client.read(topic), "topic_name_invalid");
  });
  for (const std::string_view filter : {"", "a/#/b", "a+"})
    EXPECT_EQ(refusal(client, filter), Reason::TopicFilterInvalid);
}

TEST_F(RetainedSearchTest, PrefixesOfSubscriptionsAreOrdinaryLevels) {
  Reader& client = reader("a");
  on_shard([&] {
    client.publish("x", "plain");
    client.publish("$share/g/x", "shared");
    EXPECT_EQ(client.read("$share/g/x"), "$share/g/x=shared");
    EXPECT_EQ(client.read("$queue/x"), "nothing");
  });
  EXPECT_THAT(texts_of(search(client, "$share/#")), ElementsAre("$share/g/x=shared"));
}

TEST_F(RetainedSearchTest, WhatMayNotBeSubscribedToIsNotRead) {
  rules(R"({deny, all, subscribe, ["secret/#", {eq, "#"}]}. {allow, all}.)");
  Reader& client = reader("a");
  on_shard([&] {
    client.publish("secret/a", "x");
    client.publish("open/a", "y");
    EXPECT_EQ(client.read("secret/a"), "not_authorized");
    EXPECT_EQ(client.read("open/a"), "open/a=y");
  });
  EXPECT_EQ(refusal(client, "secret/+"), Reason::NotAuthorized);
  EXPECT_EQ(refusal(client, "#"), Reason::NotAuthorized);
  EXPECT_THAT(texts_of(search(client, "+/a")), ElementsAre("open/a=y")) << "granted as a whole, but not of this topic";
  rules(R"({deny, all}.)");
  on_shard([&] { EXPECT_EQ(client.read("open/a"), "not_authorized"); });
}

TEST_F(RetainedSearchTest, WhoMayPublishIsToldSoWithoutPublishing) {
  rules(R"({deny, all, publish, ["secret/#"]}. {allow, all}.)");
  Reader& client = reader("a");
  on_shard([&] {
    EXPECT_EQ(client.handle->may_publish("open/a"), Reason::Success);
    EXPECT_EQ(client.handle->may_publish("secret/a"), Reason::NotAuthorized);
    EXPECT_EQ(client.handle->may_publish("$SYS/a"), Reason::NotAuthorized);
    EXPECT_EQ(client.handle->may_publish("open/#"), Reason::TopicNameInvalid);
    EXPECT_EQ(client.read("open/a"), "nothing");
  });
}

TEST_F(RetainedSearchTest, WhileTheStoreIsReadTheAnswerSaysSo) {
  retainer_.expect_load();
  Reader& client = reader("a");
  on_shard([&] { EXPECT_EQ(client.read("t"), "server_busy"); });
  EXPECT_EQ(refusal(client, "#"), Reason::ServerBusy);
  retainer_.load(0);
  on_shard([&] { EXPECT_EQ(client.read("t"), "nothing"); });
  EXPECT_THAT(texts_of(search(client, "#")), IsEmpty());
}

TEST_F(RetainedSearchTest, AMountPointIsInvisibleAndKeepsOthersOut) {
  Reader& outside = reader("a");
  Reader& inside = reader("b", "m/");
  on_shard([&] {
    inside.publish("t/1", "mine");
    outside.publish("t/1", "theirs");
    outside.publish("m", "above");
    outside.publish("m/", "unnamed");
    EXPECT_EQ(inside.read("t/1"), "t/1=mine");
    EXPECT_EQ(inside.read("m/t/1"), "nothing");
    EXPECT_EQ(outside.read("m/t/1"), "m/t/1=mine");
  });
  EXPECT_THAT(texts_of(search(inside, "#")), ElementsAre("t/1=mine"));
  EXPECT_THAT(texts_of(search(outside, "#")),
              UnorderedElementsAre("m/t/1=mine", "t/1=theirs", "m=above", "m/=unnamed"));
}

TEST_F(RetainedSearchTest, AClientIdWithAWildcardReadsNoNeighbour) {
  Reader& victim = reader("victim", "dev/%c/");
  Reader& client = reader("+", "dev/%c/");
  on_shard([&] {
    victim.publish("t", "secret");
    client.publish("t", "own");
    EXPECT_EQ(client.read("t"), "t=own");
  });
  EXPECT_THAT(texts_of(search(client, "#")), ElementsAre("t=own"));
}

TEST_F(RetainedSearchTest, ALeadingWildcardDoesNotMatchDollarTopics) {  // [MQTT-4.7.2-1]
  Reader& client = reader("a");
  on_shard([&] {
    client.publish("$x/a", "hidden");
    client.publish("y/a", "seen");
  });
  EXPECT_THAT(texts_of(search(client, "#")), ElementsAre("y/a=seen"));
  EXPECT_THAT(texts_of(search(client, "+/a")), ElementsAre("y/a=seen"));
  EXPECT_THAT(texts_of(search(client, "$x/#")), ElementsAre("$x/a=hidden"));
}

TEST_F(RetainedSearchTest, ManyTopicsAreFoundOnceEachUpToTheLimit) {
  Reader& client = reader("a");
  publish(client, 1000, "t/");
  publish(client, 1000, "u/");
  const RetainedList all = search(client, "t/#", 2000);
  EXPECT_FALSE(all.more);
  std::vector<std::string> texts = texts_of(all);
  std::ranges::sort(texts);
  EXPECT_EQ(std::ranges::adjacent_find(texts), texts.end());
  EXPECT_THAT(texts, SizeIs(1000));
  for (const std::size_t limit : {0U, 1U, 64U, 65U, 999U, 1000U}) {
    const RetainedList some = search(client, "t/+", limit);
    EXPECT_THAT(some.messages, SizeIs(limit));
    EXPECT_EQ(some.more, limit < 1000) << limit;
  }
  const RetainedList one = search(client, "t/7", 1);
  EXPECT_THAT(texts_of(one), ElementsAre("t/7=x"));
  EXPECT_FALSE(one.more);
}

TEST_F(RetainedSearchTest, TheAnswerComesLaterAndOnce) {
  Reader& client = reader("a");
  std::unique_ptr<PendingSearch> pending;
  on_shard([&] {
    pending = begin(client);
    EXPECT_EQ(answers_, 0);
  });
  let_turns_pass();
  EXPECT_EQ(answers_, 1);
  on_shard([&] { pending.reset(); });
  EXPECT_EQ(answers_, 1);
}

TEST_F(RetainedSearchTest, ALongSearchHoldsUpNobody) {
  rules(R"({deny, all, subscribe, ["t/+"]}. {allow, all}.)");
  Reader& client = reader("a");
  Reader& other = reader("b");
  publish(client, 50'000, "t/");
  std::unique_ptr<PendingSearch> slow;
  std::unique_ptr<PendingSearch> fast;
  std::vector<std::string> order;
  std::promise<void> over;
  on_shard([&] {
    const auto note = [&](const char* what) { return [&, what](const RetainedList&) { order.emplace_back(what); }; };
    slow = client.handle
               ->read_retained("+/#", 1000,
                               [&](const RetainedList& list) {
                                 EXPECT_THAT(list.messages, IsEmpty());
                                 order.emplace_back("slow");
                                 over.set_value();
                               })
               .pending;
    fast = other.handle->read_retained("nothing/here", 1000, note("fast")).pending;
    shards_.at(0).post([&] { order.emplace_back("task"); });
  });
  ASSERT_EQ(over.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  on_shard([&] {
    slow.reset();
    fast.reset();
  });
  EXPECT_THAT(order, UnorderedElementsAre("slow", "fast", "task"));
  EXPECT_EQ(order.back(), "slow");
}

TEST_F(RetainedSearchTest, ACancelledSearchIsNotAnswered) {
  Reader& client = reader("a");
  std::unique_ptr<PendingSearch> kept;
  on_shard([&] {
    begin(client).reset();
    kept = begin(client);
    begin(client).reset();
  });
  let_turns_pass();
  EXPECT_EQ(answers_, 1);
  on_shard([&] { kept.reset(); });
}

TEST_F(RetainedSearchTest, NothingIsAnsweredOnceTheClientHasGone) {
  std::vector<std::unique_ptr<PendingSearch>> pending;
  Reader& closed = reader("closed");
  Reader& taken_over = reader("taken over");
  Reader& kicked = reader("kicked");
  on_shard([&] {
    for (Reader* client : {&closed, &taken_over, &kicked}) pending.push_back(begin(*client));
    closed.handle.close({.kind = CloseKind::Normal, .reason = Reason::Success, .session_expiry_seconds = {}});
    readers_.push_back(std::make_unique<Reader>(sessions_, "taken over", ""));
    EXPECT_FALSE(taken_over.handle);
    sessions_.evict_all(shards_.at(0), Reason::AdministrativeAction);
    readers_.push_back(std::make_unique<Reader>(sessions_, "closed", ""));
  });
  let_turns_pass();
  EXPECT_EQ(answers_, 0);
  Reader& back = *readers_.back();
  on_shard([&] {
    pending.clear();
    back.publish("t", "x");
  });
  EXPECT_THAT(texts_of(search(back, "#")), ElementsAre("t=x")) << "its session goes on";
}

TEST_F(RetainedSearchTest, TheAnswerMayEndTheSearchAndItsClientOrBeginAnother) {
  Reader& client = reader("a");
  publish(client, 3, "t/");
  std::unique_ptr<PendingSearch> first;
  std::unique_ptr<PendingSearch> second;
  std::unique_ptr<PendingSearch> third;
  std::size_t found = 0;
  on_shard([&] {
    first = client.handle
                ->read_retained("#", 9,
                                [&](const RetainedList&) {
                                  first.reset();
                                  second = client.handle
                                               ->read_retained("#", 9,
                                                               [&](const RetainedList& list) {
                                                                 found = list.messages.size();
                                                                 third = begin(client);
                                                                 client.handle.close({});
                                                               })
                                               .pending;
                                })
                .pending;
  });
  let_turns_pass();
  EXPECT_EQ(found, 3U);
  EXPECT_EQ(answers_, 0) << "closed by then";
  on_shard([&] {
    second.reset();
    third.reset();
  });
}

TEST_F(RetainedSearchTest, AClientHasSoManySearchesAtOnce) {
  Reader& client = reader("a");
  Reader& other = reader("b");
  on_shard([&] {
    std::vector<std::unique_ptr<PendingSearch>> pending;
    for (std::size_t i = 0; i < RetainedSearches::kMostPerClient; ++i) pending.push_back(begin(client));
    EXPECT_THAT(pending, testing::Each(testing::NotNull()));
    EXPECT_EQ(client.handle->read_retained("#", 1, [](const RetainedList&) {}).reason, Reason::QuotaExceeded);
    EXPECT_NE(begin(other), nullptr);
    pending.pop_back();
    EXPECT_NE(begin(client), nullptr) << "one was cancelled";
  });
}

}  // namespace
}  // namespace sluice::session
