// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <csignal>

namespace sluice::app {

/// The signals that control the server: TERM and INT end it, HUP makes it read its configuration again.
/// Make one before any thread is started: the signals are blocked from then on, in this thread and all later ones.
class Signals {
 public:
  enum class Kind { Stop, Reload };

  Signals();
  /// Waits for the next one. Thread: the control thread.
  [[nodiscard]] Kind wait() const;

 private:
  sigset_t set_{};
};

}  // namespace sluice::app
