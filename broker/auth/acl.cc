// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/acl.h"

#include <algorithm>
#include <utility>

namespace sluice::auth {

namespace {

/// The levels of a topic or filter, one after the other.
class Levels {
 public:
  explicit Levels(std::string_view text) : rest_(text) {}

  /// False behind the last level.
  bool next(std::string_view& level) {
    if (done_) return false;
    const auto slash = rest_.find('/');
    level = rest_.substr(0, slash);
    done_ = slash == std::string_view::npos;
    if (!done_) rest_.remove_prefix(slash + 1);
    return true;
  }

 private:
  std::string_view rest_;
  bool done_ = false;
};

bool is_wildcard(std::string_view level) { return level == "+" || level == "#"; }

bool level_matches(std::string_view rule, std::string_view level, const AclSubject& subject, bool allow) {
  if (rule == "+") return level != "#" || !allow;
  const bool names_user = rule == "%u";
  if (!names_user && rule != "%c") return rule == level;
  if (is_wildcard(level) || (names_user && !subject.username)) return false;
  return level == (names_user ? *subject.username : subject.client_id);
}

bool filter_matches(std::string_view filter, std::string_view topic, const AclSubject& subject, bool allow) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  Levels rules(filter);
  Levels levels(topic);
  std::string_view rule;
  std::string_view level;
  while (rules.next(rule)) {
    if (rule == "#") return true;
    if (!levels.next(level) || !level_matches(rule, level, subject, allow)) return false;
  }
  return !levels.next(level);
}

}  // namespace

bool AclWho::matches(const AclSubject& subject) const {
  const auto part_matches = [&](const AclWho& part) { return part.matches(subject); };
  switch (kind) {
    case Kind::Everybody:
      return true;
    case Kind::Address:
      return range.contains(subject.address);
    case Kind::User:
      return subject.username && *subject.username == name;
    case Kind::Client:
      return subject.client_id == name;
    case Kind::And:
      return std::all_of(parts.begin(), parts.end(), part_matches);
    case Kind::Or:
      return std::any_of(parts.begin(), parts.end(), part_matches);
  }
  return false;
}

bool AclTopic::matches(std::string_view topic, const AclSubject& subject, bool allow) const {
  return kind == Kind::Literal ? topic == text : filter_matches(text, topic, subject, allow);
}

bool AclRule::matches_topic(std::string_view topic, const AclSubject& subject) const {
  return every_topic || std::any_of(topics.begin(), topics.end(),
                                    [&](const AclTopic& each) { return each.matches(topic, subject, allow); });
}

AclView::AclView(std::shared_ptr<const AclRules> rules, std::span<const std::uint32_t> chosen)
    : rules_(std::move(rules)), generation_(rules_->generation()) {
  prepare(Action::Publish, chosen);
  prepare(Action::Subscribe, chosen);
}

AclView::AclView(bool allow, std::uint64_t generation) : generation_(generation) {
  for (Decision& decision : decisions_) {
    decision.constant = allow ? AclVerdict::Allow : AclVerdict::Deny;
    decision.otherwise = allow;
  }
}

void AclView::prepare(Action action, std::span<const std::uint32_t> chosen) {
  Decision& decision = decisions_[static_cast<std::size_t>(action)];
  decision.otherwise = rules_->nomatch_allow();
  for (const std::uint32_t index : chosen) {
    const AclRule& rule = rules_->at(index);
    if (!rule.concerns(action)) continue;
    if (rule.every_topic) {
      decision.otherwise = rule.allow;
      break;
    }
    if (!rule.topics.empty()) decision.rules.push_back(&rule);
  }
  // What the last rules say is what holds without them too.
  while (!decision.rules.empty() && decision.rules.back()->allow == decision.otherwise) decision.rules.pop_back();
  decision.rules.shrink_to_fit();

  std::size_t topics = 0;
  for (const AclRule* rule : decision.rules) {
    topics += rule->topics.size();
    for (const AclTopic& topic : rule->topics) personal_ = personal_ || topic.personal;
  }
  cost_ = std::max(cost_, topics);
  if (topics > 0) {
    decision.constant = AclVerdict::ByTopic;
  } else {
    decision.constant = decision.otherwise ? AclVerdict::Allow : AclVerdict::Deny;
  }
}

bool AclView::check(Action action, std::string_view topic, const AclSubject& subject) const {
  const Decision& each = decision(action);
  for (const AclRule* rule : each.rules) {
    if (rule->matches_topic(topic, subject)) return rule->allow;
  }
  return each.otherwise;
}

AclRules::AclRules(std::vector<AclRule> rules, bool nomatch_allow, std::uint64_t generation)
    : rules_(std::move(rules)), nomatch_allow_(nomatch_allow), generation_(generation) {
  for (std::uint32_t i = 0; i < rules_.size(); ++i) {
    const AclRule& rule = rules_[i];
    if (rule.who.kind == AclWho::Kind::User) {
      by_user_[rule.who.name].push_back(i);
    } else if (rule.who.kind == AclWho::Kind::Client) {
      by_client_[rule.who.name].push_back(i);
    } else {
      others_.push_back(i);
    }
  }
}

std::vector<std::uint32_t> AclRules::select(const AclSubject& subject) const {
  std::vector<std::uint32_t> chosen;
  for (const std::uint32_t i : others_) {
    if (rules_[i].who.matches(subject)) chosen.push_back(i);
  }
  const auto add = [&chosen](const Index& index, std::string_view name) {
    if (const auto found = index.find(name); found != index.end()) {
      chosen.insert(chosen.end(), found->second.begin(), found->second.end());
    }
  };
  if (subject.username) add(by_user_, *subject.username);
  add(by_client_, subject.client_id);
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace sluice::auth
