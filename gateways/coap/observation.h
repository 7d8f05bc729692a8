// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gateways/coap/command.h"
#include "shared/coap/server/observe.h"

namespace sluice::coap {

/// A filter for many topics.
[[nodiscard]] inline bool has_wildcard(std::string_view filter) {
  return filter.find_first_of("+#") != std::string_view::npos;
}

/// What a client observes: a subscription of its session and the token under which it is notified [RFC 7641 4.1].
struct Observation {
  std::uint16_t id = 0;  ///< within the client; the subscription's identifier in the core, too
  Resource resource = Resource::Mqtt;
  ObserverTag observer;
  std::optional<std::uint16_t> format;  ///< of the first representation: the others have the same [RFC 7641 4.2]
  bool on_stream = false;               ///< it ends with its connection [RFC 8323 7.4]
  ObserveSequence sequence{};
  std::string filter;
};

/// The observations of one client: one for each filter and each token. Few: found by looking at each.
class ObservationList {
 public:
  ObservationList() = default;
  ObservationList(ObservationList&&) = default;
  ObservationList& operator=(ObservationList&&) = default;
  ~ObservationList() { clear(); }

  [[nodiscard]] Observation* by_id(std::uint32_t id);
  [[nodiscard]] Observation* by_filter(std::string_view filter);
  [[nodiscard]] Observation* by_token(const Token& token);
  /// With an id that none had lately: messages and answers about an earlier one may still be on their way. Requires:
  /// size() < NotificationTag::kMostObservation - 1.
  Observation& add(std::string_view filter);
  /// One that was there before, under its old id. Requires: no other has it.
  void restore(Observation observation);
  void erase(std::uint32_t id);
  void clear();
  /// The id that was given last, 0 if none was. It outlives the observations, and a restart of the server.
  [[nodiscard]] std::uint16_t last_id() const { return last_id_; }
  void continue_behind(std::uint16_t id) { last_id_ = id; }
  [[nodiscard]] bool empty() const { return all_.empty(); }
  [[nodiscard]] std::size_t size() const { return all_.size(); }
  [[nodiscard]] std::vector<Observation>& all() { return all_; }
  [[nodiscard]] const std::vector<Observation>& all() const { return all_; }

 private:
  std::vector<Observation> all_;
  std::uint16_t last_id_ = 0;
};

}  // namespace sluice::coap
