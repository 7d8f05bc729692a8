// SPDX-License-Identifier: Apache-2.0
#include "broker/app/signals.h"

#include <initializer_list>
#include <pthread.h>

namespace sluice::app {

Signals::Signals() {
  sigemptyset(&set_);
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, number);
  pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  // Writing to a socket or pipe whose reader has gone is an error value, not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

Signals::Kind Signals::wait() const {
  int number = 0;
  while (sigwait(&set_, &number) != 0) {
  }
  return number == SIGHUP ? Kind::Reload : Kind::Stop;
}

}  // namespace sluice::app
