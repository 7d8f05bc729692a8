// SPDX-License-Identifier: Apache-2.0
// Reading and filtering links. Writing is in link_writer.cc.
#include "shared/coap/codec/link_format.h"

#include <algorithm>
#include <array>

#include "shared/coap/codec/link_characters.h"

namespace sluice::coap {
namespace {

class LinkCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "link-format"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<LinkErrc>(value)) {
      case LinkErrc::BadTarget:
        return "a link's target is not a URI reference in angle brackets";
      case LinkErrc::BadName:
        return "an attribute has no valid name";
      case LinkErrc::BadValue:
        return "an attribute's value is malformed";
      case LinkErrc::BadSeparator:
        return "links are not separated by ',' or attributes not by ';'";
      case LinkErrc::TooLong:
        return "the links take too many bytes";
      case LinkErrc::TooManyLinks:
        return "too many links";
      case LinkErrc::TooManyAttributes:
        return "too many attributes of a link";
    }
    return "unknown reason";
  }
};

/// Walks over the text once; each step takes what it has read from the front of `rest_`.
class LinkParser {
 public:
  LinkParser(std::string_view text, const LinkLimits& limits) : rest_(text), limits_(limits) {}

  Result<std::vector<Link>> parse() {
    std::vector<Link> links;
    if (rest_.size() > limits_.bytes) return LinkErrc::TooLong;
    if (rest_.empty()) return links;
    do {
      if (links.size() == limits_.links) return LinkErrc::TooManyLinks;
      if (const ErrorCode error = read_link(links.emplace_back())) return error;
    } while (take_separator(','));
    if (!rest_.empty()) return LinkErrc::BadSeparator;
    return links;
  }

 private:
  ErrorCode read_link(Link& link) {
    if (!take('<')) return LinkErrc::BadTarget;
    link.target = take_while(is_target_character);
    if (!take('>')) return LinkErrc::BadTarget;
    while (take_separator(';')) {
      if (link.attributes.size() == limits_.attributes) return LinkErrc::TooManyAttributes;
      if (const ErrorCode error = read_attribute(link.attributes.emplace_back())) return error;
    }
    return {};
  }

  ErrorCode read_attribute(LinkAttribute& attribute) {
    const std::string_view all = rest_;
    const std::size_t plain = take_while(is_name_character).size();
    if (plain == 0) return LinkErrc::BadName;
    attribute.name = all.substr(0, take('*') ? plain + 1 : plain);
    if (!take('=')) return {};
    if (take('"')) return read_quoted(attribute);
    attribute.form = LinkAttribute::Form::Token;
    attribute.value = take_while(is_token_character);
    return attribute.value.empty() ? ErrorCode{LinkErrc::BadValue} : ErrorCode{};
  }

  ErrorCode read_quoted(LinkAttribute& attribute) {
    attribute.form = LinkAttribute::Form::Quoted;
    for (std::size_t at = 0; at < rest_.size(); ++at) {
      if (rest_[at] == '"') {
        attribute.value = rest_.substr(0, at);
        rest_.remove_prefix(at + 1);
        return {};
      }
      if (rest_[at] == '\\') ++at;
      if (at == rest_.size() || is_control(rest_[at])) break;
    }
    return LinkErrc::BadValue;
  }

  bool take(char character) {
    if (!rest_.starts_with(character)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool take_separator(char separator) {
    if (!take(separator)) return false;
    take_while(
        [](char character) { return character == ' ' || character == '\t' || character == '\r' || character == '\n'; });
    return true;
  }
  template <class Is>
  std::string_view take_while(Is is) {
    const auto end = std::ranges::find_if_not(rest_, is);
    const auto taken = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  std::string_view rest_;
  const LinkLimits& limits_;
};

constexpr std::array<std::string_view, 5> kLists{"rel", "rev", "rt", "if", "ct"};

bool fits(const LinkFilter& filter, std::string_view value) {
  return filter.prefix ? value.starts_with(filter.pattern) : value == filter.pattern;
}

bool one_fits(const LinkFilter& filter, std::string_view list) {
  while (true) {
    const std::size_t space = list.find(' ');
    if (fits(filter, list.substr(0, space))) return true;
    if (space == std::string_view::npos) return false;
    list.remove_prefix(space + 1);
  }
}

}  // namespace

const boost::system::error_category& link_category() {
  static const LinkCategory category;
  return category;
}

ErrorCode make_error_code(LinkErrc error) { return {static_cast<int>(error), link_category()}; }

std::string LinkAttribute::text() const {
  std::string text;
  text.reserve(value.size());
  for (std::size_t at = 0; at < value.size(); ++at) {
    if (form == Form::Quoted && value[at] == '\\' && at + 1 < value.size()) ++at;
    text += value[at];
  }
  return text;
}

const LinkAttribute* Link::find(std::string_view name) const {
  const auto found = std::ranges::find(attributes, name, &LinkAttribute::name);
  return found == attributes.end() ? nullptr : &*found;
}

Result<std::vector<Link>> parse_links(std::string_view text, const LinkLimits& limits) {
  return LinkParser(text, limits).parse();
}

std::optional<LinkFilter> LinkFilter::from(std::string_view query) {
  const std::size_t equals = query.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  LinkFilter filter{query.substr(0, equals), query.substr(equals + 1)};
  filter.prefix = filter.pattern.ends_with('*');
  if (filter.prefix) filter.pattern.remove_suffix(1);
  return filter;
}

bool LinkFilter::matches(const Link& link) const {
  if (name == "href") return fits(*this, link.target);
  const bool list = std::ranges::find(kLists, name) != kLists.end();
  return std::ranges::any_of(link.attributes, [&](const LinkAttribute& attribute) {
    if (attribute.name != name) return false;
    const std::string text = attribute.text();
    return list ? one_fits(*this, text) : fits(*this, text);
  });
}

}  // namespace sluice::coap
