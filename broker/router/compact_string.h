// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::router {

/// An immutable text of at most 65,535 bytes: up to `InPlace` are kept in the object, longer ones on the heap.
template <std::size_t InPlace>
class BasicCompactString {
 public:
  BasicCompactString() = default;
  explicit BasicCompactString(std::string_view text) : size_(static_cast<std::uint16_t>(text.size())) {
    char* at = bytes_;
    if (on_heap()) {
      at = new char[text.size()];
      std::memcpy(bytes_, &at, sizeof(at));
    }
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
  }
  BasicCompactString(BasicCompactString&& other) noexcept { swap(other); }
  BasicCompactString& operator=(BasicCompactString&& other) noexcept {
    BasicCompactString gone(std::move(*this));
    swap(other);
    return *this;
  }
  BasicCompactString(const BasicCompactString&) = delete;
  BasicCompactString& operator=(const BasicCompactString&) = delete;
  ~BasicCompactString() {
    if (on_heap()) delete[] heap();
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {on_heap() ? heap() : bytes_, size_}; }

 private:
  static_assert(InPlace >= sizeof(char*));

  [[nodiscard]] bool on_heap() const { return size_ > InPlace; }
  [[nodiscard]] char* heap() const {
    char* at;
    std::memcpy(&at, bytes_, sizeof(at));
    return at;
  }
  void swap(BasicCompactString& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
  }

  std::uint16_t size_ = 0;
  char bytes_[InPlace] = {};
};
using CompactString = BasicCompactString<14>;
static_assert(sizeof(CompactString) == 16);

}  // namespace sluice::router
