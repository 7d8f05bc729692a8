// SPDX-License-Identifier: Apache-2.0
// A list of links: what is read is written to a text that reads the same, obeys the limits, and is found by the filter
// that its own attributes make.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "shared/coap/codec/link_format.h"

namespace {

using namespace sluice;
using namespace sluice::coap;

void require(bool condition) {
  if (!condition) std::abort();
}

std::string write(const std::vector<Link>& links) {
  std::string text;
  LinkWriter writer(text);
  for (const Link& link : links) {
    writer.link(link.target);
    for (const LinkAttribute& attribute : link.attributes) writer.attribute(attribute);
  }
  return text;
}

/// With every value in quotes that the writer makes.
std::string write_texts(const std::vector<Link>& links) {
  std::string text;
  LinkWriter writer(text);
  for (const Link& link : links) {
    writer.link(link.target);
    for (const LinkAttribute& attribute : link.attributes) writer.text(attribute.name, attribute.text());
  }
  return text;
}

void check_same(const std::vector<Link>& links, std::string_view written, bool forms) {
  const auto again = parse_links(written, {.bytes = written.size()});
  require(again.has_value() && again->size() == links.size());
  for (std::size_t at = 0; at < links.size(); ++at) {
    const Link& link = links[at];
    const Link& other = (*again)[at];
    require(link.target == other.target && link.attributes.size() == other.attributes.size());
    for (std::size_t index = 0; index < link.attributes.size(); ++index) {
      require(link.attributes[index].name == other.attributes[index].name);
      require(link.attributes[index].text() == other.attributes[index].text());
      require(!forms || link.attributes[index].form == other.attributes[index].form);
    }
  }
}

void check_filters(const Link& link) {
  const std::string target = "href=" + std::string(link.target) + "*";
  require(LinkFilter::from(target)->matches(link));
  for (const LinkAttribute& attribute : link.attributes) {
    if (attribute.name == "href") continue;
    const std::string text = attribute.text();
    const std::string query = std::string(attribute.name) + "=" + text.substr(0, text.find_first_of(" *")) + "*";
    require(LinkFilter::from(query)->matches(link));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const LinkLimits limits{.bytes = 2048, .links = 64, .attributes = 8};
  const auto links = parse_links(text, limits);
  if (!links) {
    require(links.error().category() == link_category());
    return 0;
  }
  require(size <= limits.bytes && links->size() <= limits.links);
  for (const Link& link : *links) {
    require(link.attributes.size() <= limits.attributes);
    check_filters(link);
  }
  const std::string written = write(*links);
  require(written.size() <= size);
  check_same(*links, written, true);
  check_same(*links, write_texts(*links), false);
  return 0;
}
