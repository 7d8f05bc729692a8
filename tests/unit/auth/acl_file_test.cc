// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl_file.h"

#include "tests/unit/auth/auth_support.h"

namespace sluice::auth {
namespace {

std::vector<AclRule> parsed(std::string_view text) {
  auto rules = parse_acl(text);
  EXPECT_TRUE(rules) << rules.error().to_string("acl.conf");
  return rules ? *rules : std::vector<AclRule>();
}

std::string fault(std::string_view text) {
  const auto rules = parse_acl(text);
  return rules ? "accepted" : rules.error().to_string("acl.conf");
}

TEST(AclFile, ReadsTheRulesThatAreShipped) {
  const auto rules = parsed(kDefaultAcl);
  ASSERT_EQ(rules.size(), 4U);

  EXPECT_TRUE(rules[0].allow);
  EXPECT_EQ(rules[0].line, 2U);
  EXPECT_EQ(rules[0].who.kind, AclWho::Kind::User);
  EXPECT_EQ(rules[0].who.name, "dashboard");
  EXPECT_FALSE(rules[0].publish);
  EXPECT_TRUE(rules[0].subscribe);
  ASSERT_EQ(rules[0].topics.size(), 1U);
  EXPECT_EQ(rules[0].topics[0].text, "$SYS/#");

  EXPECT_EQ(rules[1].who.kind, AclWho::Kind::Address);
  EXPECT_TRUE(rules[1].who.range.contains(address("127.0.0.1")));
  EXPECT_TRUE(rules[1].publish && rules[1].subscribe);
  EXPECT_EQ(rules[1].topics.size(), 2U);

  EXPECT_FALSE(rules[2].allow);
  EXPECT_EQ(rules[2].who.kind, AclWho::Kind::Everybody);
  ASSERT_EQ(rules[2].topics.size(), 2U);
  EXPECT_EQ(rules[2].topics[1].kind, AclTopic::Kind::Literal);
  EXPECT_EQ(rules[2].topics[1].text, "#");

  EXPECT_TRUE(rules[3].every_topic && rules[3].allow);
  EXPECT_EQ(rules[3].line, 11U);
}

TEST(AclFile, ReadsTheManualsChineseComments) {
  EXPECT_EQ(parsed("% 允许 'dashboard' 用户订阅 '$SYS/#'\n{allow, {user, \"dashboard\"}, subscribe, [\"$SYS/#\"]}.\n"
                   "% 上述规则无匹配, 允许\n{allow, all}.")
                .size(),
            2U);
}

TEST(AclFile, ReadsEveryForm) {
  const auto rules = parsed(R"(
    {deny, all}.
    {'allow',{client,"c1"},publish,["a/%c","b/%u/+"]}.{allow,{user,all},'pubsub',[]}.
    {allow, {client, all}, publish, [<<"a">>, << "b"/utf8 >>, {eq, <<"c">>}]} .
    {deny, {'and', [{ipaddr, "10.0.0.0/8"}, {'or', [{user, "x"}, {client, "y"}, all]}]}, subscribe, % why
       ["x"]}. % end)");
  ASSERT_EQ(rules.size(), 5U);
  EXPECT_TRUE(rules[0].every_topic);
  EXPECT_FALSE(rules[0].allow);
  EXPECT_EQ(rules[1].who.kind, AclWho::Kind::Client);
  EXPECT_TRUE(rules[1].topics[0].personal && rules[1].topics[1].personal);
  EXPECT_EQ(rules[2].who.kind, AclWho::Kind::Everybody);
  EXPECT_FALSE(rules[2].every_topic);
  EXPECT_TRUE(rules[2].topics.empty());
  EXPECT_EQ(rules[3].who.kind, AclWho::Kind::Everybody);
  EXPECT_EQ(rules[3].topics[1].text, "b");
  EXPECT_EQ(rules[3].topics[2].kind, AclTopic::Kind::Literal);
  const AclWho& who = rules[4].who;
  EXPECT_EQ(who.kind, AclWho::Kind::And);
  ASSERT_EQ(who.parts.size(), 2U);
  EXPECT_EQ(who.parts[1].kind, AclWho::Kind::Or);
  ASSERT_EQ(who.parts[1].parts.size(), 3U);
  EXPECT_EQ(who.parts[1].parts[2].kind, AclWho::Kind::Everybody);
}

TEST(AclFile, AnEmptyFileHasNoRules) {
  EXPECT_TRUE(parsed("").empty());
  EXPECT_TRUE(parsed(" \n\t% nothing").empty());
}

TEST(AclFile, OnlyWholeLevelsArePlaceholders) {
  const auto rules = parsed(R"({allow, all, publish, ["%u", "a/%u/b", "a%u", "%uc/x", "%%c"]}.)");
  EXPECT_TRUE(rules[0].topics[0].personal);
  EXPECT_TRUE(rules[0].topics[1].personal);
  for (std::size_t i = 2; i < 5; ++i) EXPECT_FALSE(rules[0].topics[i].personal) << i;
}

TEST(AclFile, StringsHaveErlangsEscapes) {
  const auto text = [](const std::string& literal) {
    return parsed("{allow, {user, " + literal + "}, publish, []}.")[0].who.name;
  };
  EXPECT_EQ(text(R"("a\"b\\c\'d")"), "a\"b\\c'd");
  EXPECT_EQ(text(R"("\b\d\e\f\n\r\s\t\v\q")"), "\b\x7F\x1B\f\n\r \t\vq");
  EXPECT_EQ(text(R"("\101\7\60x\1011")"), "A\a0xA1");
  EXPECT_EQ(text(R"("\x41\x{4E2D}\x{1F600}\x{e9}")"), "A\u4E2D\U0001F600\u00E9");
  EXPECT_EQ(text(R"("\^A\^z")"), "\x01\x1A");
  EXPECT_EQ(text("\"\u8BBE\u5907 % no comment\""), "\u8BBE\u5907 % no comment");
  EXPECT_EQ(text("\"two\nlines\""), "two\nlines");
}

TEST(AclFile, ErrorsSayWhereAndWhatWasExpected) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"allow, all}.", "acl.conf:1:1: expected a rule that begins with '{', found 'allow'"},
      {"{allow, all}", "acl.conf:1:13: expected '.' at the end of the rule, found the end of the file"},
      {"{allow, all}.\n{deny, all}\n{allow, all}.", "acl.conf:3:1: expected '.' at the end of the rule, found '{'"},
      {"{permit, all}.", "acl.conf:1:2: expected allow or deny, found 'permit'"},
      {"{allow all}.", "acl.conf:1:8: expected ',', found 'all'"},
      {"{allow, everyone}.", "acl.conf:1:9: expected all, or a tuple such as {user, \"name\"}, found 'everyone'"},
      {"{allow, {user, \"x\"}}.", "acl.conf:1:20: expected ',', found '}'"},
      {"{allow, {'or', [all]}}.", "acl.conf:1:22: expected ',', found '}'"},
      {"{allow, {user, x}, publish, []}.", "acl.conf:1:16: expected all or a text in double quotes, found 'x'"},
      {"{allow, {group, \"x\"}, publish, []}.",
       "acl.conf:1:10: expected ipaddr, user, client, 'and' or 'or', found 'group'"},
      {"{allow, {ipaddr, \"10.0.0.0/40\"}, publish, []}.",
       "acl.conf:1:18: expected an address such as \"127.0.0.1\" or \"10.0.0.0/8\", found \"10.0.0.0/40\""},
      {"{allow, {ipaddr, all}, publish, []}.",
       "acl.conf:1:18: expected an address such as \"127.0.0.1\" or \"10.0.0.0/8\", found 'all'"},
      {"{allow, {'and', []}, publish, []}.",
       "acl.conf:1:18: expected all, or a tuple such as {user, \"name\"}, found ']'"},
      {"{allow, {'and', [all}, publish, []}.", "acl.conf:1:21: expected ',' or ']', found '}'"},
      {"{allow, all, pub, [\"a\"]}.", "acl.conf:1:14: expected publish, subscribe or pubsub, found 'pub'"},
      {"{allow, all, publish}.", "acl.conf:1:21: expected ',', found '}'"},
      {"{allow, all, publish, \"a\"}.", "acl.conf:1:23: expected a list of topics that begins with '[', found \"a\""},
      {"{allow, all, publish, [a]}.", "acl.conf:1:24: expected a topic in double quotes or {eq, \"topic\"}, found 'a'"},
      {"{allow, all, publish, [\"a\" \"b\"]}.", "acl.conf:1:28: expected ',' or ']', found \"b\""},
      {"{allow, all, publish, [\"a\",]}.",
       "acl.conf:1:28: expected a topic in double quotes or {eq, \"topic\"}, found ']'"},
      {"{allow, all, publish, [{ne, \"a\"}]}.", "acl.conf:1:25: expected eq, found 'ne'"},
      {"{allow, all, publish, [{eq, a}]}.", "acl.conf:1:29: expected a topic in double quotes, found 'a'"},
      {"{allow, all, publish, [{eq, \"a\"]}.", "acl.conf:1:32: expected '}', found ']'"},
      {"{allow, all, publish, [\"\"]}.", "acl.conf:1:24: an empty topic filter matches nothing in \"\""},
      {"{deny, all, publish, [\"a/#/b\"]}.", "acl.conf:1:23: '#' must be the last level in \"a/#/b\""},
      {"{deny, all, publish, [\"a+\"]}.", "acl.conf:1:23: '+' and '#' must stand alone between slashes in \"a+\""},
      {"{deny, all, publish, [\"$SYS#\"]}.",
       "acl.conf:1:23: '+' and '#' must stand alone between slashes in \"$SYS#\""},
      {"{allow, all, publish, [\"a]}.\n", "acl.conf:1:24: no closing \" for this one"},
      {"{allow, all, publish, [\"a\\", "acl.conf:1:24: no closing \" for this one"},
      {"{'allow, all}.", "acl.conf:1:2: no closing ' for this one"},
      {"{allow, all, publish, [\"\\xZZ\"]}.", "acl.conf:1:27: expected two hexadecimal digits, or {digits}, after \\x"},
      {"{allow, all, publish, [\"\\x4\"]}.", "acl.conf:1:27: expected two hexadecimal digits, or {digits}, after \\x"},
      {"{allow, all, publish, [\"\\x{41\"]}.",
       "acl.conf:1:28: expected two hexadecimal digits, or {digits}, after \\x"},
      {"{allow, all, publish, [\"\\x{110000}\"]}.", "acl.conf:1:35: there is no such character"},
      {"{allow, all, publish, [\"\\x{D800}\"]}.", "acl.conf:1:33: there is no such character"},
      {"{allow, all, publish, [\"\\0\"]}.", "acl.conf:1:24: this text holds a null character"},
      {"{allow, all, publish, [\"\xFF\"]}.", "acl.conf:1:24: this text is not UTF-8"},
      {"{allow, all, publish, [<<a>>]}.", "acl.conf:1:24: expected a binary such as <<\"text\">>"},
      {"{allow, all, publish, [<<\"a\">]}.", "acl.conf:1:24: expected a binary such as <<\"text\">>"},
      {"{Allow, all}.", "acl.conf:1:2: 'A' has no meaning here"},
      {"{allow, all}.\n\x01", "acl.conf:2:1: byte 0x01 has no meaning here"},
      {"# a comment\n", "acl.conf:1:1: '#' has no meaning here"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(fault(text), message) << text;
}

TEST(AclFile, EveryTruncationOfARuleIsAnError) {
  const std::string_view rule =
      R"({deny, {'and', [{ipaddr, "10.0.0.0/8"}, {user, "a\x{41}"}]}, pubsub, ["x/+", {eq, <<"#">>}]}.)";
  ASSERT_EQ(fault(rule), "accepted");
  for (std::size_t length = 1; length < rule.size(); ++length) {
    EXPECT_NE(fault(rule.substr(0, length)), "accepted") << rule.substr(0, length);
  }
}

TEST(AclFile, NestingIsBounded) {
  const auto nested = [](unsigned depth) {
    std::string who = "all";
    for (unsigned i = 0; i < depth; ++i) who = "{'and', [" + who + "]}";
    return "{allow, " + who + ", publish, [\"a\"]}.";
  };
  EXPECT_EQ(fault(nested(kMaxAclDepth)), "accepted");
  EXPECT_NE(fault(nested(kMaxAclDepth + 1)).find("more than 16 conditions"), std::string::npos);
}

TEST(AclFile, LoadSaysWhatIsWrongWithTheFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(load_acl_file(folder.path() / "none.conf").error().what, "there is no such file");
  EXPECT_EQ(load_acl_file(folder.path()).error().what, "is not a regular file");
  EXPECT_EQ(load_acl_file(folder.write("acl.conf", kDefaultAcl))->size(), 4U);
}

}  // namespace
}  // namespace sluice::auth
