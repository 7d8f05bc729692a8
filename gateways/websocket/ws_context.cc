// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_context.h"

namespace sluice::ws {

std::shared_ptr<const WsSettings> Context::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

std::shared_ptr<const ListenerTraits> Context::traits() const {
  const std::lock_guard lock(mutex_);
  return traits_;
}

void Context::reconfigure(WsSettings settings, std::shared_ptr<const ListenerTraits> traits) {
  auto next = std::make_shared<const WsSettings>(std::move(settings));
  const std::lock_guard lock(mutex_);
  settings_ = std::move(next);
  traits_ = std::move(traits);
}

bool Context::take_deflate(const DeflateSettings& settings) {
  if (!settings.enabled) return false;
  if (deflating_.fetch_add(1, std::memory_order_relaxed) < settings.max_clients) return true;
  give_back_deflate();
  return false;
}

void Context::join(Shard& shard, Member& member) {
  members_[shard.index()].insert(&member);
  const std::lock_guard lock(mutex_);
  ++alive_;
}

void Context::leave(Shard& shard, Member& member) {
  if (members_[shard.index()].erase(&member) == 0) return;
  const std::lock_guard lock(mutex_);
  if (--alive_ == 0) empty_.notify_all();
}

void Context::for_each(Shard& shard, void (Member::*tell)()) {
  const auto& members = members_[shard.index()];
  // A member may leave while it is told.
  const std::vector<Member*> now(members.begin(), members.end());
  for (Member* member : now) {
    if (members.contains(member)) (member->*tell)();
  }
}

bool Context::wait_until_empty(std::chrono::milliseconds limit) {
  std::unique_lock lock(mutex_);
  return empty_.wait_for(lock, limit, [this] { return alive_ == 0; });
}

}  // namespace sluice::ws
