// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/signals.h"

#include <fmt/format.h>

namespace sluice::coap {
namespace {

Parts signal(Code code, const Token& token = {}) {
  Parts parts;
  parts.code = code;
  parts.token = token;
  return parts;
}

}  // namespace

std::optional<SignalProblem> critical_option(const Pdu& signal) {
  for (const OptionView& option : signal.options()) {
    if (!is_critical(option.number)) continue;
    return SignalProblem{option.number, fmt::format("critical option {} of signal {} is not understood", option.number,
                                                    signal.code().to_string())};
  }
  return std::nullopt;
}

std::optional<SignalProblem> Capabilities::apply(const Pdu& csm) {
  if (csm.option(signal_options::kCsmBlockWiseTransfer)) block_wise = true;
  const auto size = csm.option(signal_options::kCsmMaxMessageSize);
  if (!size) return std::nullopt;
  const std::uint32_t value = size->uint().value_or(0);
  if (value < kLeastMessageSize) {
    return SignalProblem{size->number, fmt::format("Max-Message-Size {} has no room for a message", value)};
  }
  max_message_size = value;
  return std::nullopt;
}

std::uint8_t Capabilities::largest_block() const {
  if (bert()) return Block::kBert;
  std::uint8_t exponent = Block::kBert - 1;
  while (exponent > 0 && Block{0, false, exponent}.size() + kHeaderRoom > max_message_size) --exponent;
  return exponent;
}

Parts make_csm(std::uint32_t max_message_size) {
  Parts parts = signal(codes::kCsm);
  parts.options.add(signal_options::kCsmMaxMessageSize, max_message_size);
  parts.options.add(signal_options::kCsmBlockWiseTransfer);
  return parts;
}

Parts make_ping(const Token& token) { return signal(codes::kPing, token); }

Parts make_pong(const Token& token, Custody custody) {
  Parts parts = signal(codes::kPong, token);
  if (custody == Custody::Yes) parts.options.add(signal_options::kPingCustody);
  return parts;
}

Parts make_release() { return signal(codes::kRelease); }

Parts make_abort(std::string_view diagnosis, std::uint16_t bad_csm_option) {
  Parts parts = signal(codes::kAbort);
  if (bad_csm_option != 0) {
    parts.options.add(signal_options::kAbortBadCsmOption, std::uint32_t{bad_csm_option});
  }
  parts.payload = std::as_bytes(std::span(diagnosis));
  return parts;
}

std::string diagnosis_of(const Pdu& signal) {
  constexpr std::size_t kMost = 120;
  std::string text;
  for (const std::byte byte : signal.payload().first(std::min(signal.payload().size(), kMost))) {
    const auto letter = static_cast<char>(byte);
    text += letter >= ' ' && letter <= '~' ? letter : '?';
  }
  return text;
}

}  // namespace sluice::coap
