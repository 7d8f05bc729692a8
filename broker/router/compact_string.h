// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

namespace sluice::router {

/// An immutable text of at most 65,535 bytes in 16 bytes: up to 14 are kept in place, longer ones on the heap.
class CompactString {
 public:
  CompactString() = default;
  explicit CompactString(std::string_view text) : size_(static_cast<std::uint16_t>(text.size())) {
    char* at = bytes_;
    if (on_heap()) {
      at = new char[text.size()];
      std::memcpy(bytes_, &at, sizeof(at));
    }
    if (!text.empty()) std::memcpy(at, text.data(), text.size());
  }
  CompactString(CompactString&& other) noexcept { swap(other); }
  CompactString& operator=(CompactString&& other) noexcept {
    CompactString gone(std::move(*this));
    swap(other);
    return *this;
  }
  CompactString(const CompactString&) = delete;
  CompactString& operator=(const CompactString&) = delete;
  ~CompactString() {
    if (on_heap()) delete[] heap();
  }

  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::string_view view() const { return {on_heap() ? heap() : bytes_, size_}; }

 private:
  static constexpr std::size_t kInPlace = 14;

  [[nodiscard]] bool on_heap() const { return size_ > kInPlace; }
  [[nodiscard]] char* heap() const {
    char* at;
    std::memcpy(&at, bytes_, sizeof(at));
    return at;
  }
  void swap(CompactString& other) noexcept {
    std::swap(size_, other.size_);
    std::swap(bytes_, other.bytes_);
  }

  std::uint16_t size_ = 0;
  char bytes_[kInPlace] = {};
};
static_assert(sizeof(CompactString) == 16);

}  // namespace sluice::router
