// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/mqtt_requests.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>
#include <vector>

#include "broker/api/properties.h"
#include "gateways/coap/coap_probe.h"
#include "gateways/coap/code_map.h"
#include "gateways/coap/content_format.h"
#include "gateways/coap/gateway_shard.h"
#include "gateways/coap/limit_log.h"
#include "gateways/coap/representation.h"

namespace sluice::coap {
namespace {

bool strict(const Command& command) { return command.compat == Compat::Strict; }

/// `$share/group/filter` and `$queue/filter` name no topic that could be read.
bool is_shared(std::string_view filter) { return filter.starts_with("$share/") || filter.starts_with("$queue/"); }

bool is_readable(const Command& command) {
  return strict(command) && !has_wildcard(command.topic) && !is_shared(command.topic);
}

/// Whether the value of what is to be observed comes with the answer, if there is one.
bool is_read(const Command& command) { return command.resource == Resource::Ps || is_readable(command); }

Response diagnostic(Code code, std::string_view text) {
  Response response = bare_response(code);
  auto owned = std::make_shared<std::string>(text);
  response.body = {std::as_bytes(std::span(*owned)), owned};
  return response;
}

void serve_read(Client& client, const Envelope& envelope) {
  const Command& command = envelope.command;
  // A sign of life has been taken already.
  if (!strict(command) || command.topic.empty()) return client.reply(envelope.sender, {codes::kContent, {}, {}});
  if (has_wildcard(command.topic) || is_shared(command.topic)) {
    return client.reply(envelope.sender, diagnostic(codes::kNotFound, "a filter has no value; observe it"));
  }
  const RetainedAnswer answer = client.session().read_retained(command.topic);
  if (answer.reason != Reason::Success) return client.reply(envelope.sender, bare_response(code_of(answer.reason)));
  if (answer.message == nullptr) return client.reply(envelope.sender, {codes::kNotFound, {}, {}});
  client.reply(envelope.sender, read_response(command, answer.message, client.shard().wall_now()));
}

void serve_publish(Client& client, const Envelope& envelope) {
  const Command& command = envelope.command;
  if (!command.if_match.empty() || command.if_none_match) {
    const RetainedAnswer current = client.session().read_retained(command.topic);
    if (current.reason != Reason::Success) return client.reply(envelope.sender, bare_response(code_of(current.reason)));
    if (!precondition_holds(command, current.message)) {
      return client.reply(envelope.sender, {codes::kPreconditionFailed, {}, {}});
    }
  }
  const PublishResult result = publish(client, command);
  // EMQ's clients never learn that they may not.
  const bool silent = !strict(command) && result.reason == Reason::NotAuthorized;
  client.reply(envelope.sender, bare_response(silent ? codes::kChanged : code_of(result.reason)), result.ticket);
}

void serve_subscribe(Client& client, const Envelope& envelope) {
  const Command& command = envelope.command;
  MessagePtr current;
  if (is_read(command)) {
    RetainedAnswer answer = client.session().read_retained(command.topic);
    if (is_error(answer.reason)) return client.reply(envelope.sender, bare_response(code_of(answer.reason)));
    current = std::move(answer.message);
  }
  subscribe(client, envelope, current, codes::kContent);
}

void open_connection(Client& client, const Envelope& envelope) {
  auto token = std::make_shared<std::string>(client.make_token());
  Response response{codes::kCreated, {}, {std::as_bytes(std::span(*token)), token}};
  client.reply(envelope.sender, std::move(response));
}

/// What the client holds on to is not there any more, or never was.
Observation* earlier(Client& client, const Command& command) {
  ObservationList& all = client.notifier().observations();
  Observation* const same_token = all.by_token(command.observer.token);
  if (same_token != nullptr && same_token->filter != command.topic) {
    client.cancel(*same_token);
    return all.by_filter(command.topic);
  }
  return same_token != nullptr ? same_token : all.by_filter(command.topic);
}

/// nullptr: the client has as many as it may have. A server that takes no more observers answers the GET [RFC
/// 7641 4.1].
Observation* add_observation(Client& client, std::string_view filter) {
  ObservationList& all = client.notifier().observations();
  const std::size_t most = client.shard().settings().max_observations;
  if (all.size() < most) return &all.add(filter);
  probe().observations_refused.add();
  static log::RateLimit lines(1);
  log_limit_reached(lines, "an observation was refused", "coap.max_observations", most, client.client_id());
  return nullptr;
}

/// Of a topic that was read before it was subscribed to: what has come between.
void catch_up(Client& client, const Command& command, const MessagePtr& told, std::uint16_t observation) {
  const MessagePtr latest = client.session().read_retained(command.topic).message;
  if (latest == told) return;
  // Under a mount point each read gives another copy.
  const bool is_news = latest != nullptr && (told == nullptr || etag_of(*latest) != etag_of(*told));
  if (is_news) client.notifier().notify(observation, latest);
}

SubscribeRequest request_for(const CoapSettings& settings, const Command& command) {
  SubscribeRequest request{.filter = command.topic, .options = {}};
  request.options.qos = lower(command.qos.value_or(settings.default_subscribe_qos(command.compat)), Qos::AtLeastOnce);
  if (is_read(command)) request.options.retain_handling = RetainHandling::DoNotSend;
  return request;
}

}  // namespace

void serve_mqtt(Client& client, Envelope& envelope) {
  switch (envelope.command.operation) {
    case Operation::Read:
      return serve_read(client, envelope);
    case Operation::Subscribe:
      return serve_subscribe(client, envelope);
    case Operation::Unsubscribe:
      return unsubscribe(client, envelope);
    case Operation::Publish:
      return serve_publish(client, envelope);
    case Operation::OpenConnection:
      return open_connection(client, envelope);
    case Operation::RefreshConnection:
      return client.reply(envelope.sender, {codes::kChanged, {}, {}});
    case Operation::CloseConnection:
      client.reply(envelope.sender, {codes::kDeleted, {}, {}});
      return client.end_session();
    case Operation::Create:
    case Operation::Remove:
    case Operation::List:
      break;  // of /ps only
  }
  client.reply(envelope.sender, bare_response(codes::kMethodNotAllowed));
}

PublishResult publish(Client& client, const Command& command) {
  std::vector<std::byte> properties;
  if (command.content_format) {
    static_cast<void>(append_content_type(properties, content_type_of(*command.content_format)));
  }
  PublishRequest request;
  request.topic = command.topic;
  request.payload = command.body;
  request.properties = properties;
  request.qos = command.qos.value_or(Qos::AtMostOnce);
  request.retain = command.retain;
  request.expiry_seconds = command.expiry_seconds;
  if (request.qos != Qos::AtMostOnce) request.packet_id = client.next_packet_id();
  if (!client.may_publish()) return Reason::MessageRateTooHigh;
  probe().published.add();
  PublishResult result = client.session().publish(request);
  if (request.qos != Qos::ExactlyOnce || is_error(result.reason)) return result;
  // The message layer lets a request through once: nothing has to be remembered to tell it from its duplicates.
  const sluice::Outcome released = client.session().release(request.packet_id);
  result.ticket = std::max(result.ticket, released.ticket);
  return result;
}

void subscribe(Client& client, const Envelope& envelope, const MessagePtr& current, Code nothing) {
  const Command& command = envelope.command;
  GatewayShard& shard = client.shard();
  Response response = current ? read_response(command, current, shard.wall_now()) : Response{nothing, {}, {}};
  constexpr std::size_t kOptions = 48;
  if (!response.code.is_success() || response.body.bytes.size() + kOptions > envelope.command.answer_limit) {
    // Not acceptable, or too much for a peer that may not be there: it comes again.
    if (!response.code.is_success() || !response.body.bytes.empty()) return client.reply(envelope.sender, response);
  }
  Observation* observation = earlier(client, command);
  const bool is_new = observation == nullptr;
  if (is_new) observation = add_observation(client, command.topic);
  if (observation == nullptr) return client.reply(envelope.sender, response);
  const bool was_kept = !is_new && !observation->on_stream;
  observation->resource = command.resource;
  observation->observer = command.observer;
  observation->on_stream = envelope.on_stream;
  observation->format = current ? std::optional(content_format_of(*current)) : command.accept;
  const std::uint16_t id = observation->id;
  const SubscribeRequest request = request_for(shard.settings(), command);
  const FilterOutcomes outcomes = client.session().subscribe(std::span(&request, 1), id);
  ObservationList& all = client.notifier().observations();
  if (is_error(outcomes.reasons.front())) {
    if (is_new) {
      all.erase(id);
    } else {
      client.cancel(*all.by_id(id));
    }
    return client.reply(envelope.sender, bare_response(code_of(outcomes.reasons.front())));
  }
  if (envelope.on_stream) client.notifier().watch_connection();
  if (is_new || was_kept || !envelope.on_stream) client.save_observations();
  limit_max_age(response.options, shard.settings().keep_alive);
  response.options.add(Option::Observe, all.by_id(id)->sequence.next(shard.wall_now()));
  client.reply(envelope.sender, std::move(response), outcomes.ticket);
  client.notifier().overtake(id);
  if (is_read(command)) catch_up(client, command, current, id);
}

void unsubscribe(Client& client, const Envelope& envelope) {
  const Command& command = envelope.command;
  ObservationList& all = client.notifier().observations();
  const Observation* found = all.by_token(command.observer.token);
  if (found == nullptr || found->filter != command.topic) found = all.by_filter(command.topic);
  if (found != nullptr) client.cancel(*found);
  // The request is a GET like any other [RFC 7641 4.1], but that a topic without a value is no error, as in EMQ.
  const RetainedAnswer answer = is_readable(command) ? client.session().read_retained(command.topic) : RetainedAnswer{};
  client.reply(envelope.sender, answer.message ? read_response(command, answer.message, client.shard().wall_now())
                                               : Response{codes::kContent, {}, {}});
}

Response read_response(const Command& command, const MessagePtr& message, UnixMillis now) {
  const ETag etag = etag_of(*message);
  if (has_etag(command.etags, etag)) {
    Response valid{codes::kValid, {}, {}};
    valid.options.add(Option::ETag, etag);
    if (const auto age = max_age_of(*message, now)) valid.options.add(Option::MaxAge, *age);
    return valid;
  }
  if (command.accept && *command.accept != content_format_of(*message)) return bare_response(codes::kNotAcceptable);
  return content_of(message, now, KeepAlive::Yes);
}

bool precondition_holds(const Command& command, const MessagePtr& current) {
  if (command.if_none_match && current != nullptr) return false;
  if (command.if_match.empty()) return true;
  if (current == nullptr) return false;
  const bool anything = std::ranges::any_of(command.if_match, [](const Bytes& etag) { return etag.empty(); });
  return anything || has_etag(command.if_match, etag_of(*current));
}

}  // namespace sluice::coap
