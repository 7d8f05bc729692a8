// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "shared/net/listener_settings.h"

namespace sluice {

class TlsContext;

/// What happened at one listener since the start. Any thread; counts are exact, a set of them is not a snapshot.
struct ListenerProbe {
  std::atomic<std::int64_t> current{0};              ///< connections that hold a place now
  std::atomic<std::uint64_t> accepted{0};            ///< given to the protocol
  std::atomic<std::uint64_t> refused_by_access{0};   ///< `access.N`
  std::atomic<std::uint64_t> refused_full{0};        ///< `max_clients`
  std::atomic<std::uint64_t> refused_exhausted{0};   ///< no file descriptor left
  std::atomic<std::uint64_t> deferred{0};            ///< accepting waited for `connection_rate`
  std::atomic<std::uint64_t> proxy_failures{0};      ///< bad or late PROXY header
  std::atomic<std::uint64_t> tls_failures{0};        ///< handshakes that failed
  std::atomic<std::uint64_t> handshake_timeouts{0};  ///< handshakes that took too long
  std::atomic<std::uint64_t> send_timeouts{0};       ///< `send_timeout` passed without progress
  std::atomic<std::uint64_t> rate_limited{0};        ///< reads that waited for `rate_limit`
};

/// What the shards' parts of one listener and its connections share. Settings never change: a reload makes a new
/// state with the same probe, for the connections that come after it.
/// Lifetime: counted; as long as the listener or one of its connections lives. Thread safety: any thread.
class ListenerState {
 public:
  ListenerState(ListenerSettings listener_settings, std::shared_ptr<const TlsContext> tls_context,
                std::shared_ptr<ListenerProbe> counters);
  ~ListenerState();
  ListenerState(const ListenerState&) = delete;
  ListenerState& operator=(const ListenerState&) = delete;

  const ListenerSettings settings;
  const std::shared_ptr<const TlsContext> tls;  ///< null: plain TCP
  const std::shared_ptr<ListenerProbe> probe;

  friend void intrusive_ptr_add_ref(ListenerState* state) {
    state->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(ListenerState* state) {
    if (state->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete state;
  }

 private:
  std::atomic<std::uint64_t> references_{0};
};

using ListenerStatePtr = boost::intrusive_ptr<ListenerState>;

/// One place among a listener's clients, in 8 bytes; given back when it is destroyed.
class ListenerSlot {
 public:
  ListenerSlot() = default;
  ListenerSlot(ListenerSlot&&) noexcept = default;
  ListenerSlot& operator=(ListenerSlot&& other) noexcept {
    release();
    state_ = std::move(other.state_);
    return *this;
  }
  ListenerSlot(const ListenerSlot&) = delete;
  ListenerSlot& operator=(const ListenerSlot&) = delete;
  ~ListenerSlot() { release(); }

  /// Takes a place under `max_clients`; empty when all are taken.
  static ListenerSlot admit(const ListenerStatePtr& state);

  [[nodiscard]] ListenerState* get() const { return state_.get(); }
  ListenerState* operator->() const { return state_.get(); }
  explicit operator bool() const { return state_ != nullptr; }

 private:
  void release();
  ListenerStatePtr state_;
};

}  // namespace sluice
