// SPDX-License-Identifier: Apache-2.0
// A client's HTTP request, from its bytes to the decision. The first byte chooses the settings.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>

#include "gateways/websocket/ws_upgrade.h"

namespace {

namespace http = boost::beast::http;
using namespace sluice;
using namespace sluice::ws;

void require(bool holds) {
  if (!holds) std::abort();
}

const StreamPort& port() {
  static const StreamPort instance = [] {
    StreamPort result;
    result.add({"mqtt", {"mqtt", "mqttv3.1", "mqttv3.1.1"}, StreamPort::Frames::Binary, {}});
    result.add({"stomp", {"v12.stomp"}, StreamPort::Frames::Text, {}});
    return result;
  }();
  return instance;
}

WsSettings settings_for(std::uint8_t choice) {
  WsSettings settings;
  settings.routes = {{"mqtt", "/mqtt"}, {"stomp", "/stomp"}};
  settings.require_subprotocol = (choice & 1) == 0;
  if ((choice & 2) != 0) settings.origins = {"https://a.example"};
  if ((choice & 4) != 0) settings.proxy_address_header = "X-Forwarded-For";
  if ((choice & 8) != 0) settings.proxy_port_header = "X-Forwarded-Port";
  return settings;
}

void check(const Decision& decision, const http::request<http::empty_body>& request, const WsSettings& settings) {
  if (const auto* refusal = std::get_if<Refusal>(&decision)) {
    require(http::to_status_class(refusal->status) == http::status_class::client_error);
    require(!refusal->text.empty() && refusal->text.find_first_of("\r\n") == std::string::npos);
  } else if (const auto* upgrade = std::get_if<Upgrade>(&decision)) {
    require(request.method() == http::verb::get && request.version() == 11);
    require(upgrade->protocol != nullptr);
    require(!upgrade->subprotocol.empty() || !settings.require_subprotocol);
    require(request.count(http::field::transfer_encoding) == 0);
  } else {
    require(request.method() == http::verb::get || request.method() == http::verb::head);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const WsSettings settings = settings_for(data[0]);
  http::request_parser<http::empty_body> parser;
  parser.header_limit(static_cast<std::uint32_t>(settings.max_header_bytes));
  boost::system::error_code error;
  parser.put(boost::asio::buffer(data + 1, size - 1), error);
  if (error || !parser.is_header_done()) return 0;
  const auto request = parser.release();
  check(decide(request, settings, port()), request, settings);
  const auto address = forwarded_address(request, settings);
  require(!address || !settings.proxy_address_header.empty());
  return 0;
}
