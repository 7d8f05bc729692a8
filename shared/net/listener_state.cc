// SPDX-License-Identifier: Apache-2.0
#include "shared/net/listener_state.h"

#include "shared/net/tls_context.h"

namespace sluice {

ListenerState::ListenerState(ListenerSettings listener_settings, std::shared_ptr<const TlsContext> tls_context,
                             std::shared_ptr<ListenerProbe> counters)
    : settings(std::move(listener_settings)), tls(std::move(tls_context)), probe(std::move(counters)) {}

ListenerState::~ListenerState() = default;

ListenerSlot ListenerSlot::admit(const ListenerStatePtr& state) {
  ListenerSlot slot;
  std::atomic<std::int64_t>& current = state->probe->current;
  if (current.fetch_add(1, std::memory_order_relaxed) >= static_cast<std::int64_t>(state->settings.max_clients)) {
    current.fetch_sub(1, std::memory_order_relaxed);
    return slot;
  }
  slot.state_ = state;
  return slot;
}

void ListenerSlot::release() {
  if (state_ == nullptr) return;
  state_->probe->current.fetch_sub(1, std::memory_order_relaxed);
  state_.reset();
}

}  // namespace sluice
