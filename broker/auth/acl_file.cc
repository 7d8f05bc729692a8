// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl_file.h"

#include <algorithm>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/auth/acl_lexer.h"
#include "broker/auth/text_file.h"

namespace sluice::auth {

namespace {

/// What makes a filter unable to match any topic; empty if it can.
std::string_view filter_fault(std::string_view filter) {
  if (filter.empty()) return "an empty topic filter matches nothing";
  for (std::size_t at = 0; at < filter.size(); ++at) {
    if (filter[at] != '+' && filter[at] != '#') continue;
    const bool begins = at == 0 || filter[at - 1] == '/';
    const bool ends = at + 1 == filter.size() || filter[at + 1] == '/';
    if (!begins || !ends) return "'+' and '#' must stand alone between slashes";
    if (filter[at] == '#' && at + 1 != filter.size()) return "'#' must be the last level";
  }
  return {};
}

bool has_level(std::string_view filter, std::string_view level) {
  for (std::size_t begin = 0; begin <= filter.size();) {
    const std::size_t slash = std::min(filter.find('/', begin), filter.size());
    if (filter.substr(begin, slash - begin) == level) return true;
    begin = slash + 1;
  }
  return false;
}

/// Recursive descent over the grammar in the header. The first error ends it: every function returns false then.
class AclParser {
 public:
  explicit AclParser(std::string_view text) : lexer_(text) {}

  LoadResult<std::vector<AclRule>> parse() {
    std::vector<AclRule> rules;
    if (!advance()) return error_;
    while (token_.kind != AclToken::Kind::End) {
      if (!rule(rules.emplace_back())) return error_;
    }
    return rules;
  }

 private:
  bool advance() {
    auto token = lexer_.next();
    if (!token) return fail(token.error());
    token_ = std::move(*token);
    return true;
  }
  bool fail(LoadError error) {
    error_ = std::move(error);
    return false;
  }
  bool fail_here(std::string what) { return fail({token_.line, token_.column, std::move(what)}); }
  bool expected(std::string_view what) {
    return fail_here(fmt::format("expected {}, found {}", what, token_.describe()));
  }
  bool punctuation(char c) { return token_.is(c) ? advance() : expected(fmt::format("'{}'", c)); }

  bool text(std::string& out, std::string_view what) {
    if (token_.kind != AclToken::Kind::Text) return expected(what);
    out = std::move(token_.text);
    return advance();
  }

  bool rule(AclRule& out) {
    out.line = token_.line;
    if (!token_.is('{')) return expected("a rule that begins with '{'");
    return advance() && permit(out) && punctuation(',') && body(out) && punctuation('}') && full_stop();
  }

  bool full_stop() { return token_.is('.') ? advance() : expected("'.' at the end of the rule"); }

  bool permit(AclRule& out) {
    out.allow = token_.is_atom("allow");
    return out.allow || token_.is_atom("deny") ? advance() : expected("allow or deny");
  }

  bool body(AclRule& out) {
    if (!who(out.who, 0)) return false;
    if (token_.is('}') && bare_all_) {
      out.every_topic = true;
      return true;
    }
    return punctuation(',') && access(out) && punctuation(',') && topics(out.topics);
  }

  bool who(AclWho& out, unsigned depth) {
    bare_all_ = token_.is_atom("all");
    if (bare_all_) return advance();
    if (!token_.is('{')) return expected("all, or a tuple such as {user, \"name\"}");
    if (depth == kMaxAclDepth) return fail_here(fmt::format("more than {} conditions inside each other", kMaxAclDepth));
    return advance() && who_tuple(out, depth) && punctuation('}');
  }

  bool who_tuple(AclWho& out, unsigned depth) {
    if (token_.is_atom("ipaddr")) return advance() && punctuation(',') && address(out);
    if (token_.is_atom("user")) return advance() && punctuation(',') && name(out, AclWho::Kind::User);
    if (token_.is_atom("client")) return advance() && punctuation(',') && name(out, AclWho::Kind::Client);
    const bool all = token_.is_atom("and");
    if (!all && !token_.is_atom("or")) return expected("ipaddr, user, client, 'and' or 'or'");
    out.kind = all ? AclWho::Kind::And : AclWho::Kind::Or;
    return advance() && punctuation(',') && conditions(out.parts, depth + 1);
  }

  bool address(AclWho& out) {
    const AclToken at = token_;
    std::string range;
    if (!text(range, "an address such as \"127.0.0.1\" or \"10.0.0.0/8\"")) return false;
    const auto cidr = Cidr::parse(range);
    if (!cidr)
      return fail(
          {at.line, at.column, "expected an address such as \"127.0.0.1\" or \"10.0.0.0/8\", found " + at.describe()});
    out.kind = AclWho::Kind::Address;
    out.range = *cidr;
    return true;
  }

  bool name(AclWho& out, AclWho::Kind kind) {
    if (token_.is_atom("all")) return advance();
    out.kind = kind;
    return text(out.name, "all or a text in double quotes");
  }

  bool conditions(std::vector<AclWho>& out, unsigned depth) {
    if (!punctuation('[')) return false;
    do {
      if (!who(out.emplace_back(), depth)) return false;
    } while (token_.is(',') && advance());
    bare_all_ = false;
    return error_.what.empty() && (token_.is(']') ? advance() : expected("',' or ']'"));
  }

  bool access(AclRule& out) {
    const bool both = token_.is_atom("pubsub");
    out.publish = both || token_.is_atom("publish");
    out.subscribe = both || token_.is_atom("subscribe");
    return out.publish || out.subscribe ? advance() : expected("publish, subscribe or pubsub");
  }

  bool topics(std::vector<AclTopic>& out) {
    if (!token_.is('[')) return expected("a list of topics that begins with '['");
    if (!advance()) return false;
    if (token_.is(']')) return advance();
    do {
      if (!topic(out.emplace_back())) return false;
    } while (token_.is(',') && advance());
    return error_.what.empty() && (token_.is(']') ? advance() : expected("',' or ']'"));
  }

  bool topic(AclTopic& out) {
    if (token_.is('{')) return literal(out);
    const AclToken at = token_;
    if (!text(out.text, "a topic in double quotes or {eq, \"topic\"}")) return false;
    if (const auto fault = filter_fault(out.text); !fault.empty()) {
      return fail({at.line, at.column, fmt::format("{} in {}", fault, at.describe())});
    }
    out.personal = has_level(out.text, "%u") || has_level(out.text, "%c");
    return true;
  }

  bool literal(AclTopic& out) {
    if (!advance()) return false;
    if (!token_.is_atom("eq")) return expected("eq");
    out.kind = AclTopic::Kind::Literal;
    return advance() && punctuation(',') && text(out.text, "a topic in double quotes") && punctuation('}');
  }

  AclLexer lexer_;
  AclToken token_;
  LoadError error_;
  bool bare_all_ = false;  ///< the `who` just read was the atom all: a rule may end behind it
};

}  // namespace

LoadResult<std::vector<AclRule>> parse_acl(std::string_view text) { return AclParser(text).parse(); }

LoadResult<std::vector<AclRule>> load_acl_file(const std::filesystem::path& path) {
  auto text = read_text_file(path, kMaxAclFile);
  if (!text) return text.error();
  return parse_acl(*text);
}

}  // namespace sluice::auth
