// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

namespace sluice {

/// A move-only `void()` that keeps small callables in place: what shards send to each other. It fills a cache line.
/// A callable that does not fit (or may throw while it is moved) is put on the heap.
/// Thread safety: distinct objects are independent; a shared object needs outside synchronization.
class InlineTask {
 public:
  static constexpr std::size_t kInlineBytes = 56;

  InlineTask() = default;

  template <class F, class = std::enable_if_t<!std::is_same_v<std::decay_t<F>, InlineTask>>>
  InlineTask(F&& callable) {  // NOLINT(google-explicit-constructor): converting is the purpose
    using Callable = std::decay_t<F>;
    if constexpr (fits<Callable>()) {
      ::new (static_cast<void*>(storage_)) Callable(std::forward<F>(callable));
      operations_ = &kInPlace<Callable>;
    } else {
      ::new (static_cast<void*>(storage_)) std::unique_ptr<Callable>(new Callable(std::forward<F>(callable)));
      operations_ = &kOnHeap<Callable>;
    }
  }

  InlineTask(InlineTask&& other) noexcept : operations_(std::exchange(other.operations_, nullptr)) {
    if (operations_ != nullptr) operations_->relocate(other.storage_, storage_);
  }
  InlineTask& operator=(InlineTask&& other) noexcept {
    if (this != &other) {
      reset();
      operations_ = std::exchange(other.operations_, nullptr);
      if (operations_ != nullptr) operations_->relocate(other.storage_, storage_);
    }
    return *this;
  }
  InlineTask(const InlineTask&) = delete;
  InlineTask& operator=(const InlineTask&) = delete;
  ~InlineTask() { reset(); }

  explicit operator bool() const { return operations_ != nullptr; }

  /// Requires: holds a callable.
  void operator()() { operations_->call(storage_); }

 private:
  struct Operations {
    void (*call)(void*);
    void (*relocate)(void* from, void* to) noexcept;
    void (*destroy)(void*) noexcept;
  };

  template <class Callable>
  static constexpr bool fits() {
    return sizeof(Callable) <= kInlineBytes && alignof(Callable) <= alignof(void*) &&
           std::is_nothrow_move_constructible_v<Callable>;
  }

  template <class Callable>
  static constexpr Operations kInPlace{[](void* at) { (*static_cast<Callable*>(at))(); },
                                       [](void* from, void* to) noexcept {
                                         auto* source = static_cast<Callable*>(from);
                                         ::new (to) Callable(std::move(*source));
                                         source->~Callable();
                                       },
                                       [](void* at) noexcept { static_cast<Callable*>(at)->~Callable(); }};

  template <class Callable>
  static constexpr Operations kOnHeap{
      [](void* at) { (**static_cast<std::unique_ptr<Callable>*>(at))(); },
      [](void* from, void* to) noexcept {
        auto* source = static_cast<std::unique_ptr<Callable>*>(from);
        ::new (to) std::unique_ptr<Callable>(std::move(*source));
        source->~unique_ptr();
      },
      [](void* at) noexcept { static_cast<std::unique_ptr<Callable>*>(at)->~unique_ptr(); }};

  void reset() {
    if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(void*) std::byte storage_[kInlineBytes];
};

}  // namespace sluice
