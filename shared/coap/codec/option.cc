// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/codec/option.h"

#include <array>
#include <cstring>
#include <utility>

namespace sluice::coap {
namespace {

constexpr std::uint16_t number_of(Option option) { return static_cast<std::uint16_t>(option); }

/// [RFC 7252 5.10, table 4] and the definitions of later documents.
std::optional<OptionRule> message_rule(std::uint16_t number) {
  switch (static_cast<Option>(number)) {
    case Option::IfMatch:
      return OptionRule{0, 8, true};
    case Option::UriHost:
      return OptionRule{1, 255, false};
    case Option::ETag:
      return OptionRule{1, 8, true};
    case Option::IfNoneMatch:
      return OptionRule{0, 0, false};
    case Option::Observe:
      return OptionRule{0, 3, false};
    case Option::UriPort:
      return OptionRule{0, 2, false};
    case Option::LocationPath:
      return OptionRule{0, 255, true};
    case Option::Oscore:
      return OptionRule{0, 255, false};
    case Option::UriPath:
      return OptionRule{0, 255, true};
    case Option::ContentFormat:
      return OptionRule{0, 2, false};
    case Option::MaxAge:
      return OptionRule{0, 4, false};
    case Option::UriQuery:
      return OptionRule{0, 255, true};
    case Option::HopLimit:
      return OptionRule{1, 1, false};
    case Option::Accept:
      return OptionRule{0, 2, false};
    case Option::QBlock1:
      return OptionRule{0, 3, false};
    case Option::LocationQuery:
      return OptionRule{0, 255, true};
    case Option::Block2:
    case Option::Block1:
      return OptionRule{0, 3, false};
    case Option::Size2:
      return OptionRule{0, 4, false};
    case Option::QBlock2:
      return OptionRule{0, 3, true};
    case Option::ProxyUri:
      return OptionRule{1, 1034, false};
    case Option::ProxyScheme:
      return OptionRule{1, 255, false};
    case Option::Size1:
      return OptionRule{0, 4, false};
    case Option::Echo:
      return OptionRule{1, 40, false};
    case Option::NoResponse:
      return OptionRule{0, 1, false};
    case Option::RequestTag:
      return OptionRule{0, 8, true};
  }
  return std::nullopt;
}

/// [RFC 8323 5.3 to 5.6]
std::optional<OptionRule> signal_rule(Code code, std::uint16_t number) {
  using namespace signal_options;
  const Option option{number};
  if (code == codes::kCsm && option == kCsmMaxMessageSize) return OptionRule{0, 4, false};
  if (code == codes::kCsm && option == kCsmBlockWiseTransfer) return OptionRule{0, 0, false};
  if ((code == codes::kPing || code == codes::kPong) && option == kPingCustody) return OptionRule{0, 0, false};
  if (code == codes::kRelease && option == kReleaseAlternativeAddress) return OptionRule{1, 255, true};
  if (code == codes::kRelease && option == kReleaseHoldOff) return OptionRule{0, 3, false};
  if (code == codes::kAbort && option == kAbortBadCsmOption) return OptionRule{0, 2, false};
  return std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> OptionView::uint() const {
  if (value.size() > 4) return std::nullopt;
  std::uint32_t number_read = 0;
  for (const std::byte byte : value) number_read = (number_read << 8U) | static_cast<std::uint32_t>(byte);
  return number_read;
}

std::optional<OptionRule> option_rule(Code code, std::uint16_t number) {
  return code.is_signal() ? signal_rule(code, number) : message_rule(number);
}

bool has_defined_length(Code code, const OptionView& option) {
  const auto rule = option_rule(code, option.number);
  return !rule || (option.value.size() >= rule->least && option.value.size() <= rule->most);
}

Options& Options::add(Option option, std::span<const std::byte> value) {
  if (value.size() > kMostValue) return *this;
  const Entry entry{number_of(option), static_cast<std::uint16_t>(value.size()),
                    static_cast<std::uint32_t>(bytes_.size())};
  bytes_.resize(bytes_.size() + value.size(), boost::container::default_init);
  if (!value.empty()) std::memcpy(bytes_.data() + entry.offset, value.data(), value.size());
  entries_.push_back(entry);
  for (std::size_t at = entries_.size() - 1; at > 0 && entries_[at - 1].number > entry.number; --at) {
    std::swap(entries_[at - 1], entries_[at]);
  }
  return *this;
}

Options& Options::add(Option option, std::string_view text) {
  return add(option, std::as_bytes(std::span(text.data(), text.size())));
}

Options& Options::add(Option option, std::uint32_t value) {
  std::array<std::byte, 4> bytes{};
  std::size_t size = 0;
  for (unsigned shift = 32; shift != 0;) {
    shift -= 8;
    const auto byte = static_cast<std::byte>(value >> shift);
    if (size != 0 || byte != std::byte{0}) bytes[size++] = byte;
  }
  return add(option, std::span<const std::byte>(bytes).first(size));
}

void Options::remove(Option option) {
  for (std::size_t index = entries_.size(); index-- > 0;) {
    const Entry gone = entries_[index];
    if (gone.number != number_of(option)) continue;
    entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
    // The bytes go too: a blockwise transfer changes one option thousands of times.
    const auto from = bytes_.begin() + static_cast<std::ptrdiff_t>(gone.offset);
    bytes_.erase(from, from + gone.length);
    for (Entry& entry : entries_) {
      if (entry.offset > gone.offset) entry.offset -= gone.length;
    }
  }
}

std::optional<OptionView> Options::find(Option option) const {
  for (std::size_t index = 0; index < entries_.size(); ++index) {
    if (entries_[index].number == number_of(option)) return (*this)[index];
  }
  return std::nullopt;
}

}  // namespace sluice::coap
