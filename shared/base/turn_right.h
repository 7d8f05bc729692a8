// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace sluice {

/// Who may run a shard's turns: its own thread; or, while that one waits for descriptors, one other thread that has a
/// little work for the shard and saves it the wake-up. Whoever gets the right sees everything that the one before did.
/// While nobody borrows it costs two atomic writes a turn.
class TurnRight {
 public:
  enum class Lend : bool { No, Yes };

  // Of the shard's own thread.

  /// Before it waits. From now on post() of others has to wake it, and with Lend::Yes others may borrow.
  void begin_wait(Lend lend) { state_.store(lend == Lend::Yes ? State::Lendable : State::Waiting); }
  /// After it has waited: has the right again. A borrower ends first, and cannot borrow again before.
  void end_wait() {
    State now = state_.load();
    for (;;) {
      if (now == State::Wanted) {
        state_.wait(State::Wanted);
        now = state_.load();
      } else if (state_.compare_exchange_weak(now, now == State::Borrowed ? State::Wanted : State::Running)) {
        if (now != State::Borrowed) return;
        now = State::Wanted;
      }
    }
  }

  // Of any other thread.

  /// After something was left for the shard: true if the caller must end its wait, once for each wait.
  [[nodiscard]] bool must_wake() {
    State now = state_.load();
    while (now == State::Waiting || now == State::Lendable) {
      if (state_.compare_exchange_weak(now, State::Woken)) return true;
    }
    return false;
  }
  /// True: the caller has the right until give_back().
  [[nodiscard]] bool borrow() {
    State lendable = State::Lendable;
    return state_.compare_exchange_strong(lendable, State::Borrowed);
  }
  /// What was left for the shard meanwhile woke nobody: look for it afterwards.
  void give_back() {
    State borrowed = State::Borrowed;
    if (state_.compare_exchange_strong(borrowed, State::Lendable)) return;
    state_.store(State::Woken);  // its thread waits for it
    state_.notify_one();
  }

 private:
  enum class State : int { Running, Waiting, Lendable, Woken, Borrowed, Wanted };
  alignas(64) std::atomic<State> state_{State::Running};
};

}  // namespace sluice
