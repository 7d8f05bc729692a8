// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/ps_requests.h"

#include <charconv>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "gateways/coap/code_map.h"
#include "gateways/coap/content_format.h"
#include "gateways/coap/created_topics.h"
#include "gateways/coap/discovery.h"
#include "gateways/coap/gateway_shard.h"
#include "gateways/coap/limit_log.h"
#include "gateways/coap/mqtt_requests.h"
#include "gateways/coap/representation.h"
#include "shared/coap/codec/link_format.h"
#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

/// Without a Max-Age option, a value of /ps grew stale after that time [RFC 7252 5.10.5].
constexpr std::uint32_t kEmqMaxAgeSeconds = 60;

bool strict(const Command& command) { return command.compat == Compat::Strict; }

CreatedTopics& created(Client& client) { return client.shard().created(); }

/// What is known of a topic of /ps.
struct Topic {
  Reason reason = Reason::Success;
  MessagePtr value;
  std::optional<std::uint16_t> format;  ///< unset: it does not exist

  [[nodiscard]] bool exists() const { return format.has_value(); }
};

Topic look_up(Client& client, std::string_view topic) {
  RetainedAnswer answer = client.session().read_retained(topic);
  Topic result{answer.reason, std::move(answer.message), std::nullopt};
  if (result.value) {
    result.format = content_format_of(*result.value);
  } else if (const auto found = created(client).find(client.shard().scoped(client, topic))) {
    result.format = found->content_format;
  }
  return result;
}

/// Where a topic is, in Location-Path: a segment for each level; EMQ wrote all of it into one.
void add_location(const Command& command, Options& options, const std::string& topic) {
  if (strict(command)) {
    if (add_segments(options, "ps/" + topic, Option::LocationPath)) return;
  }
  options.add(Option::LocationPath, "/ps/" + topic);
}

void serve_create(Client& client, const Envelope& envelope) {
  const Command& command = envelope.command;
  const std::string_view body{reinterpret_cast<const char*>(command.body.data()), command.body.size()};
  const auto links = parse_links(body, {.bytes = 1024, .links = 1, .attributes = 8});
  const LinkAttribute* const ct = links && links->size() == 1 ? links->front().find("ct") : nullptr;
  std::uint16_t format = 0;
  const std::string text = ct == nullptr ? std::string() : ct->text();
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), format);
  const bool one_link = ct != nullptr && error == std::errc() && end == text.data() + text.size() &&
                        !links->front().target.empty() && links->front().target.front() != '/';
  const auto name = one_link ? percent_decode(links->front().target) : std::nullopt;
  if (!name) {
    return client.reply(envelope.sender, bare_response(codes::kBadRequest));
  }
  const std::string topic = command.topic.empty() ? *name : command.topic + '/' + *name;
  const Reason reason = client.session().may_publish(topic);
  if (is_error(reason)) return client.reply(envelope.sender, bare_response(code_of(reason)));
  if (!created(client).put(client.shard().scoped(client, topic), format)) {
    static log::RateLimit lines(1);
    log_limit_reached(lines, "a topic was not created", "coap.ps.max_created", client.shard().settings().max_created,
                      client.client_id());
    return client.reply(envelope.sender, bare_response(codes::kTooManyRequests));
  }
  Response response{codes::kCreated, {}, {}};
  add_location(command, response.options, topic);
  client.reply(envelope.sender, std::move(response));
}

void serve_publish(Client& client, Envelope& envelope) {
  Command& command = envelope.command;
  const Topic topic = look_up(client, command.topic);
  if (is_error(topic.reason)) return client.reply(envelope.sender, bare_response(code_of(topic.reason)));
  if (!precondition_holds(command, topic.value)) {
    return client.reply(envelope.sender, {codes::kPreconditionFailed, {}, {}});
  }
  const std::uint16_t format = command.content_format.value_or(topic.format.value_or(content_formats::kOctetStream));
  // An empty value would remove the topic for everybody else; DELETE does that.
  if (command.body.empty() || (topic.format && format != *topic.format)) {
    return client.reply(envelope.sender, bare_response(codes::kBadRequest));
  }
  command.content_format = format;
  if (!strict(command) && !command.expiry_seconds) command.expiry_seconds = kEmqMaxAgeSeconds;
  const PublishResult result = publish(client, command);
  if (is_error(result.reason)) return client.reply(envelope.sender, bare_response(code_of(result.reason)));
  // What grows stale does not cease to exist.
  if (command.expiry_seconds)
    static_cast<void>(created(client).put(client.shard().scoped(client, command.topic), format));
  Response response{topic.exists() ? codes::kChanged : codes::kCreated, {}, {}};
  if (!topic.exists()) add_location(command, response.options, command.topic);
  client.reply(envelope.sender, std::move(response), result.ticket);
}

/// False, and the client has been told: the topic cannot be read, or does not exist.
bool readable(Client& client, const Envelope& envelope, const Topic& topic) {
  Code code = codes::kContent;
  if (is_error(topic.reason)) {
    code = code_of(topic.reason);
  } else if (!topic.format) {
    code = codes::kNotFound;
  } else if (envelope.command.content_format && *envelope.command.content_format != *topic.format) {
    code = codes::kBadRequest;
  } else {
    return true;
  }
  client.reply(envelope.sender, bare_response(code));
  return false;
}

void serve_read(Client& client, const Envelope& envelope) {
  const Topic topic = look_up(client, envelope.command.topic);
  if (!readable(client, envelope, topic)) return;
  if (topic.value) {
    return client.reply(envelope.sender, read_response(envelope.command, topic.value, client.shard().wall_now()));
  }
  client.reply(envelope.sender, {strict(envelope.command) ? codes::kNoContent : codes::kContent, {}, {}});
}

void serve_subscribe(Client& client, const Envelope& envelope) {
  const Topic topic = look_up(client, envelope.command.topic);
  if (readable(client, envelope, topic)) subscribe(client, envelope, topic.value, codes::kNoContent);
}

/// Whoever observes it learns that it is gone. As for any publish, the client has to have the right to.
Reason clear(Client& client, std::string_view topic) {
  PublishRequest request;
  request.topic = topic;
  request.retain = true;
  return client.session().publish(request).reason;
}

struct Removed {
  Reason refused = Reason::Success;
  bool any = false;
  bool more = false;
};

/// The topics without a value, as many as are listed at a time.
Removed remove_created(Client& client, std::string_view topic) {
  const std::size_t scope = client.shard().scoped(client, "").size();
  const std::size_t most = client.shard().settings().max_listed;
  const std::vector<std::string> tree = created(client).tree(client.shard().scoped(client, topic), most);
  Removed removed{.any = !tree.empty(), .more = tree.size() == most};
  for (const std::string& one : tree) {
    const Reason reason = clear(client, std::string_view(one).substr(scope));
    if (is_error(reason)) {
      removed.refused = reason;
    } else {
      created(client).remove(one);
    }
  }
  return removed;
}

/// Removes what was found, and looks again if that was not all.
void serve_remove(Client& client, const Envelope& envelope, bool found_before) {
  const std::string& topic = envelope.command.topic;
  const auto done = [&client, envelope, found_before](const RetainedList& list) {
    Reason refused = Reason::Success;
    for (const MessagePtr& message : list.messages) {
      const Reason reason = clear(client, message->topic());
      if (is_error(reason)) {
        refused = reason;
      } else {
        created(client).remove(client.shard().scoped(client, message->topic()));
      }
    }
    if (is_error(refused)) return client.reply(envelope.sender, bare_response(code_of(refused)));
    const Removed removed = remove_created(client, envelope.command.topic);
    if (is_error(removed.refused)) return client.reply(envelope.sender, bare_response(code_of(removed.refused)));
    if (list.more || removed.more) return serve_remove(client, envelope, true);
    const bool found = found_before || !list.messages.empty() || removed.any;
    client.reply(envelope.sender, {found ? codes::kDeleted : codes::kNotFound, {}, {}});
  };
  if (topic.find_first_of("+#") != std::string::npos) {
    return client.reply(envelope.sender, bare_response(codes::kBadRequest));
  }
  client.search(envelope.sender, topic + "/#", done);
}

/// What is below /ps; /.well-known/core begins with the entry points [RFC 6690 4].
std::string links_for(Client& client, const Command& command, const std::vector<ListedTopic>& topics) {
  std::string links;
  if (command.resource == Resource::WellKnown) {
    links = root_links(client.shard().settings(), command.compat, command.list_query);
  }
  const std::string of_topics = topic_links(topics, command.list_query);
  if (!links.empty() && !of_topics.empty()) links += ',';
  return links + of_topics;
}

void serve_list(Client& client, const Envelope& envelope) {
  if (envelope.command.accept && *envelope.command.accept != content_formats::kLinkFormat) {
    return client.reply(envelope.sender, bare_response(codes::kNotAcceptable));
  }
  const auto done = [&client, envelope](const RetainedList& list) {
    // One with a value is shown as that.
    std::map<std::string, std::uint16_t> by_name;
    for (const MessagePtr& message : list.messages) by_name.emplace(message->topic(), content_format_of(*message));
    const std::string scope = client.shard().scoped(client, "");
    for (const auto& one : created(client).list(scope, client.shard().settings().max_listed)) {
      std::string name = one.topic.substr(scope.size());
      if (look_up(client, name).reason != Reason::NotAuthorized) by_name.emplace(std::move(name), one.content_format);
    }
    std::vector<ListedTopic> topics;
    topics.reserve(by_name.size());
    for (const auto& [name, format] : by_name) topics.push_back({name, format});
    client.reply(envelope.sender, links_response(links_for(client, envelope.command, topics)));
  };
  client.search(envelope.sender, "#", done);
}

}  // namespace

void serve_ps(Client& client, Envelope& envelope) {
  switch (envelope.command.operation) {
    case Operation::Read:
      return serve_read(client, envelope);
    case Operation::Subscribe:
      return serve_subscribe(client, envelope);
    case Operation::Unsubscribe:
      return unsubscribe(client, envelope);
    case Operation::Publish:
      return serve_publish(client, envelope);
    case Operation::Create:
      return serve_create(client, envelope);
    case Operation::Remove:
      return serve_remove(client, envelope, false);
    case Operation::List:
      if (!strict(envelope.command)) return client.reply(envelope.sender, bare_response(codes::kBadRequest));
      return serve_list(client, envelope);
    case Operation::OpenConnection:
    case Operation::RefreshConnection:
    case Operation::CloseConnection:
      break;  // of /mqtt only
  }
  client.reply(envelope.sender, bare_response(codes::kMethodNotAllowed));
}

}  // namespace sluice::coap
