// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/command_parser.h"

#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "gateways/coap/content_format.h"
#include "gateways/coap/form_body.h"
#include "shared/bytes/utf8.h"
#include "shared/coap/codec/uri.h"

namespace sluice::coap {
namespace {

/// Clients of EMQ encode a second time what their library decodes once.
std::optional<std::string> decoded(std::string_view text, Compat compat) {
  if (compat == Compat::Strict) return std::string(text);
  return percent_decode(text);
}

bool is_text(std::string_view text) { return is_utf8(text) && text.find('\0') == std::string_view::npos; }

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

std::optional<bool> truth(std::string_view text) {
  if (text == "1" || text == "true") return true;
  if (text == "0" || text == "false") return false;
  return std::nullopt;
}

std::optional<std::uint16_t> format_option(const Pdu& pdu, Option option) {
  const auto found = pdu.option(option);
  const auto value = found ? found->uint() : std::nullopt;
  return value ? std::optional(static_cast<std::uint16_t>(*value)) : std::nullopt;
}

/// One request on its way to a command: each step may refuse it.
class Parser {
 public:
  Parser(const Request& request, const TransportPeer& peer, const CoapSettings& settings, Compat compat)
      : request_(request), peer_(peer), settings_(settings) {
    command_.compat = compat;
  }

  std::variant<Command, Refusal> parse() {
    read_path();
    if (!refusal_) read_query();
    if (!refusal_) choose_operation();
    if (!refusal_) read_options();
    if (!refusal_) check_identity();
    if (refusal_) return std::move(*refusal_);
    command_.observer = {.token = request_.pdu.token(), .representation = request_.representation};
    if (const auto option = request_.pdu.option(Option::Block2)) {
      if (const auto block = Block::from(*option, Block::Bert::Allowed)) {
        command_.observer.largest_block = block->size_exponent;
      }
    }
    command_.answer_limit = request_.answer_limit;
    if (command_.body.empty() && !form_) command_.body.assign(request_.body.begin(), request_.body.end());
    return std::move(command_);
  }

 private:
  void refuse(Code code, std::string diagnosis) {
    if (!refusal_) refusal_ = Refusal{code, std::move(diagnosis)};
  }

  void read_path() {
    std::vector<std::string_view> segments;
    for (const OptionView& option : request_.pdu.options()) {
      if (option.is(Option::UriPath)) segments.push_back(option.text());
    }
    if (is_discovery(request_.pdu)) {
      command_.resource = Resource::WellKnown;
      return;
    }
    const std::string_view root = segments.empty() ? std::string_view() : segments.front();
    if (root != settings_.prefix && root != "ps") {
      return refuse(codes::kNotFound, fmt::format("there are /{} and /ps", settings_.prefix));
    }
    command_.resource = root == settings_.prefix ? Resource::Mqtt : Resource::Ps;
    trailing_slash_ = segments.size() > 1 && segments.back().empty();
    for (std::size_t i = 1; i < segments.size(); ++i) {
      const auto segment = decoded(segments[i], command_.compat);
      if (segment && !is_text(*segment)) return refuse(codes::kBadRequest, "the path is UTF-8 without U+0000");
      if (!segment) return refuse(codes::kBadRequest, "a '%' in the path that two hexadecimal digits do not follow");
      if (i > 1) command_.topic += '/';
      command_.topic += *segment;
    }
  }

  void read_query() {
    for (const OptionView& option : request_.pdu.options()) {
      if (!option.is(Option::UriQuery)) continue;
      const QueryParameter parameter = split_query(option.text());
      const auto value = decoded(parameter.value.value_or(std::string_view()), command_.compat);
      if (!value) return refuse(codes::kBadRequest, "a '%' in the query that two hexadecimal digits do not follow");
      if (!is_text(option.text()) || !is_text(*value)) {
        return refuse(codes::kBadRequest, "the query is UTF-8 without U+0000");
      }
      take_parameter(parameter.key, *value, option.text());
    }
  }

  void take_parameter(std::string_view key, const std::string& value, std::string_view whole) {
    if (key == "c" || key == "clientid") {
      command_.who.client_id = value;
      long_names_ = long_names_ || key == "clientid";
    } else if (key == "u" || key == "username") {
      command_.who.username = value;
    } else if (key == "p" || key == "password") {
      command_.who.password = value;
    } else if (key == "token") {
      command_.who.token = value;
      long_names_ = true;
    } else if (!take_setting(key, value)) {
      command_.list_query = whole;
    }
  }

  /// False: not known, and as good as absent.
  bool take_setting(std::string_view key, std::string_view value) {
    if (key == "qos") {
      const auto qos = number(value);
      if (!qos || *qos > 2)
        refuse(codes::kBadRequest, "qos is 0, 1 or 2");
      else
        command_.qos = static_cast<Qos>(*qos);
    } else if (key == "retain") {
      const auto retain = truth(value);
      if (!retain) refuse(codes::kBadRequest, "retain is 0, 1, true or false");
      command_.retain = retain.value_or(false);
    } else if (key == "expiry") {
      command_.expiry_seconds = number(value);
      if (!command_.expiry_seconds) refuse(codes::kBadRequest, "expiry is a number of seconds");
    } else {
      return false;
    }
    return true;
  }

  void choose_operation() {
    if (command_.resource == Resource::Ps) return choose_ps_operation();
    if (command_.resource == Resource::WellKnown) return choose_discovery();
    if (command_.topic == "connection" && long_names_) return choose_connection_operation();
    const Code method = request_.pdu.code();
    if (method == codes::kGet) return choose_by_observe();
    if (method == codes::kPost && command_.topic.empty()) return read_form();
    if (method != codes::kPut) return refuse_method("GET and PUT");
    if (command_.topic.empty()) return refuse(codes::kBadRequest, "the topic follows the path");
    command_.operation = Operation::Publish;
  }

  void choose_discovery() {
    command_.operation = Operation::List;
    if (request_.pdu.code() != codes::kGet) refuse_method("GET");
  }

  void choose_connection_operation() {
    command_.resource = Resource::Connection;
    const Code method = request_.pdu.code();
    if (method == codes::kPost) {
      command_.operation = Operation::OpenConnection;
    } else if (method == codes::kPut) {
      command_.operation = Operation::RefreshConnection;
    } else if (method == codes::kDelete) {
      command_.operation = Operation::CloseConnection;
    } else {
      refuse_method("POST, PUT and DELETE");
    }
  }

  void choose_by_observe() {
    const auto block = request_.pdu.option(Option::Block2);
    // Who asks for a later block has observed already [RFC 7959 2.6].
    const bool later_block = block && block->uint().value_or(0) > 15U;
    const auto observe = later_block ? std::nullopt : request_.pdu.option(Option::Observe);
    const auto value = observe ? observe->uint() : std::nullopt;
    command_.operation = Operation::Read;
    // Any other value is as good as none [RFC 7641 4.1].
    if (value == 0U) command_.operation = Operation::Subscribe;
    if (value == 1U) command_.operation = Operation::Unsubscribe;
    if (command_.operation != Operation::Read && command_.topic.empty()) {
      refuse(codes::kBadRequest, "the topic follows the path");
    }
  }

  void choose_ps_operation() {
    const Code method = request_.pdu.code();
    if (trailing_slash_ && !command_.topic.empty()) command_.topic.pop_back();
    const bool link = format_option(request_.pdu, Option::ContentFormat) == content_formats::kLinkFormat;
    if (method == codes::kGet && command_.topic.empty()) {
      command_.operation = Operation::List;
    } else if (method == codes::kGet) {
      choose_by_observe();
    } else if (method == codes::kPost && (link || command_.topic.empty())) {
      choose_create();
    } else if (method == codes::kPost || method == codes::kPut) {
      command_.operation = Operation::Publish;
      command_.retain = true;
      if (command_.topic.empty()) refuse(codes::kBadRequest, "the topic follows the path");
    } else if (method == codes::kDelete && !command_.topic.empty()) {
      command_.operation = Operation::Remove;
    } else {
      refuse_method("GET, POST, PUT and DELETE");
    }
  }

  void choose_create() {
    command_.operation = Operation::Create;
    if (command_.compat != Compat::Strict && command_.topic.empty() && !trailing_slash_) {
      refuse(codes::kMethodNotAllowed, "topics are created below /ps/");
    }
  }

  /// The manual's `POST /mqtt` with "qos=0&retain=0&topic=hello&message=payload".
  void read_form() {
    const std::string_view text{reinterpret_cast<const char*>(request_.body.data()), request_.body.size()};
    const auto fields = parse_form(text);
    if (!fields) return refuse(codes::kBadRequest, "the body is no form: topic=…&message=…&qos=0&retain=0");
    command_.operation = Operation::Publish;
    form_ = true;
    for (const auto& [name, value] : *fields) {
      if (name != "message" && name != "payload" && !is_text(value)) {
        return refuse(codes::kBadRequest, "the fields of the form are UTF-8 without U+0000");
      }
      if (name == "topic") {
        command_.topic = value;
      } else if (name == "message" || name == "payload") {
        const auto bytes = std::as_bytes(std::span(value));
        command_.body.assign(bytes.begin(), bytes.end());
      } else {
        take_parameter(name == "client" ? "c" : std::string_view(name), value, {});
      }
    }
    if (command_.topic.empty()) refuse(codes::kBadRequest, "the form has no topic");
    command_.who.one_shot = command_.who.client_id.empty();
  }

  void refuse_method(std::string_view allowed) {
    refuse(codes::kMethodNotAllowed, fmt::format("{} are served here", allowed));
  }

  void read_options() {
    command_.content_format = format_option(request_.pdu, Option::ContentFormat);
    command_.accept = format_option(request_.pdu, Option::Accept);
    command_.if_none_match = request_.if_none_match;
    for (const OptionView& option : request_.pdu.options()) {
      if (option.is(Option::ETag)) command_.etags.emplace_back(option.value.begin(), option.value.end());
      if (option.is(Option::IfMatch)) command_.if_match.emplace_back(option.value.begin(), option.value.end());
      if (option.is(Option::MaxAge) && command_.resource == Resource::Ps) command_.expiry_seconds = option.uint();
    }
  }

  void check_identity() {
    Credentials& who = command_.who;
    if (who.client_id.empty() && !who.one_shot) {
      const std::string_view proved = peer_.psk_identity().empty() ? peer_.common_name() : peer_.psk_identity();
      who.client_id = proved;
    }
    if (who.one_shot) who.client_id = fmt::format("coap-{}", peer_.address.to_string());
    if (who.client_id.empty()) return refuse(codes::kBadRequest, "the query has no client id: ?c=…");
    const auto too_long = [&](const std::optional<std::string>& text) {
      return text && text->size() > settings_.max_client_id;
    };
    const auto is_wild = [&](const std::optional<std::string>& text) {
      return text && text->find_first_of("+#/") != std::string::npos;
    };
    if (settings_.names_in_topics && (is_wild(who.client_id) || is_wild(who.username))) {
      return refuse(codes::kBadRequest, "client id and user name become part of topics: no '+', '#' and '/'");
    }
    if (!is_text(who.client_id)) return refuse(codes::kBadRequest, "the client id is UTF-8 without U+0000");
    if (too_long(who.client_id) || too_long(who.username) || too_long(who.password)) {
      refuse(codes::kBadRequest,
             fmt::format("client id, user name and password are at most {} bytes", settings_.max_client_id));
    }
  }

  const Request& request_;
  const TransportPeer& peer_;
  const CoapSettings& settings_;
  Command command_;
  std::optional<Refusal> refusal_;
  bool long_names_ = false;  ///< `clientid` or `token`: connection mode
  bool trailing_slash_ = false;
  bool form_ = false;
};

}  // namespace

bool is_discovery(const Pdu& request) {
  constexpr std::array<std::string_view, 2> kPath{".well-known", "core"};
  std::size_t segments = 0;
  for (const OptionView& option : request.options()) {
    if (!option.is(Option::UriPath)) continue;
    if (segments == kPath.size() || option.text() != kPath[segments++]) return false;
  }
  return segments == kPath.size();
}

bool names_client(const Pdu& request, const TransportPeer& peer) {
  if (!peer.psk_identity().empty() || !peer.common_name().empty()) return true;
  for (const OptionView& option : request.options()) {
    if (!option.is(Option::UriQuery)) continue;
    const QueryParameter parameter = split_query(option.text());
    const bool client_id = parameter.key == "c" || parameter.key == "clientid";
    if (client_id && !parameter.value.value_or(std::string_view()).empty()) return true;
  }
  return false;
}

std::variant<Command, Refusal> parse_command(const Request& request, const TransportPeer& peer,
                                             const CoapSettings& settings, Compat compat) {
  return Parser(request, peer, settings, compat).parse();
}

}  // namespace sluice::coap
