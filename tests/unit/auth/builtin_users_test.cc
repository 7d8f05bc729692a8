// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/builtin_users.h"

#include <future>

#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

using Key = BuiltinUsersSettings::Key;

class BuiltinUsersTest : public ::testing::Test {
 protected:
  std::shared_ptr<BuiltinUsers> users(std::vector<BuiltinUser> list, std::string hash = "plain",
                                      Key key = Key::Username) {
    auto made = BuiltinUsers::create({key, std::move(hash), std::move(list)}, workers_);
    EXPECT_TRUE(made) << made.error().what;
    return *made;
  }

  WorkerPool workers_{{.threads = 1, .queue = 2}};
};

TEST_F(BuiltinUsersTest, ByUsername) {
  const auto back_end = users({{"admin", "public"}, {"feng@emqtt.io", "public2"}});
  EXPECT_EQ(back_end->name(), "emq_auth_username");
  EXPECT_EQ(ask(*back_end, credentials("c", "admin", "public")).verdict, AuthVerdict::Allow);
  EXPECT_EQ(ask(*back_end, credentials("c", "feng@emqtt.io", "public2")).verdict, AuthVerdict::Allow);
  EXPECT_EQ(ask(*back_end, credentials("c", "admin", "public2")).verdict, AuthVerdict::Deny);
  EXPECT_EQ(ask(*back_end, credentials("c", "admin", "")).verdict, AuthVerdict::Deny);
  EXPECT_EQ(ask(*back_end, credentials("c", "admin")).verdict, AuthVerdict::Deny);
  EXPECT_EQ(ask(*back_end, credentials("c", "Admin", "public")).verdict, AuthVerdict::Ignore);
  EXPECT_EQ(ask(*back_end, credentials("admin", {}, "public")).verdict, AuthVerdict::Ignore);
  EXPECT_FALSE(ask(*back_end, credentials("c", "admin", "public")).superuser);
}

TEST_F(BuiltinUsersTest, SuperusersAreToldApartOnlyWithTheRightPassword) {
  const auto back_end = users({{"root", "public", true}, {"user", "public"}});
  EXPECT_TRUE(ask(*back_end, credentials("c", "root", "public")).superuser);
  EXPECT_FALSE(ask(*back_end, credentials("c", "root", "wrong")).superuser);
  EXPECT_FALSE(ask(*back_end, credentials("c", "user", "public")).superuser);
}

TEST_F(BuiltinUsersTest, ByClientId) {
  const auto back_end = users({{"dev:devid", "passwd2"}}, "plain", Key::ClientId);
  EXPECT_EQ(back_end->name(), "emq_auth_clientid");
  EXPECT_EQ(ask(*back_end, credentials("dev:devid", {}, "passwd2")).verdict, AuthVerdict::Allow);
  EXPECT_EQ(ask(*back_end, credentials("dev:devid", "anyone", "passwd2")).verdict, AuthVerdict::Allow);
  EXPECT_EQ(ask(*back_end, credentials("dev:devid", {}, "passwd")).verdict, AuthVerdict::Deny);
  EXPECT_EQ(ask(*back_end, credentials("dev:devid")).verdict, AuthVerdict::Deny);
  EXPECT_EQ(ask(*back_end, credentials("other", "dev:devid", "passwd2")).verdict, AuthVerdict::Ignore);
}

TEST_F(BuiltinUsersTest, PasswordsArePlainOrHashed) {
  struct Case {
    const char* scheme;
    const char* stored;
  };
  const Case cases[] = {
      {"plain", "public"},
      {"md5", "public"},
      {"md5", "4c9184f37cff01bcdc32dc486ec36961"},
      {"sha", "61c9b2b17db77a27841bbeeabff923448b0f6388"},
      {"sha256", "efa1f375d76194fa51a3556a97e641e61685f914d446979da50a551a4333ffd7"},
      {"salt,sha256", "public"},
      {"salt,sha256", "NaCl7:d985b83cd28802c432aae85386c4be2da3cea6b79ab80d71b1c06d7bfbfef283"},
      {"sha256,salt", "NaCl7:ea7c005603392c6d529424caea9f28a8ec2338e27dc795c77794103bbc5f3d4d"},
      {"pbkdf2,sha256,1000,20", "NaCl7:d82c792191880e9f0e187e93284c7b535cae9477"},
      {"pbkdf2,sha256,1000,20", "public"},
      {"bcrypt", "$2b$04$abcdefghijklmnopqrstuuaNoRgelGRsJ2Tm9Zn/HHRlHib6lnzBu"},
      {"bcrypt", "public"},
  };
  for (const Case& each : cases) {
    const auto back_end = users({{"u", each.stored}}, each.scheme);
    EXPECT_EQ(ask(*back_end, credentials("c", "u", "public")).verdict, AuthVerdict::Allow)
        << each.scheme << each.stored;
    EXPECT_EQ(ask(*back_end, credentials("c", "u", "publik")).verdict, AuthVerdict::Deny) << each.scheme << each.stored;
    if (std::string_view(each.stored) != "public") {
      EXPECT_EQ(ask(*back_end, credentials("c", "u", each.stored)).verdict, AuthVerdict::Deny) << each.scheme;
    }
  }
}

TEST_F(BuiltinUsersTest, SlowSchemesAreBusyWhenTheQueueIsFull) {
  const auto back_end = users({{"u", "public"}}, "pbkdf2,sha256,10,20");
  std::promise<void> release;
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(workers_.reserve());
    workers_.run([gate = i == 0 ? std::make_shared<std::future<void>>(release.get_future()) : nullptr] {
      if (gate) gate->wait();
    });
  }
  EXPECT_EQ(ask(*back_end, credentials("c", "u", "public")).verdict, AuthVerdict::Busy);
  release.set_value();
}

TEST_F(BuiltinUsersTest, NobodyWaitsForWorkThatIsNotWanted) {
  const auto back_end = users({{"u", "public"}}, "pbkdf2,sha256,10,20");
  const auto box = std::make_shared<AnswerBox>();
  box->give_up();
  const Credentials client = credentials("c", "u", "public");
  back_end->authenticate(client, AuthReply(box));
  EXPECT_EQ(box->get().verdict, AuthVerdict::Ignore);
}

TEST_F(BuiltinUsersTest, AddRemoveList) {
  const auto back_end = users({{"b", "1"}});
  EXPECT_TRUE(back_end->add("a", "2"));
  EXPECT_FALSE(back_end->add("b", "3"));
  EXPECT_EQ(back_end->list(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(ask(*back_end, credentials("c", "a", "2")).verdict, AuthVerdict::Allow);
  EXPECT_EQ(ask(*back_end, credentials("c", "b", "1")).verdict, AuthVerdict::Allow);
  EXPECT_TRUE(back_end->remove("b"));
  EXPECT_FALSE(back_end->remove("b"));
  EXPECT_EQ(ask(*back_end, credentials("c", "b", "1")).verdict, AuthVerdict::Ignore);
}

TEST_F(BuiltinUsersTest, AWrongReloadChangesNothing) {
  const auto back_end = users({{"a", "1"}});
  EXPECT_EQ(back_end->reload({Key::Username, "plain", {{"x", "1"}, {"x", "2"}}}).error().what, "'x' is there twice");
  EXPECT_EQ(back_end->reload({Key::Username, "plain", {{"", "1"}}}).error().what, "a user without a name");
  EXPECT_TRUE(back_end->reload({Key::Username, "rot13", {}}).has_error());
  EXPECT_EQ(back_end->list(), (std::vector<std::string>{"a"}));
  EXPECT_FALSE(back_end->reload({Key::Username, "md5", {{"n", "1"}}}).has_error());
  EXPECT_EQ(back_end->list(), (std::vector<std::string>{"n"}));
}

}  // namespace
}  // namespace sluice::auth
