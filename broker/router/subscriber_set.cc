// SPDX-License-Identifier: Apache-2.0
#include "broker/router/subscriber_set.h"

#include <algorithm>
#include <utility>

namespace sluice::router {
namespace {

bool is(const Subscriber& subscriber, SessionRef session, bool local) {
  return subscriber.session == session && subscriber.local() == local;
}

}  // namespace

std::uint64_t SubscriberTable::hash(SessionRef session, bool local) {
  // Clients do not choose these numbers: spreading them is enough.
  std::uint64_t mixed = ((std::uint64_t{session.slot} << 32) | session.generation) + (local ? 1ULL << 63 : 0);
  mixed = (mixed ^ (mixed >> 32)) * 0x9E37'79B9'7F4A'7C15;
  mixed = (mixed ^ (mixed >> 29)) * 0xBF58'476D'1CE4'E5B9;
  return mixed ^ (mixed >> 32);
}

std::size_t SubscriberTable::find(SessionRef session, bool local) const {
  if (index_ == nullptr) {
    const auto at =
        std::find_if(items_.begin(), items_.end(), [&](const auto& item) { return is(item, session, local); });
    return at == items_.end() ? kNone : static_cast<std::size_t>(at - items_.begin());
  }
  const std::uint32_t found = index_->find(
      hash(session, local), [&](std::uint32_t candidate) { return is(items_[candidate - 1], session, local); });
  return found == 0 ? kNone : found - 1;
}

void SubscriberTable::add(const Subscriber& subscriber) {
  items_.push_back(subscriber);
  if (index_ != nullptr) {
    index_->insert(hash(subscriber), id(items_.size() - 1));
  } else if (items_.size() >= kIndexFrom) {
    index_ = std::make_unique<IdTable>();
    for (std::size_t i = 0; i < items_.size(); ++i) index_->insert(hash(items_[i]), id(i));
  }
}

void SubscriberTable::exchange(std::size_t a, std::size_t b) {
  if (a == b) return;
  if (index_ != nullptr) {
    index_->rename(hash(items_[a]), id(a), id(items_.size()));
    index_->rename(hash(items_[b]), id(b), id(a));
    index_->rename(hash(items_[a]), id(items_.size()), id(b));
  }
  std::swap(items_[a], items_[b]);
}

void SubscriberTable::remove(std::size_t position) {
  exchange(position, items_.size() - 1);
  if (index_ != nullptr) index_->erase(hash(items_.back()), id(items_.size() - 1));
  items_.pop_back();
  if (items_.size() < kIndexFrom / 2) index_.reset();
  if (items_.size() < items_.capacity() / 4) items_.shrink_to_fit();
}

bool SubscriberSet::put(const Subscriber& subscriber) {
  if (auto* one = std::get_if<Subscriber>(&content_)) {
    if (is(*one, subscriber.session, subscriber.local())) {
      *one = subscriber;
      return false;
    }
    auto many = std::make_unique<SubscriberTable>();
    many->add(*one);
    content_ = std::move(many);
  }
  auto* many = std::get_if<Many>(&content_);
  if (many == nullptr) {
    content_ = subscriber;
    return true;
  }
  const std::size_t at = (*many)->find(subscriber.session, subscriber.local());
  if (at != SubscriberTable::kNone) {
    (*many)->replace(at, subscriber);
    return false;
  }
  (*many)->add(subscriber);
  return true;
}

bool SubscriberSet::erase(SessionRef session, bool local) {
  if (const auto* one = std::get_if<Subscriber>(&content_)) {
    if (!is(*one, session, local)) return false;
    content_ = std::monostate{};
    return true;
  }
  auto* many = std::get_if<Many>(&content_);
  if (many == nullptr) return false;
  const std::size_t at = (*many)->find(session, local);
  if (at == SubscriberTable::kNone) return false;
  (*many)->remove(at);
  if ((*many)->size() == 1) {
    const Subscriber last = (*many)->items().front();
    content_ = last;
  }
  return true;
}

}  // namespace sluice::router
