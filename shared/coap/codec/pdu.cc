// SPDX-License-Identifier: Apache-2.0
// Reading. Writing is in pdu_encode.cc.
#include "shared/coap/codec/pdu.h"

#include <string>

#include "shared/bytes/byte_reader.h"

namespace sluice::coap {
namespace {

constexpr std::byte kPayloadMarker{0xFF};
constexpr std::size_t kHeaderSize = 4;
constexpr unsigned kReservedNibble = 15;

class PduCategory final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "coap"; }
  [[nodiscard]] std::string message(int value) const override {
    switch (static_cast<PduErrc>(value)) {
      case PduErrc::Truncated:
        return "the message is cut off";
      case PduErrc::WrongVersion:
        return "the version is not 1";
      case PduErrc::TokenTooLong:
        return "the token is longer than 8 bytes";
      case PduErrc::BadOption:
        return "an option is malformed";
      case PduErrc::EmptyPayload:
        return "a payload marker without a payload";
      case PduErrc::EmptyNotEmpty:
        return "a message with code 0.00 holds more than its header";
      case PduErrc::ReservedCode:
        return "the class of the code is reserved";
      case PduErrc::TooManyOptions:
        return "too many options";
    }
    return "unknown reason";
  }
};

constexpr unsigned low_nibble(std::byte byte) { return static_cast<unsigned>(byte & std::byte{0x0F}); }
constexpr unsigned high_nibble(std::byte byte) { return static_cast<unsigned>(byte >> 4U); }

/// Delta or length of an option that its nibble, 13 to 15, does not say: it is in the bytes that follow [RFC 7252 3.1].
bool read_extended(ByteReader& reader, std::uint32_t& value) {
  std::uint8_t one = 0;
  std::uint16_t two = 0;
  if (value == 13 ? !reader.read_u8(one) : value == kReservedNibble || !reader.read_u16(two)) return false;
  value = value == 13 ? 13U + one : 269U + two;
  return true;
}

/// The number of the option before is in `option`, and the next one's then.
bool read_option(ByteReader& reader, OptionView& option) {
  std::uint8_t first = 0;
  if (!reader.read_u8(first)) return false;
  std::uint32_t delta = first >> 4U;
  std::uint32_t length = first & 0x0FU;
  if (delta >= 13 && !read_extended(reader, delta)) return false;
  if (length >= 13 && !read_extended(reader, length)) return false;
  if (delta > 0xFFFFU - option.number) return false;
  option.number = static_cast<std::uint16_t>(option.number + delta);
  return reader.read_bytes(length, option.value);
}

bool is_reserved(Code code) { return code.code_class() == 1 || code.code_class() == 6; }

/// Where the parts of a frame are [RFC 8323 3.2].
struct FrameLayout {
  std::size_t code_at = 0;
  std::size_t token_size = 0;
  std::size_t body_size = 0;  ///< options, payload marker and payload

  [[nodiscard]] std::size_t size() const { return code_at + 1 + token_size + body_size; }
};

std::optional<FrameLayout> frame_layout(std::span<const std::byte> stream) {
  static_assert(sizeof(std::size_t) >= 8, "the longest frame has more than 2^32 bytes");
  ByteReader reader(stream);
  std::uint8_t first = 0;
  std::uint8_t one = 0;
  std::uint16_t two = 0;
  std::uint32_t four = 0;
  if (!reader.read_u8(first)) return std::nullopt;
  const std::size_t token_size = first & 0x0FU;
  const std::size_t nibble = first >> 4U;
  switch (nibble) {
    case 13:
      return reader.read_u8(one) ? std::optional(FrameLayout{2, token_size, 13U + one}) : std::nullopt;
    case 14:
      return reader.read_u16(two) ? std::optional(FrameLayout{3, token_size, 269U + two}) : std::nullopt;
    case 15:
      return reader.read_u32(four) ? std::optional(FrameLayout{5, token_size, std::size_t{65805} + four})
                                   : std::nullopt;
    default:
      return FrameLayout{1, token_size, nibble};
  }
}

}  // namespace

const boost::system::error_category& pdu_category() {
  static const PduCategory category;
  return category;
}

ErrorCode make_error_code(PduErrc error) { return {static_cast<int>(error), pdu_category()}; }

std::optional<Header> read_header(std::span<const std::byte> datagram) {
  if (datagram.size() < kHeaderSize) return std::nullopt;
  const unsigned first = high_nibble(datagram[0]);
  return Header{static_cast<std::uint8_t>(first >> 2U), static_cast<Type>(first & 3U),
                Code{static_cast<std::uint8_t>(datagram[1])}, load_u16(datagram.data() + 2)};
}

Result<Pdu> Pdu::parse(std::span<const std::byte> datagram) {
  const auto header = read_header(datagram);
  if (!header) return PduErrc::Truncated;
  if (header->version != 1) return PduErrc::WrongVersion;
  if (header->code.is_signal()) return PduErrc::ReservedCode;
  Result<Pdu> result{Pdu()};
  result->type_ = header->type;
  result->code_ = header->code;
  result->mid_ = header->mid;
  if (const ErrorCode error = result->read_body(low_nibble(datagram[0]), datagram.subspan(kHeaderSize))) result = error;
  return result;
}

Result<Pdu> Pdu::parse_frame(std::span<const std::byte> stream) {
  const auto layout = frame_layout(stream);
  if (!layout || stream.size() < layout->size()) return PduErrc::Truncated;
  Result<Pdu> result{Pdu()};
  result->code_ = Code{static_cast<std::uint8_t>(stream[layout->code_at])};
  const auto body = stream.first(layout->size()).subspan(layout->code_at + 1);
  if (const ErrorCode error = result->read_body(layout->token_size, body)) result = error;
  return result;
}

ErrorCode Pdu::read_body(std::size_t token_size, std::span<const std::byte> body) {
  if (token_size > token_.bytes.size()) return PduErrc::TokenTooLong;
  if (is_reserved(code_)) return PduErrc::ReservedCode;
  if (code_.is_empty()) return token_size == 0 && body.empty() ? ErrorCode{} : PduErrc::EmptyNotEmpty;
  if (token_size > body.size()) return PduErrc::Truncated;
  token_ = Token::from(body.first(token_size));
  return read_options(body.subspan(token_size));
}

ErrorCode Pdu::read_options(std::span<const std::byte> rest) {
  ByteReader reader(rest);
  OptionView option;
  while (!reader.empty() && reader.rest().front() != kPayloadMarker) {
    if (!read_option(reader, option)) return PduErrc::BadOption;
    if (options_.size() == kMostOptions) return PduErrc::TooManyOptions;
    options_.push_back(option);
  }
  if (reader.empty()) return {};
  payload_ = reader.rest().subspan(1);
  return payload_.empty() ? ErrorCode{PduErrc::EmptyPayload} : ErrorCode{};
}

std::optional<OptionView> Pdu::option(Option option) const {
  for (const OptionView& candidate : options_) {
    if (candidate.is(option) && has_defined_length(code_, candidate)) return candidate;
  }
  return std::nullopt;
}

std::optional<std::size_t> frame_length(std::span<const std::byte> stream) {
  const auto layout = frame_layout(stream);
  return layout ? std::optional(layout->size()) : std::nullopt;
}

}  // namespace sluice::coap
