// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE, UNSUBSCRIBE and their acknowledgements [MQTT5 3.8 to 3.11].
#include <utility>
#include <vector>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/protocol/machine.h"
#include "broker/mqtt/protocol/user_properties.h"

namespace sluice::mqtt {

void Machine::on_subscribe(const Frame& frame) {
  const auto packet = decode_subscribe(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  if (too_many_user_properties(packet->properties, settings_.max_user_properties)) {
    fail(Reason::QuotaExceeded, "more user properties than mqtt.max_user_properties");
    return;
  }
  std::vector<SubscribeRequest> requests;
  for (const Subscription& subscription : packet->subscriptions) {
    requests.push_back({subscription.filter, subscription.options});
  }
  if (requests.size() > settings_.max_filters_per_packet) {
    fail(Reason::QuotaExceeded, "more filters than mqtt.max_filters_per_packet");
    return;
  }
  const std::uint32_t id = packet->properties.number(PropertyId::SubscriptionIdentifier).value_or(0);
  FilterOutcomes outcomes = handle_->subscribe(requests, id);
  acknowledge({outcomes.ticket, PacketType::Suback, packet->packet_id, Reason::Success, std::move(outcomes.reasons)});
}

void Machine::on_unsubscribe(const Frame& frame) {
  const auto packet = decode_unsubscribe(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  if (too_many_user_properties(packet->properties, settings_.max_user_properties)) {
    fail(Reason::QuotaExceeded, "more user properties than mqtt.max_user_properties");
    return;
  }
  std::vector<std::string_view> filters;
  for (const std::string_view filter : packet->filters) filters.push_back(filter);
  if (filters.size() > settings_.max_filters_per_packet) {
    fail(Reason::QuotaExceeded, "more filters than mqtt.max_filters_per_packet");
    return;
  }
  FilterOutcomes outcomes = handle_->unsubscribe(filters);
  if (!is_v5()) outcomes.reasons.clear();
  acknowledge({outcomes.ticket, PacketType::Unsuback, packet->packet_id, Reason::Success, std::move(outcomes.reasons)});
}

}  // namespace sluice::mqtt
