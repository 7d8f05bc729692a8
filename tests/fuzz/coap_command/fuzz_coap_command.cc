// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "gateways/coap/command_parser.h"
#include "shared/bytes/utf8.h"

// A datagram as a request to the gateway, under each of its manners. A command names a client and holds text only.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace sluice;
  using namespace sluice::coap;
  const auto pdu = Pdu::parse(std::as_bytes(std::span(data, size)));
  if (!pdu || !pdu->code().is_request()) return 0;
  for (const Compat compat : {Compat::Strict, Compat::Emq4, Compat::Emq2}) {
    CoapSettings settings;
    const Request request{.exchange = 1, .peer = {1, 1}, .pdu = *pdu, .body = pdu->payload()};
    const auto parsed = parse_command(request, TransportPeer{}, settings, compat);
    if (const auto* const refusal = std::get_if<Refusal>(&parsed)) {
      if (refusal->code.code_class() != 4 || !is_utf8(refusal->diagnosis)) std::abort();
      continue;
    }
    const auto& command = std::get<Command>(parsed);
    if (command.who.client_id.empty() || !is_utf8(command.who.client_id)) std::abort();
    if (!is_utf8(command.topic)) std::abort();
  }
  return 0;
}
