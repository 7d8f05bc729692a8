// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/coap/message.h"

#include <fmt/format.h>

namespace sluice::bench::coap {
namespace {

constexpr std::uint8_t kVersion = 1;
constexpr std::uint8_t kPayloadMarker = 0xFF;
constexpr std::size_t kHeader = 4;
constexpr std::size_t kOneByteMore = 13;   ///< nibble: the value is 13 + the next byte
constexpr std::size_t kTwoBytesMore = 14;  ///< nibble: the value is 269 + the next two bytes
constexpr std::size_t kFirstOfOne = 13;
constexpr std::size_t kFirstOfTwo = 269;

std::size_t nibble_of(std::size_t value) {
  if (value < kFirstOfOne) return value;
  return value < kFirstOfTwo ? kOneByteMore : kTwoBytesMore;
}

void put_rest(std::size_t value, Bytes& out) {
  if (value < kFirstOfOne) return;
  if (value < kFirstOfTwo) {
    out.push_back(static_cast<std::uint8_t>(value - kFirstOfOne));
    return;
  }
  out.push_back(static_cast<std::uint8_t>((value - kFirstOfTwo) >> 8));
  out.push_back(static_cast<std::uint8_t>((value - kFirstOfTwo) & 0xFF));
}

/// The value that begins with `nibble` and goes on at `at`, which moves behind it; false if it is reserved or cut.
bool get_rest(ByteView from, std::size_t& at, std::size_t nibble, std::size_t& value) {
  const std::size_t more = nibble < kOneByteMore ? 0 : nibble == kOneByteMore ? 1 : 2;
  if (nibble > kTwoBytesMore || from.size() - at < more) return false;
  value = nibble;
  if (more == 1) value = kFirstOfOne + from[at];
  if (more == 2) value = kFirstOfTwo + (std::size_t{from[at]} << 8 | from[at + 1]);
  at += more;
  return true;
}

/// nullopt: longer than the three bytes of Observe [RFC 7641 2].
std::optional<std::uint32_t> get_observe(ByteView value) {
  if (value.size() > 3) return std::nullopt;
  std::uint32_t number = 0;
  for (const std::uint8_t byte : value) number = number << 8 | byte;
  return number;
}

bool read_options(ByteView from, std::size_t at, Message& message) {
  std::size_t number = 0;
  while (at < from.size() && from[at] != kPayloadMarker) {
    const std::uint8_t first = from[at++];
    std::size_t delta = 0;
    std::size_t length = 0;
    if (!get_rest(from, at, first >> 4, delta) || !get_rest(from, at, first & 0x0F, length)) return false;
    if (from.size() - at < length) return false;
    number += delta;
    if (number == options::kObserve) message.observe = get_observe(from.subspan(at, length));
    at += length;
  }
  if (at == from.size()) return true;
  message.payload = from.subspan(at + 1);
  return !message.payload.empty();  // a marker with nothing behind it [RFC 7252 3]
}

}  // namespace

bool decode(ByteView datagram, Message& message) {
  message = {};
  if (datagram.size() < kHeader || datagram[0] >> 6 != kVersion) return false;
  const std::size_t token = datagram[0] & 0x0F;
  message.type = static_cast<Type>(datagram[0] >> 4 & 3);
  message.code = datagram[1];
  message.id = static_cast<std::uint16_t>(datagram[2] << 8 | datagram[3]);
  if (message.code == codes::kEmpty) return datagram.size() == kHeader && token == 0;
  if (token > kMaxToken || datagram.size() - kHeader < token) return false;
  message.token = datagram.subspan(kHeader, token);
  return read_options(datagram, kHeader + token, message);
}

MessageWriter::MessageWriter(Bytes& out, Type type, std::uint8_t code, std::uint16_t id, ByteView token) : out_(out) {
  out_.clear();
  out_.push_back(static_cast<std::uint8_t>(kVersion << 6 | static_cast<unsigned>(type) << 4 | token.size()));
  out_.push_back(code);
  out_.push_back(static_cast<std::uint8_t>(id >> 8));
  out_.push_back(static_cast<std::uint8_t>(id & 0xFF));
  out_.insert(out_.end(), token.begin(), token.end());
}

MessageWriter& MessageWriter::option(std::uint16_t number, std::string_view value) {
  const auto delta = static_cast<std::size_t>(number - last_option_);
  out_.push_back(static_cast<std::uint8_t>(nibble_of(delta) << 4 | nibble_of(value.size())));
  put_rest(delta, out_);
  put_rest(value.size(), out_);
  out_.insert(out_.end(), value.begin(), value.end());
  last_option_ = number;
  return *this;
}

MessageWriter& MessageWriter::path(std::string_view path) {
  if (path.starts_with('/')) path.remove_prefix(1);
  if (path.empty()) return *this;
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/')) {
    option(options::kUriPath, path.substr(0, end));
    path.remove_prefix(end + 1);
  }
  return option(options::kUriPath, path);
}

std::span<std::uint8_t> MessageWriter::payload(std::size_t size) {
  if (size == 0) return {};
  out_.push_back(kPayloadMarker);
  out_.resize(out_.size() + size, 'x');
  return std::span(out_).last(size);
}

void encode_empty(Type type, std::uint16_t id, Bytes& out) { MessageWriter(out, type, codes::kEmpty, id, {}); }

std::string code_text(std::uint8_t code) { return fmt::format("{}.{:02}", code >> 5, code & 0x1F); }

}  // namespace sluice::bench::coap
