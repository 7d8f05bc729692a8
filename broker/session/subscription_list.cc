// SPDX-License-Identifier: Apache-2.0
#include "broker/session/subscription_list.h"

#include <utility>

namespace sluice::session {

std::size_t SubscriptionList::position(std::string_view filter) const {
  if (index_) {
    const auto found = index_->find(filter);
    return found == index_->end() ? kNone : found->second;
  }
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (items_[i]->filter == filter) return i;
  }
  return kNone;
}

void SubscriptionList::put(OwnSubscription subscription) {
  if (const std::size_t at = position(subscription.filter); at != kNone) {
    items_[at]->options = subscription.options;
    items_[at]->subscription_id = subscription.subscription_id;
    return;
  }
  if (items_.empty()) items_.reserve(1);
  items_.push_back(std::make_unique<OwnSubscription>(std::move(subscription)));
  if (index_) {
    index_->emplace(items_.back()->filter, items_.size() - 1);
  } else if (items_.size() >= kIndexFrom) {
    index_ = std::make_unique<Index>();
    for (std::size_t i = 0; i < items_.size(); ++i) index_->emplace(items_[i]->filter, i);
  }
}

bool SubscriptionList::erase(std::string_view filter) {
  const std::size_t at = position(filter);
  if (at == kNone) return false;
  if (index_) index_->erase(filter);
  if (at + 1 != items_.size()) {
    std::swap(items_[at], items_.back());
    if (index_) index_->find(items_[at]->filter)->second = at;
  }
  items_.pop_back();
  return true;
}

std::unique_ptr<OwnSubscription> SubscriptionList::take() {
  if (items_.empty()) return nullptr;
  std::unique_ptr<OwnSubscription> taken = std::move(items_.back());
  items_.pop_back();
  if (index_) index_->erase(taken->filter);
  return taken;
}

}  // namespace sluice::session
