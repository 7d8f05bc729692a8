// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/gateway_shard.h"

#include <charconv>
#include <utility>
#include <variant>

#include "gateways/coap/coap_probe.h"
#include "gateways/coap/code_map.h"
#include "gateways/coap/command_parser.h"
#include "gateways/coap/content_format.h"
#include "gateways/coap/discovery.h"
#include "gateways/coap/limit_log.h"

namespace sluice::coap {
namespace {

Response with_diagnosis(Code code, std::string diagnosis) {
  auto owned = std::make_shared<const std::string>(std::move(diagnosis));
  Response response = bare_response(code);
  response.body = {std::as_bytes(std::span(*owned)), owned};
  return response;
}

/// Makes the response fit to leave the call: its body owns its bytes.
Response owning(Response response) {
  if (response.body.owner == nullptr && !response.body.bytes.empty()) {
    auto copy = std::make_shared<const Bytes>(response.body.bytes.begin(), response.body.bytes.end());
    response.body = {*copy, copy};
  }
  return response;
}

}  // namespace

// Endpoints.

template <class Task>
void GatewayShard::on_shard(std::uint32_t shard, Task&& task) {
  GatewayShard& target = *commons_.parts[shard];
  if (&target == this) return task(*this);
  target.shard_.post([&target, task = std::forward<Task>(task)]() mutable { task(target); });
}

EndpointHost& GatewayShard::add(std::unique_ptr<EndpointHost> endpoint) {
  return *endpoints_.emplace_back(std::move(endpoint));
}

void GatewayShard::stop() {
  std::vector<Client*> all;
  for (const auto& [serial, client] : by_serial_) all.push_back(client.get());
  for (Client* client : all) client->shut_down();
  on_turn_end();
  for (auto& endpoint : endpoints_) endpoint.reset();
}

void GatewayShard::on_request(EndpointHost& endpoint, std::uint32_t index, const Request& request) {
  Server& server = endpoint.server();
  TransportPeer peer = server.carrier().peer(request.peer);
  if (is_discovery(request.pdu)) {
    const bool lists_topics = endpoint.compat() == Compat::Strict && !request.multicast;
    if (!lists_topics || !names_client(request.pdu, peer)) return serve_discovery(endpoint, request);
  }
  auto parsed = parse_command(request, peer, settings(), endpoint.compat());
  if (const auto* const refusal = std::get_if<Refusal>(&parsed)) {
    coap::probe().bad_requests.add();
    return server.respond(request.exchange, with_diagnosis(refusal->code, refusal->diagnosis));
  }
  // Nothing but discovery is for groups [RFC 7252 8.2].
  if (request.multicast) return server.respond(request.exchange, {codes::kMethodNotAllowed, {}, {}});
  Envelope envelope{.command = std::get<Command>(std::move(parsed)),
                    .sender = {static_cast<std::uint32_t>(this->index()), index, request.exchange},
                    .route = {static_cast<std::uint32_t>(this->index()), index, request.peer},
                    .on_stream = server.carrier().reliable(),
                    .verified = server.carrier().verified(request.peer),
                    .credit = server.carrier().credit(request.peer),
                    .hops = 0,
                    .peer = std::move(peer),
                    .listener = endpoint.traits()};
  serve(std::move(envelope));
}

/// `/.well-known/core` [RFC 6690 4]: the entry points, for whoever says nothing of itself.
void GatewayShard::serve_discovery(EndpointHost& endpoint, const Request& request) {
  Server& server = endpoint.server();
  if (request.pdu.code() != codes::kGet) return server.respond(request.exchange, {codes::kMethodNotAllowed, {}, {}});
  const auto accept = request.pdu.option(Option::Accept);
  if (accept && accept->uint() != content_formats::kLinkFormat) {
    return server.respond(request.exchange, {codes::kNotAcceptable, {}, {}});
  }
  std::string_view query;
  for (const OptionView& option : request.pdu.options()) {
    if (option.is(Option::UriQuery)) query = option.text();
  }
  std::string links = root_links(settings(), endpoint.compat(), query);
  // Who finds nothing in a group keeps silent [RFC 7252 8.2] [RFC 6690 4.1].
  const bool silent = request.multicast && links.empty();
  server.respond(request.exchange, silent ? Response{codes::kNotFound, {}, {}} : links_response(std::move(links)));
}

void GatewayShard::on_outcome(Cookie cookie, Outcome outcome) {
  const NotificationTag tag = NotificationTag::unpack(cookie);
  on_shard(tag.shard, [tag, outcome](GatewayShard& home) {
    if (Client* const client = home.find(tag.serial)) client->on_outcome(tag, outcome);
  });
}

// From clients.

void GatewayShard::reply(const ReturnAddress& to, Response response) {
  const auto respond = [](GatewayShard& part, const ReturnAddress& address, const Response& what) {
    if (const auto& endpoint = part.endpoints_[address.endpoint]) endpoint->server().respond(address.exchange, what);
  };
  if (to.shard == index()) return respond(*this, to, response);
  on_shard(to.shard,
           [to, respond, response = owning(std::move(response))](GatewayShard& part) { respond(part, to, response); });
}

void GatewayShard::send(const Route& route, OutboundNotification outgoing) {
  on_shard(route.shard, [route, outgoing = std::move(outgoing)](GatewayShard& part) mutable {
    const auto& endpoint = part.endpoints_[route.endpoint];
    if (endpoint == nullptr) return part.refused(outgoing.tag);
    endpoint->send(route.peer, std::move(outgoing));
  });
}

void GatewayShard::withdraw(const Route& route, std::vector<NotificationTag> tags) {
  on_shard(route.shard, [route, tags = std::move(tags)](GatewayShard& part) {
    const auto& endpoint = part.endpoints_[route.endpoint];
    if (endpoint == nullptr) return;
    for (const NotificationTag& tag : tags) endpoint->withdraw(route.peer, tag);
  });
}

void GatewayShard::refused(const NotificationTag& tag) {
  GatewayShard& home = *commons_.parts[tag.shard];
  home.shard_.post([&home, tag] {
    if (Client* const client = home.find(tag.serial)) client->on_outcome(tag, Outcome::PeerGone);
  });
}

void GatewayShard::pin(const Route& route) {
  on_shard(route.shard, [route](GatewayShard& part) {
    const auto& endpoint = part.endpoints_[route.endpoint];
    if (endpoint != nullptr && endpoint->server().carrier().known(route.peer)) {
      endpoint->server().carrier().pin(route.peer);
    }
  });
}

void GatewayShard::unpin(const Route& route) {
  on_shard(route.shard, [route](GatewayShard& part) {
    if (const auto& endpoint = part.endpoints_[route.endpoint]) endpoint->server().carrier().unpin(route.peer);
  });
}

void GatewayShard::watch(const Route& route, const NotificationTag& tag) {
  on_shard(route.shard, [route, tag](GatewayShard& part) {
    const auto& endpoint = part.endpoints_[route.endpoint];
    if (endpoint != nullptr && endpoint->server().carrier().known(route.peer)) return endpoint->watch(route.peer, tag);
    part.refused(tag);
  });
}

void GatewayShard::unwatch(const Route& route, const NotificationTag& tag) {
  on_shard(route.shard, [route, tag](GatewayShard& part) {
    if (const auto& endpoint = part.endpoints_[route.endpoint]) endpoint->unwatch(route.peer, tag);
  });
}

// Clients.

Client* GatewayShard::find(ClientSerial serial) {
  const auto found = by_serial_.find(serial);
  return found == by_serial_.end() ? nullptr : found->second.get();
}

void GatewayShard::serve(Envelope&& envelope) {
  const auto found = by_id_.find(envelope.command.who.client_id);
  if (found != by_id_.end()) found->second->prefetch();
  if (found != by_id_.end() && found->second->state() != Client::State::Gone) {
    if (found->second->proves(envelope)) return found->second->serve(std::move(envelope));
  }
  if (!envelope.command.who.token.empty()) return serve_by_token(std::move(envelope));
  if (by_serial_.size() >= settings().max_clients) {
    coap::probe().too_many.add();
    static log::RateLimit lines(1);
    log_limit_reached(lines, "a client was refused", "coap.max_clients", settings().max_clients,
                      envelope.command.who.client_id);
    return reply(envelope.sender, bare_response(codes::kServiceUnavailable));
  }
  admit(envelope).serve(std::move(envelope));
}

/// A token says on which shard its client lives; it lets nobody in who is not there already.
void GatewayShard::serve_by_token(Envelope&& envelope) {
  const std::string& token = envelope.command.who.token;
  std::uint32_t home = 0;
  const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), home, 16);
  const bool elsewhere = error == std::errc() && *end == '-' && home < commons_.parts.size() && home != index();
  if (elsewhere && envelope.hops == 0) return pass_on(std::move(envelope), home);
  coap::probe().unproved.add();
  reply(envelope.sender, bare_response(codes::kUnauthorized));
}

Client& GatewayShard::admit(const Envelope& envelope) {
  const ClientSerial serial = next_serial();
  auto client = std::make_unique<Client>(*this, serial, envelope);
  Client& admitted = *client;
  by_serial_.emplace(serial, std::move(client));
  // The first of an id gets the requests that come while it is let in.
  by_id_.try_emplace(envelope.command.who.client_id, &admitted);
  return admitted;
}

ClientSerial GatewayShard::next_serial() {
  do {
    last_serial_ = last_serial_ == NotificationTag::kMostSerial ? 1 : last_serial_ + 1;
  } while (by_serial_.contains(last_serial_));
  return last_serial_;
}

void GatewayShard::pass_on(Envelope&& envelope, std::size_t shard) {
  if (++envelope.hops > kMostHops) return reply(envelope.sender, bare_response(codes::kServiceUnavailable));
  on_shard(static_cast<std::uint32_t>(shard),
           [envelope = std::move(envelope)](GatewayShard& part) mutable { part.serve(std::move(envelope)); });
}

void GatewayShard::now_serves(Client& client) {
  Client* const earlier = std::exchange(by_id_[client.client_id()], &client);
  if (earlier == nullptr || earlier == &client) return;
  client.inherit(*earlier);
  earlier->give_way();
}

void GatewayShard::bury(Client& client) {
  const auto found = by_serial_.find(client.serial());
  if (found == by_serial_.end()) return;
  buried_.push_back(std::move(found->second));
  by_serial_.erase(found);
  if (const auto named = by_id_.find(client.client_id()); named != by_id_.end() && named->second == &client) {
    by_id_.erase(named);
  }
  shard_.at_turn_end(*this);
}

void GatewayShard::call_at_turn_end(ClientSerial serial) {
  turn_ends_.push_back(serial);
  shard_.at_turn_end(*this);
}

void GatewayShard::on_turn_end() {
  for (std::vector<ClientSerial> now = std::exchange(turn_ends_, {}); const ClientSerial serial : now) {
    if (Client* const client = find(serial)) client->on_turn_end();
  }
  buried_.clear();
}

}  // namespace sluice::coap
