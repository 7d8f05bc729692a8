// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/discovery.h"

#include <memory>
#include <utility>

#include "gateways/coap/content_format.h"
#include "shared/coap/codec/link_format.h"
#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

/// What of `links` passes the query. Links that we wrote can be read.
std::string filtered(const std::string& links, std::string_view query) {
  const auto filter = LinkFilter::from(query);
  if (!filter) return links;
  std::string passed;
  LinkWriter writer(passed);
  const auto parsed = parse_links(links, {.bytes = links.size(), .links = SIZE_MAX, .attributes = 16});
  if (!parsed) return links;
  for (const Link& link : *parsed) {
    if (!filter->matches(link)) continue;
    writer.link(link.target);
    for (const LinkAttribute& attribute : link.attributes) writer.attribute(attribute);
  }
  return passed;
}

/// The topic's path: its levels may hold whatever MQTT permits.
std::string ps_path(std::string_view topic) {
  std::string path = "/ps";
  for (;;) {
    const std::size_t end = topic.find('/');
    path += '/';
    append_percent_encoded(path, topic.substr(0, end));
    if (end == std::string_view::npos) return path;
    topic.remove_prefix(end + 1);
  }
}

}  // namespace

std::string topic_links(const std::vector<ListedTopic>& topics, std::string_view query) {
  std::string links;
  LinkWriter writer(links);
  for (const ListedTopic& topic : topics) {
    writer.link(ps_path(topic.topic)).number("ct", topic.content_format).text("rt", "core.ps.data").flag("obs");
  }
  return filtered(links, query);
}

std::string root_links(const CoapSettings& settings, Compat compat, std::string_view query) {
  std::string links;
  LinkWriter writer(links);
  if (compat == Compat::Strict) {
    writer.link("/" + settings.prefix).text("rt", "core.mqtt");
    writer.link("/ps").text("rt", "core.ps").number("ct", content_formats::kLinkFormat);
  } else {
    writer.link("/" + settings.prefix);
    writer.link("/ps");
  }
  return filtered(links, query);
}

Response links_response(std::string links) {
  auto owned = std::make_shared<const std::string>(std::move(links));
  Response response{codes::kContent, {}, {std::as_bytes(std::span(*owned)), owned}};
  response.options.add(Option::ContentFormat, content_formats::kLinkFormat);
  return response;
}

}  // namespace sluice::coap
