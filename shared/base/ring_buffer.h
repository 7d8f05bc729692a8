// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <utility>

namespace sluice {

/// A double-ended queue in one block that owns nothing while it is empty.
/// Purpose: queues of sessions, of which there are many and nearly all are empty.
/// T: default constructible and nothrow movable. Thread safety: none.
template <class T>
class RingBuffer {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  /// Requires: index < size(). Index 0 is the front.
  T& operator[](std::size_t index) { return slots_[(head_ + index) & (capacity_ - 1)]; }
  const T& operator[](std::size_t index) const { return slots_[(head_ + index) & (capacity_ - 1)]; }
  T& front() { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  T& push_back(T value) {
    if (size_ == capacity_) grow();
    T& slot = slots_[(head_ + size_) & (capacity_ - 1)];
    slot = std::move(value);
    ++size_;
    return slot;
  }
  /// A default constructed one at the back, to be filled.
  T& extend_back() {
    if (size_ == capacity_) grow();
    return slots_[(head_ + size_++) & (capacity_ - 1)];
  }
  T& push_front(T value) {
    if (size_ == capacity_) grow();
    head_ = (head_ + capacity_ - 1) & (capacity_ - 1);
    slots_[head_] = std::move(value);
    ++size_;
    return slots_[head_];
  }
  T pop_front() {
    T value = std::exchange(slots_[head_], T{});
    head_ = (head_ + 1) & (capacity_ - 1);
    if (--size_ == 0) release_if_large();
    return value;
  }
  /// Requires: the front is as a default constructed one.
  void skip_front() {
    head_ = (head_ + 1) & (capacity_ - 1);
    if (--size_ == 0) release_if_large();
  }
  void pop_back() {
    (*this)[--size_] = T{};
    if (size_ == 0) release_if_large();
  }
  /// Requires: index < size(). Keeps the order of the others.
  void erase(std::size_t index) {
    for (; index > 0; --index) (*this)[index] = std::move((*this)[index - 1]);
    static_cast<void>(pop_front());
  }
  void clear() {
    slots_.reset();
    head_ = size_ = capacity_ = 0;
  }
  [[nodiscard]] std::size_t capacity_bytes() const { return capacity_ * sizeof(T); }

 private:
  static constexpr std::size_t kFirstCapacity = 8;
  static constexpr std::size_t kKeptCapacity = 64;

  void grow() {
    const std::size_t wider = capacity_ == 0 ? kFirstCapacity : capacity_ * 2;
    auto slots = std::make_unique<T[]>(wider);
    for (std::size_t i = 0; i < size_; ++i) slots[i] = std::move((*this)[i]);
    slots_ = std::move(slots);
    head_ = 0;
    capacity_ = wider;
  }
  void release_if_large() {
    if (capacity_ > kKeptCapacity) clear();
  }

  std::unique_ptr<T[]> slots_;  ///< those not in use are as default constructed ones
  std::size_t head_ = 0;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace sluice
