// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "broker/api/types.h"
#include "gateways/coap/coap_settings.h"
#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"
#include "shared/net/transport.h"

namespace sluice::coap {

enum class Operation : std::uint8_t {
  Read,               ///< GET: the retained message, and a sign of life
  Subscribe,          ///< GET with Observe 0
  Unsubscribe,        ///< GET with Observe 1
  Publish,            ///< PUT (and POST below /ps)
  Create,             ///< POST of a link below /ps
  Remove,             ///< DELETE below /ps
  List,               ///< GET of /ps itself, and of /.well-known/core by a client that says who it is
  OpenConnection,     ///< POST /mqtt/connection
  RefreshConnection,  ///< PUT /mqtt/connection
  CloseConnection,    ///< DELETE /mqtt/connection
};

/// Which of the gateway's trees a request is about: their codes differ.
enum class Resource : std::uint8_t { Mqtt, Ps, Connection, WellKnown };

/// As whom a request acts.
struct Credentials {
  std::string client_id;
  std::optional<std::string> username;
  std::optional<std::string> password;
  std::string token;      ///< of connection mode
  bool one_shot = false;  ///< the manual's older form without a client id: nothing is kept of it
};

/// What a notification has to say to be known by its observer, and how.
struct ObserverTag {
  Token token;
  std::uint64_t representation = 0;           ///< see Request
  std::uint8_t largest_block = Block::kBert;  ///< of the Block2 option with which it registered
};

/// A request in the gateway's terms; owns what it holds, so that it can go to another shard.
struct Command {
  Operation operation = Operation::Read;
  Resource resource = Resource::Mqtt;
  Compat compat = Compat::Strict;  ///< of the listener that it came through
  Credentials who;
  std::string topic;  ///< a filter where it is for observing; the parent's path for Create
  std::optional<Qos> qos;
  bool retain = false;
  std::optional<std::uint32_t> expiry_seconds;
  std::optional<std::uint16_t> content_format;
  std::optional<std::uint16_t> accept;
  std::vector<Bytes> etags;     ///< that the client has [RFC 7252 5.10.6.2]
  std::vector<Bytes> if_match;  ///< an empty one: anything that exists [RFC 7252 5.10.8.1]
  bool if_none_match = false;
  std::string list_query;  ///< what List is to be filtered by: "rt=core.ps"
  ObserverTag observer;
  std::size_t answer_limit = 0;
  Bytes body;
};

}  // namespace sluice::coap
