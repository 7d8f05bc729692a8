// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "shared/coap/codec/pdu.h"

namespace sluice::coap::test {

/// Messages as people write them down: `4101 'abc'` are two bytes in hexadecimal and three characters.
inline Bytes wire(std::string_view text) {
  Bytes bytes;
  while (!text.empty()) {
    if (text.starts_with('\'')) {
      const std::string_view content = text.substr(1, text.find('\'', 1) - 1);
      for (const char character : content) bytes.push_back(static_cast<std::byte>(character));
      text.remove_prefix(content.size() + 2);
    } else if (std::isxdigit(static_cast<unsigned char>(text.front())) != 0) {
      bytes.push_back(static_cast<std::byte>(std::stoul(std::string(text.substr(0, 2)), nullptr, 16)));
      text.remove_prefix(2);
    } else if (text.front() == ' ') {
      text.remove_prefix(1);
    } else {
      throw std::invalid_argument("not a wire token: " + std::string(text));
    }
  }
  return bytes;
}

inline std::string hex(std::span<const std::byte> bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::byte byte : bytes) {
    text += kDigits[static_cast<std::size_t>(byte >> 4U)];
    text += kDigits[static_cast<std::size_t>(byte & std::byte{0x0F})];
  }
  return text;
}

inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Bytes in a block of their exact size, so that the address sanitizer sees a read beyond the end.
struct ExactBlock {
  explicit ExactBlock(std::span<const std::byte> bytes) : size(bytes.size()), data(new std::byte[bytes.size()]) {
    std::ranges::copy(bytes, data.get());
  }
  [[nodiscard]] std::span<const std::byte> span() const { return {data.get(), size}; }

  std::size_t size;
  std::unique_ptr<std::byte[]> data;
};

/// What a message that was read is written from again.
inline Parts parts_of(const Pdu& pdu) {
  Parts parts{pdu.type(), pdu.code(), pdu.mid(), pdu.token(), {}, pdu.payload()};
  for (const OptionView& option : pdu.options()) parts.options.add(Option{option.number}, option.value);
  return parts;
}

inline Pdu parsed(std::span<const std::byte> datagram) {
  auto pdu = Pdu::parse(datagram);
  if (!pdu) throw std::invalid_argument(pdu.error().message());
  return *pdu;
}

}  // namespace sluice::coap::test
