// SPDX-License-Identifier: Apache-2.0
#include "tests/support/coap_wire.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <map>

namespace sluice::test::coap {
namespace {

constexpr std::size_t kHeaderSize = 4;
/// What a datagram may be when nothing is known about the path [RFC 7252, 4.6].
constexpr std::size_t kMaxMessage = 1152;
constexpr std::size_t kMaxPayload = 1024;
constexpr unsigned kBertSzx = 7;
constexpr std::size_t kBertUnit = 1024;
constexpr char kMarker = '\xFF';

enum class Form : std::uint8_t { Empty, Uint, Opaque, Text };
enum class Place : std::uint8_t { Request, Response, Both };

struct OptionRule {
  unsigned number;
  std::size_t min;
  std::size_t max;
  bool repeatable;
  Form form;
  Place place;
};

/// RFC 7252, 5.10; RFC 7641, 2; RFC 7959, 2.1 and 4; RFC 9175, 2.2.1 and 3.2.1; RFC 7967, 2.
constexpr std::array kRules = {
    OptionRule{kIfMatch, 0, 8, true, Form::Opaque, Place::Request},
    OptionRule{kUriHost, 1, 255, false, Form::Text, Place::Request},
    OptionRule{kETag, 1, 8, true, Form::Opaque, Place::Both},
    OptionRule{kIfNoneMatch, 0, 0, false, Form::Empty, Place::Request},
    OptionRule{kObserve, 0, 3, false, Form::Uint, Place::Both},
    OptionRule{kUriPort, 0, 2, false, Form::Uint, Place::Request},
    OptionRule{kLocationPath, 0, 255, true, Form::Text, Place::Response},
    OptionRule{kUriPath, 0, 255, true, Form::Text, Place::Request},
    OptionRule{kContentFormat, 0, 2, false, Form::Uint, Place::Both},
    OptionRule{kMaxAge, 0, 4, false, Form::Uint, Place::Response},
    OptionRule{kUriQuery, 0, 255, true, Form::Text, Place::Request},
    OptionRule{kAccept, 0, 2, false, Form::Uint, Place::Request},
    OptionRule{kLocationQuery, 0, 255, true, Form::Text, Place::Response},
    OptionRule{kBlock2, 0, 3, false, Form::Uint, Place::Both},
    OptionRule{kBlock1, 0, 3, false, Form::Uint, Place::Both},
    OptionRule{kSize2, 0, 4, false, Form::Uint, Place::Both},
    OptionRule{kProxyUri, 1, 1034, false, Form::Text, Place::Request},
    OptionRule{kProxyScheme, 1, 255, false, Form::Text, Place::Request},
    OptionRule{kSize1, 0, 4, false, Form::Uint, Place::Both},
    OptionRule{kEcho, 1, 40, false, Form::Opaque, Place::Both},
    OptionRule{kNoResponse, 0, 1, false, Form::Uint, Place::Request},
    OptionRule{kRequestTag, 0, 8, true, Form::Opaque, Place::Request},
};

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

std::uint32_t uint_of(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) value = value << 8 | byte_at(bytes, i);
  return value;
}

/// The nibble of an option's delta or length, or of a frame's length, and the bytes that extend it.
struct Extended {
  unsigned nibble = 0;
  Bytes bytes;
};

Extended extended(std::size_t value) {
  if (value < 13) return {static_cast<unsigned>(value), {}};
  if (value < 269) return {13, u8(static_cast<unsigned>(value - 13))};
  return {14, u16(static_cast<unsigned>(value - 269))};
}

/// Takes the value of a nibble of 13 or 14 from the front of the bytes; 15 is nobody's [RFC 7252, 3.1].
std::size_t take_extended(unsigned nibble, std::string_view& bytes, const Message& message) {
  if (nibble < 13) return nibble;
  const std::size_t size = nibble == 13 ? 1 : 2;
  if (nibble == 15) fault("an option with a delta or length of 15", message);
  if (bytes.size() < size) fault("an option that is cut off", message);
  const std::size_t value = uint_of(bytes.substr(0, size)) + (nibble == 13 ? 13 : 269);
  bytes.remove_prefix(size);
  return value;
}

void read_options(std::string_view rest, Message& message) {
  unsigned number = 0;
  while (!rest.empty() && rest.front() != kMarker) {
    const unsigned head = byte_at(rest, 0);
    rest.remove_prefix(1);
    number += static_cast<unsigned>(take_extended(head >> 4, rest, message));
    const std::size_t size = take_extended(head & 15, rest, message);
    if (rest.size() < size) fault("an option that is cut off", message);
    message.options.emplace_back(number, rest.substr(0, size));
    rest.remove_prefix(size);
  }
  if (rest.empty()) return;
  message.payload = rest.substr(1);
  if (message.payload.empty()) fault("a payload marker without payload", message);
}

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte_at(text, i);
    const std::size_t size = lead < 0x80 ? 1 : lead >= 0xC2 && lead < 0xE0 ? 2 : lead >= 0xE0 && lead < 0xF0 ? 3 : 4;
    if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4 || i + size > text.size()) return false;
    for (std::size_t k = 1; k < size; ++k) {
      if ((byte_at(text, i + k) & 0xC0) != 0x80) return false;
    }
    i += size;
  }
  return true;
}

void check_option(const Message& message, const std::pair<unsigned, Bytes>& option) {
  const auto& [number, value] = option;
  const auto* rule = std::ranges::find(kRules, number, &OptionRule::number);
  if (rule == kRules.end()) {
    if (number % 2 == 1) fault("a critical option that no client knows", message);
    if (number >= 65'000) fault("an option number for experiments", message);
    return;
  }
  if (value.size() < rule->min || value.size() > rule->max) fault("an option of a wrong length", message);
  if (rule->form == Form::Uint && !value.empty() && value[0] == '\0') fault("an integer with leading zeros", message);
  if (rule->form == Form::Text && !is_utf8(value)) fault("a text option that is not UTF-8", message);
  if (rule->place == Place::Request) fault("a response with an option of requests", message);
  if (!rule->repeatable && message.all(number).size() > 1) fault("an option that may be there once", message);
}

void check_block2(const Message& message, bool stream) {
  const std::optional<Block> block = message.block(kBlock2);
  if (!block) return;
  if (block->szx == kBertSzx) {
    if (!stream) fault("SZX 7 outside of a stream", message);
    if (block->more && message.payload.size() % kBertUnit != 0) fault("a BERT block of a wrong size", message);
    return;
  }
  if (block->more && message.payload.size() != block->size()) fault("a block of a wrong size", message);
  if (message.klass() == 2 && message.payload.size() > block->size()) fault("a last block that is too large", message);
}

/// What holds for every response, whatever carries it.
void check_response(const Message& message, bool stream) {
  const unsigned klass = message.klass();
  if (klass != 2 && klass != 4 && klass != 5) fault("neither response nor signal", message);
  for (const auto& option : message.options) check_option(message, option);
  if (message.all(kETag).size() > 1) fault("two entity-tags", message);
  if (klass != 2 && message.has(kObserve)) fault("an error with Observe", message);
  if (message.code == kValid && (!message.has(kETag) || !message.payload.empty())) fault("2.03", message);
  if (message.code == kContinue && !message.payload.empty()) fault("2.31 with a payload", message);
  if (message.code == kContinue && message.has(kBlock2)) fault("2.31 with Block2", message);
  if (klass != 2 && !message.has(kContentFormat) && !is_utf8(message.payload)) fault("a diagnostic", message);
  if (message.number(kContentFormat).value_or(0) >= 65'000) fault("a content-format for experiments", message);
  if (const auto block1 = message.block(kBlock1); block1 && block1->szx == kBertSzx && !stream) {
    fault("SZX 7 outside of a stream", message);
  }
  for (const Bytes& segment : message.all(kLocationPath)) {
    if (segment == "." || segment == "..") fault("a Location-Path that is no segment", message);
  }
  check_block2(message, stream);
}

Bytes options_and_payload(const Message& message) {
  const std::multimap<unsigned, Bytes> options(message.options.begin(), message.options.end());
  Bytes bytes;
  unsigned last = 0;
  for (const auto& [number, value] : options) {
    bytes += option_bytes(number - last, value);
    last = number;
  }
  if (!message.payload.empty()) bytes += kMarker + message.payload;
  return bytes;
}

bool is_signal(const Message& message) { return message.klass() == 7; }

}  // namespace

void fault(std::string_view what, const Message& message) {
  throw ScriptError(std::string(what) + ": " + message.describe());
}

Bytes uint_bytes(std::uint32_t value) {
  Bytes bytes = u32(value);
  return bytes.substr(std::min(bytes.find_first_not_of('\0'), bytes.size()));
}

Bytes option_bytes(unsigned delta, std::string_view value) {
  const Extended d = extended(delta);
  const Extended length = extended(value.size());
  return u8(d.nibble << 4 | length.nibble) + d.bytes + length.bytes + Bytes(value);
}

std::string code_name(unsigned code) {
  const unsigned detail = code & 31;
  return std::to_string(code >> 5) + (detail < 10 ? ".0" : ".") + std::to_string(detail);
}

Message& Message::with(unsigned option, std::string_view value) {
  options.emplace_back(option, value);
  return *this;
}

Message& Message::path(std::string_view path) {
  for (std::size_t end = 0; end != std::string_view::npos;) {
    end = path.find('/');
    with(kUriPath, path.substr(0, end));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end + 1);
  }
  return *this;
}

Message& Message::body(std::string_view bytes) {
  payload = bytes;
  return *this;
}

Message& Message::identified(unsigned message_id) {
  mid = message_id;
  return *this;
}

Message& Message::tokened(std::string_view value) {
  token = value;
  return *this;
}

bool Message::has(unsigned option) const { return get(option).has_value(); }

std::vector<Bytes> Message::all(unsigned option) const {
  std::vector<Bytes> values;
  for (const auto& [number, value] : options) {
    if (number == option) values.push_back(value);
  }
  return values;
}

std::optional<Bytes> Message::get(unsigned option) const {
  const auto found = std::ranges::find(options, option, &std::pair<unsigned, Bytes>::first);
  return found == options.end() ? std::nullopt : std::optional(found->second);
}

std::optional<std::uint32_t> Message::number(unsigned option) const {
  const std::optional<Bytes> value = get(option);
  return value ? std::optional(uint_of(*value)) : std::nullopt;
}

std::optional<Block> Message::block(unsigned option) const {
  const std::optional<std::uint32_t> value = number(option);
  return value ? std::optional(Block{*value >> 4, (*value & 8) != 0, *value & 7}) : std::nullopt;
}

std::string Message::describe() const {
  static constexpr std::array<std::string_view, 4> kKinds = {"CON", "NON", "ACK", "RST"};
  std::string text = std::string(kKinds.at(static_cast<std::size_t>(kind))) + " " + code_name(code);
  if (mid) text += " mid=" + std::to_string(*mid);
  text += " token=" + hex(token.value_or(""));
  for (const auto& [number, value] : options) text += " " + std::to_string(number) + "=" + hex(value.substr(0, 40));
  if (!payload.empty()) text += " payload(" + std::to_string(payload.size()) + ")='" + payload.substr(0, 60) + "'";
  return raw.empty() ? text : text + " [" + hex(raw.substr(0, 40)) + "]";
}

Message con(unsigned code) {
  Message message;
  message.code = code;
  return message;
}

Message non(unsigned code) {
  Message message = con(code);
  message.kind = Kind::Non;
  return message;
}

Message ack(unsigned mid) {
  Message message;
  message.kind = Kind::Ack;
  message.mid = mid;
  return message;
}

Message rst(unsigned mid) {
  Message message = ack(mid);
  message.kind = Kind::Rst;
  return message;
}

Bytes datagram(const Message& message) {
  const Bytes token = message.token.value_or("");
  return u8(1U << 6 | static_cast<unsigned>(message.kind) << 4 | static_cast<unsigned>(token.size())) +
         u8(message.code) + u16(message.mid.value_or(0)) + token + options_and_payload(message);
}

Bytes frame(const Message& message) {
  const Bytes token = message.token.value_or("");
  const Bytes rest = options_and_payload(message);
  constexpr std::size_t kFourByteLength = 65'805;
  const Extended length = rest.size() < kFourByteLength
                              ? extended(rest.size())
                              : Extended{15, u32(static_cast<std::uint32_t>(rest.size() - kFourByteLength))};
  return u8(length.nibble << 4 | static_cast<unsigned>(token.size())) + length.bytes + u8(message.code) + token + rest;
}

Message read_datagram(Bytes raw) {
  Message message;
  message.raw = std::move(raw);
  const std::string_view bytes = message.raw;
  if (bytes.size() < kHeaderSize) fault("a datagram without header", message);
  const std::size_t token_size = byte_at(bytes, 0) & 15;
  message.kind = static_cast<Kind>(byte_at(bytes, 0) >> 4 & 3);
  message.code = byte_at(bytes, 1);
  message.mid = uint_of(bytes.substr(2, 2));
  if (byte_at(bytes, 0) >> 6 != 1) fault("not version 1", message);
  if (token_size > 8 || kHeaderSize + token_size > bytes.size()) fault("a token that cannot be", message);
  message.token = bytes.substr(kHeaderSize, token_size);
  if (message.code == kEmpty) {
    if (bytes.size() != kHeaderSize) fault("an empty message with something in it", message);
    if (message.kind == Kind::Non) fault("an empty NON", message);
    return message;
  }
  if (message.kind == Kind::Rst) fault("a reset that is not empty", message);
  read_options(bytes.substr(kHeaderSize + token_size), message);
  check_response(message, false);
  if (bytes.size() > kMaxMessage || message.payload.size() > kMaxPayload)
    fault("a datagram that is too large", message);
  return message;
}

std::optional<std::size_t> frame_size(std::string_view bytes) {
  if (bytes.empty()) return std::nullopt;
  const unsigned length = byte_at(bytes, 0) >> 4;
  const std::size_t extension = length < 13 ? 0 : length == 13 ? 1 : length == 14 ? 2 : 4;
  if (bytes.size() < 1 + extension) return std::nullopt;
  constexpr std::array<std::size_t, 3> kBases = {13, 269, 65'805};
  const std::size_t rest = extension == 0 ? length : kBases.at(length - 13) + uint_of(bytes.substr(1, extension));
  return 1 + extension + 1 + (byte_at(bytes, 0) & 15) + rest;
}

Message read_frame(Bytes raw) {
  Message message;
  message.raw = std::move(raw);
  std::string_view bytes = message.raw;
  const unsigned length = byte_at(bytes, 0) >> 4;
  const std::size_t token_size = byte_at(bytes, 0) & 15;
  bytes.remove_prefix(1 + (length < 13 ? 0 : length == 13 ? 1 : length == 14 ? 2 : 4));
  if (token_size > 8 || bytes.size() < 1 + token_size) fault("a token that cannot be", message);
  message.code = byte_at(bytes, 0);
  message.token = bytes.substr(1, token_size);
  read_options(bytes.substr(1 + token_size), message);
  if (!is_signal(message) && message.code != kEmpty) check_response(message, true);
  return message;
}

}  // namespace sluice::test::coap
