// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/auth_chain.h"

#include <deque>
#include <optional>

#include "broker/auth/auth_probe.h"
#include "shared/base/shard.h"
#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

/// Answers at once, or keeps the reply for the test to use.
class ScriptedBackEnd final : public Authenticator {
 public:
  ScriptedBackEnd(std::string name, std::optional<AuthAnswer> answer) : name_(std::move(name)), answer_(answer) {}
  [[nodiscard]] std::string_view name() const override { return name_; }
  void authenticate(const Credentials& client, AuthReply reply) override {
    asked.push_back(client.client_id);
    if (answer_) return reply(*answer_);
    kept.push_back(std::move(reply));
  }

  std::vector<std::string> asked;
  std::deque<AuthReply> kept;

 private:
  std::string name_;
  std::optional<AuthAnswer> answer_;
};

constexpr AuthAnswer kAllow{.verdict = AuthVerdict::Allow};
constexpr AuthAnswer kDeny{.verdict = AuthVerdict::Deny};
constexpr AuthAnswer kIgnore{.verdict = AuthVerdict::Ignore};

std::shared_ptr<ScriptedBackEnd> back_end(std::string name, std::optional<AuthAnswer> answer) {
  return std::make_shared<ScriptedBackEnd>(std::move(name), answer);
}

AuthResult at_once(const AuthChain& chain, Credentials client) {
  std::optional<AuthResult> result;
  const PendingAuth pending = chain.authenticate(std::move(client), [&](AuthResult answer) { result = answer; });
  EXPECT_FALSE(pending);
  EXPECT_TRUE(result);
  return result.value_or(AuthResult{});
}

TEST(AuthChain, WithoutBackEndsAnonymousDecides) {
  AuthChain chain;
  const AuthResult open = at_once(chain, credentials("c"));
  EXPECT_TRUE(open.allowed && open.anonymous);
  EXPECT_FALSE(open.superuser);
  EXPECT_EQ(open.reason, Reason::Success);
  chain.allow_anonymous(false);
  EXPECT_EQ(at_once(chain, credentials("c")).reason, Reason::NotAuthorized);
  EXPECT_EQ(at_once(chain, credentials("c", "u")).reason, Reason::BadUserNameOrPassword);
  EXPECT_FALSE(at_once(chain, credentials("c")).allowed);
}

TEST(AuthChain, TheFirstThatDoesNotIgnoreDecides) {
  struct Case {
    AuthAnswer first;
    AuthAnswer second;
    bool allowed;
    bool superuser;
    Reason reason;
    bool asks_second;
  };
  const Case cases[] = {
      {kAllow, kDeny, true, false, Reason::Success, false},
      {kDeny, kAllow, false, false, Reason::BadUserNameOrPassword, false},
      {kIgnore, kAllow, true, false, Reason::Success, true},
      {kIgnore, kDeny, false, false, Reason::BadUserNameOrPassword, true},
      {{.verdict = AuthVerdict::Allow, .superuser = true}, kDeny, true, true, Reason::Success, false},
      {{.verdict = AuthVerdict::Busy}, kAllow, false, false, Reason::ServerBusy, false},
      {{.verdict = AuthVerdict::Unavailable}, kAllow, false, false, Reason::ServerUnavailable, false},
  };
  for (const Case& each : cases) {
    AuthChain chain;
    const auto second = back_end("second", each.second);
    chain.add(back_end("first", each.first));
    chain.add(second);
    const AuthResult result = at_once(chain, credentials("c", "u", "p"));
    EXPECT_EQ(result.allowed, each.allowed);
    EXPECT_EQ(result.superuser, each.superuser);
    EXPECT_FALSE(result.anonymous);
    EXPECT_EQ(result.reason, each.reason);
    EXPECT_EQ(second->asked.size(), each.asks_second ? 1U : 0U);
  }
}

TEST(AuthChain, CountsEveryOutcome) {
  AuthChain chain;
  const auto allowed = probe().allowed.value();
  const auto anonymous = probe().anonymous.value();
  const auto denied = probe().denied.value();
  const auto busy = probe().busy.value();
  at_once(chain, credentials("c"));
  chain.add(back_end("x", kDeny));
  at_once(chain, credentials("c"));
  chain.add(back_end("x", kAllow));
  at_once(chain, credentials("c"));
  chain.add(back_end("x", AuthAnswer{.verdict = AuthVerdict::Busy}));
  at_once(chain, credentials("c"));
  EXPECT_EQ(probe().allowed.value() - allowed, 2U);
  EXPECT_EQ(probe().anonymous.value() - anonymous, 1U);
  EXPECT_EQ(probe().denied.value() - denied, 1U);
  EXPECT_EQ(probe().busy.value() - busy, 1U);
}

TEST(AuthChain, BackEndsComeAndGo) {
  AuthChain chain;
  chain.add(back_end("a", kIgnore));
  chain.add(back_end("b", kDeny));
  chain.add(back_end("a", kAllow));
  EXPECT_EQ(chain.names(), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(at_once(chain, credentials("c")).allowed);
  EXPECT_TRUE(chain.remove("a"));
  EXPECT_FALSE(chain.remove("a"));
  EXPECT_FALSE(at_once(chain, credentials("c")).allowed);
}

/// A chain whose first back end answers when the test says so, asked on a shard.
class AsynchronousChain : public ::testing::Test {
 protected:
  AsynchronousChain() {
    chain_.add(slow_);
    chain_.add(second_);
    shards_.start();
  }
  ~AsynchronousChain() override { shards_.stop(); }

  template <class F>
  void on_shard(F action) {
    shards_.run_on_all([&](Shard&) { action(); });
  }
  void ask() {
    on_shard([&] {
      pending_ = chain_.authenticate(credentials("c", "u", "p"), [&](AuthResult result) {
        on_home_ = Shard::current() == &shards_.at(0);
        result_ = result;
      });
    });
  }
  void answer(AuthAnswer answer) {
    AuthReply reply = std::move(slow_->kept.front());
    slow_->kept.pop_front();
    reply(answer);
  }

  ShardGroup shards_{1};
  AuthChain chain_;
  std::shared_ptr<ScriptedBackEnd> slow_ = back_end("slow", std::nullopt);
  std::shared_ptr<ScriptedBackEnd> second_ = back_end("second", kAllow);
  PendingAuth pending_;
  std::optional<AuthResult> result_;
  bool on_home_ = false;
};

TEST_F(AsynchronousChain, TheAnswerComesBackToTheShardThatAsked) {
  ask();
  EXPECT_TRUE(pending_);
  on_shard([&] { EXPECT_FALSE(result_); });
  answer(kDeny);
  on_shard([&] {
    ASSERT_TRUE(result_);
    EXPECT_FALSE(result_->allowed);
    EXPECT_TRUE(on_home_);
  });
  EXPECT_TRUE(second_->asked.empty());
}

TEST_F(AsynchronousChain, TheWalkGoesOnAfterALateIgnore) {
  ask();
  answer(kIgnore);
  on_shard([&] {
    ASSERT_TRUE(result_);
    EXPECT_TRUE(result_->allowed && on_home_);
  });
  EXPECT_EQ(second_->asked, (std::vector<std::string>{"c"}));
}

TEST_F(AsynchronousChain, ALateAnswerOnTheShardItselfIsTakenAtOnce) {
  ask();
  on_shard([&] {
    answer(kAllow);
    EXPECT_TRUE(result_);
  });
}

TEST_F(AsynchronousChain, WhoHasGoneGetsNoAnswer) {
  ask();
  on_shard([&] { pending_ = PendingAuth(); });
  EXPECT_FALSE(slow_->kept.front().wanted());
  answer(kAllow);
  on_shard([&] { EXPECT_FALSE(result_); });
}

TEST_F(AsynchronousChain, WhoGoesWhileTheAnswerIsOnItsWayGetsNone) {
  ask();
  on_shard([&] {
    std::thread([&] { answer(kAllow); }).join();
    pending_ = PendingAuth();
  });
  on_shard([&] { EXPECT_FALSE(result_); });
}

TEST_F(AsynchronousChain, AReplyThatIsDroppedIsNoPermission) {
  ask();
  slow_->kept.clear();
  on_shard([&] {
    ASSERT_TRUE(result_);
    EXPECT_FALSE(result_->allowed);
    EXPECT_EQ(result_->reason, Reason::ServerUnavailable);
  });
}

TEST_F(AsynchronousChain, TheCallbackMayDropItsOwnHandle) {
  on_shard([&] {
    pending_ = chain_.authenticate(credentials("c"), [&](AuthResult result) {
      pending_ = PendingAuth();
      result_ = result;
    });
  });
  answer(kDeny);
  on_shard([&] { EXPECT_TRUE(result_ && !pending_); });
}

}  // namespace
}  // namespace sluice::auth
