// SPDX-License-Identifier: Apache-2.0
#include "broker/session/subscription_list.h"

#include <algorithm>
#include <utility>

namespace sluice::session {

OwnSubscription* SubscriptionList::at(std::string_view filter) const {
  if (index_) {
    const auto found = index_->find(filter);
    return found == index_->end() ? nullptr : *found;
  }
  const auto found =
      std::ranges::find(items_, filter, [](const auto& item) -> std::string_view { return item->filter; });
  return found == items_.end() ? nullptr : found->get();
}

void SubscriptionList::put(OwnSubscription subscription) {
  if (OwnSubscription* const known = at(subscription.filter)) {
    known->options = subscription.options;
    known->subscription_id = subscription.subscription_id;
    return;
  }
  if (items_.empty()) items_.reserve(1);
  subscription.place = static_cast<std::uint32_t>(items_.size());
  items_.push_back(std::make_unique<OwnSubscription>(std::move(subscription)));
  if (index_) {
    index_->insert(items_.back().get());
  } else if (items_.size() >= kIndexFrom) {
    index_ = std::make_unique<Index>();
    for (const auto& item : items_) index_->insert(item.get());
  }
}

bool SubscriptionList::erase(std::string_view filter) {
  OwnSubscription* const doomed = at(filter);
  if (doomed == nullptr) return false;
  if (index_) index_->erase(doomed);
  if (doomed != items_.back().get()) {
    const std::uint32_t place = doomed->place;
    std::swap(items_[place], items_.back());
    items_[place]->place = place;
  }
  items_.pop_back();
  return true;
}

std::unique_ptr<OwnSubscription> SubscriptionList::take() {
  if (items_.empty()) return nullptr;
  std::unique_ptr<OwnSubscription> taken = std::move(items_.back());
  items_.pop_back();
  if (index_) index_->erase(taken.get());
  return taken;
}

}  // namespace sluice::session
