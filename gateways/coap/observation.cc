// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/observation.h"

#include <algorithm>
#include <utility>

#include "gateways/coap/coap_probe.h"
#include "gateways/coap/envelope.h"

namespace sluice::coap {
namespace {

template <class Predicate>
Observation* first_of(std::vector<Observation>& all, Predicate predicate) {
  const auto found = std::ranges::find_if(all, predicate);
  return found == all.end() ? nullptr : &*found;
}

}  // namespace

Observation* ObservationList::by_id(std::uint32_t id) {
  return first_of(all_, [&](const Observation& one) { return one.id == id; });
}

Observation* ObservationList::by_filter(std::string_view filter) {
  return first_of(all_, [&](const Observation& one) { return one.filter == filter; });
}

Observation* ObservationList::by_token(const Token& token) {
  return first_of(all_, [&](const Observation& one) { return one.observer.token == token; });
}

Observation& ObservationList::add(std::string_view filter) {
  do {
    last_id_ = last_id_ + 1 < NotificationTag::kMostObservation ? static_cast<std::uint16_t>(last_id_ + 1) : 1;
  } while (by_id(last_id_) != nullptr);
  probe().observations.add(1);
  Observation& added = all_.emplace_back();
  added.id = last_id_;
  added.filter = filter;
  return added;
}

void ObservationList::restore(Observation observation) {
  probe().observations.add(1);
  last_id_ = std::max(last_id_, observation.id);
  all_.push_back(std::move(observation));
}

void ObservationList::erase(std::uint32_t id) {
  const auto erased = std::erase_if(all_, [&](const Observation& one) { return one.id == id; });
  probe().observations.add(-static_cast<std::int64_t>(erased));
}

void ObservationList::clear() {
  probe().observations.add(-static_cast<std::int64_t>(all_.size()));
  all_.clear();
}

}  // namespace sluice::coap
