// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "shared/base/result.h"

namespace sluice::coap {

/// The Constrained RESTful link format [RFC 6690], Content-Format 40: what /.well-known/core answers and what a device
/// of LwM2M registers. Owner and thread of everything here: the caller's.

/// One attribute of a link; views of the text that was parsed.
struct LinkAttribute {
  enum class Form : std::uint8_t { Flag, Token, Quoted };  ///< ;obs  ;ct=40  ;rt="temperature"

  std::string_view name;
  std::string_view value;  ///< without its quotes, its backslashes still there
  Form form = Form::Flag;

  /// The value without backslashes.
  [[nodiscard]] std::string text() const;
};

struct Link {
  std::string_view target;  ///< a URI reference, as it stands there
  std::vector<LinkAttribute> attributes;

  /// The first of that name: of those that may occur once the others do not count [RFC 6690 2]. nullptr: there is none.
  [[nodiscard]] const LinkAttribute* find(std::string_view name) const;
};

enum class LinkErrc : std::uint8_t {
  BadTarget = 1,      ///< no '<', no '>', or between them what no URI reference holds
  BadName,            ///< an attribute without a name, or with characters that names do not have
  BadValue,           ///< nothing behind '=', or a quoted text that does not end or holds control characters
  BadSeparator,       ///< something that is neither ',' nor ';' behind a target or an attribute
  TooLong,            ///< past LinkLimits::bytes
  TooManyLinks,       ///< past LinkLimits::links
  TooManyAttributes,  ///< past LinkLimits::attributes
};
const boost::system::error_category& link_category();
ErrorCode make_error_code(LinkErrc error);

struct LinkLimits {
  std::size_t bytes = 65536;
  std::size_t links = 1024;
  std::size_t attributes = 32;  ///< of one link
};

/// Every link of `text`, which must live as long as they do; none for an empty one. Beyond the grammar, spaces and line
/// breaks behind ',' and ';' are skipped, because devices write them.
[[nodiscard]] Result<std::vector<Link>> parse_links(std::string_view text, const LinkLimits& limits = {});

/// What the query of a discovery asks for: `rt=temperature`, `href=/foo*` [RFC 6690 4.1]. Views of the query.
struct LinkFilter {
  std::string_view name;
  std::string_view pattern;  ///< without its '*'
  bool prefix = false;       ///< there was a '*' at its end

  /// From one Uri-Query option. nullopt: not of the form name=pattern; such a query filters nothing.
  static std::optional<LinkFilter> from(std::string_view query);
  /// A value of rel, rev, rt, if or ct is a list with spaces, of which one has to match.
  [[nodiscard]] bool matches(const Link& link) const;
};

/// Appends links to a text that the caller owns: link(), then its attributes.
class LinkWriter {
 public:
  explicit LinkWriter(std::string& out) : out_(out) {}

  /// What cannot stand between '<' and '>' is percent-encoded.
  LinkWriter& link(std::string_view target);
  /// Names: letters, digits and !#$&+-.^_`|~, which is the caller's affair; at least one.
  LinkWriter& flag(std::string_view name);
  LinkWriter& number(std::string_view name, std::uint64_t value);
  /// In quotes; control characters, which have no form there, become spaces.
  LinkWriter& text(std::string_view name, std::string_view value);
  /// One that was parsed, in the form in which it came.
  LinkWriter& attribute(const LinkAttribute& attribute);

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace sluice::coap

template <>
struct boost::system::is_error_code_enum<sluice::coap::LinkErrc> : std::true_type {};
