// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/notifier.h"

#include <algorithm>
#include <utility>

#include "gateways/coap/coap_probe.h"
#include "gateways/coap/gateway_shard.h"
#include "gateways/coap/limit_log.h"
#include "gateways/coap/representation.h"

namespace sluice::coap {
namespace {

/// Header, token and options of a notification at most.
constexpr std::size_t kNotificationOverhead = 48;
constexpr std::size_t kOneBlock = 1024;
/// A confirmation that takes longer than ACK_TIMEOUT comes after a retransmission.
constexpr auto kLate = std::chrono::seconds(2);

}  // namespace

Notifier::Notifier(GatewayShard& shard, ClientSerial serial, const std::string& client_id)
    : shard_(shard),
      serial_(serial),
      client_id_(client_id),
      pacing_(shard.settings().notify_window, shard.settings().confirm_every, shard.now()) {}

Notifier::~Notifier() { drop_route(); }

void Notifier::use_route(const Envelope& envelope) {
  const bool moved = !has_route_ || envelope.route != route_;
  verified_ = (verified_ && !moved) || envelope.verified;
  credit_ = envelope.credit;
  if (!moved) return;
  if (has_route_) leave_route();
  has_route_ = true;
  route_ = envelope.route;
  shard_.pin(route_);
  if (in_flight_.message != nullptr) send_again();
  shard_.call_at_turn_end(serial_);  // whatever the earlier place was asked for, messages may go to this one
}

void Notifier::drop_route() {
  if (!has_route_) return;
  leave_route();
  in_flight_ = {};
  held_.clear();
  acknowledged_.clear();  // those of an earlier connection name nothing in the next one
  pacing_.restart();
}

void Notifier::leave_route() {
  if (std::exchange(watching_, false)) shard_.unwatch(route_, connection_tag());
  withdraw_in_flight();
  shard_.unpin(route_);
  has_route_ = false;
  ++epoch_;
  probing_ = false;
}

void Notifier::withdraw_in_flight() {
  std::vector<NotificationTag> sent;
  if (probing_) sent.push_back(tag(0, true));
  for (const std::uint16_t observation : in_flight_.observations) sent.push_back(tag(observation, true));
  if (!sent.empty()) shard_.withdraw(route_, std::move(sent));
}

void Notifier::ask_for_sign_of_life() {
  if (has_route_ && !probing_ && in_flight_.message == nullptr) probe_peer();
}

void Notifier::overtake(std::uint16_t observation) {
  // While it is not known whether the client is there nothing is on its way.
  if (!has_route_ || probing_ || std::ranges::count(in_flight_.observations, observation) == 0) return;
  withdraw_in_flight();
  send_again();
}

void Notifier::watch_connection() {
  if (!std::exchange(watching_, true)) shard_.watch(route_, connection_tag());
}

/// Nothing is in the way of the next notification.
bool Notifier::free() const { return has_route_ && !probing_ && in_flight_.message == nullptr && pacing_.may_send(); }

bool Notifier::ready() const { return free() && held_.empty(); }

bool Notifier::confirmable(Qos qos, std::size_t notifications) const {
  if (pacing_.must_confirm(shard_.now(), notifications)) return true;
  switch (shard_.settings().notify_type) {
    case NotifyType::ByQos:
      return qos != Qos::AtMostOnce;
    case NotifyType::Confirmable:
      return true;
    case NotifyType::NonConfirmable:
      return false;
  }
  return true;
}

/// Who has not shown yet that it is where it says gets no more than what it sent allows.
bool Notifier::fits_credit(const Message& message) const {
  return verified_ || std::min(message.payload().size(), kOneBlock) + kNotificationOverhead <= credit_;
}

void Notifier::probe_peer() {
  probing_ = true;
  probe().probes.add();
  shard_.send(route_, {.tag = tag(0, true), .observer = {}, .notification = {}, .message = nullptr, .is_probe = true});
}

DeliveryResult Notifier::deliver(const Delivery& delivery) {
  const std::vector<std::uint16_t> observations = observed_by(delivery);
  if (observations.empty()) {
    // A subscription that the session has from elsewhere: nobody here waits for its messages.
    probe().unobserved.add();
    return DeliveryResult::Dropped;
  }
  if (ready() && fits_credit(*delivery.message)) {
    return send_to(observations, delivery.message, delivery.qos, delivery.packet_id);
  }
  if (ready()) probe_peer();
  if (delivery.qos != Qos::AtMostOnce) return DeliveryResult::Busy;
  hold({delivery.message, observations});
  return DeliveryResult::Accepted;
}

std::vector<std::uint16_t> Notifier::observed_by(const Delivery& delivery) {
  std::vector<std::uint16_t> observations;
  for (const std::uint32_t id : delivery.subscription_ids) {
    if (observations_.by_id(id) != nullptr) observations.push_back(static_cast<std::uint16_t>(id));
  }
  return observations;
}

void Notifier::hold(Held held) {
  if (held_.size() >= shard_.settings().max_held) {
    probe().superseded.add();
    static log::RateLimit lines(1);
    log_limit_reached(lines, "a message of QoS 0 was dropped for a later one", "coap.notify.max_held",
                      shard_.settings().max_held, client_id_);
    static_cast<void>(held_.pop_front());
  }
  held_.push_back(std::move(held));
}

void Notifier::notify(std::uint16_t observation, MessagePtr message) {
  hold({std::move(message), {observation}});
  shard_.call_at_turn_end(serial_);
}

void Notifier::send_held() {
  while (!held_.empty() && free()) {
    if (!fits_credit(*held_.front().message)) return probe_peer();
    const Held next = held_.pop_front();
    send_to(next.observations, next.message, Qos::AtMostOnce, 0);
  }
}

DeliveryResult Notifier::send_to(const std::vector<std::uint16_t>& observations, const MessagePtr& message, Qos qos,
                                 PacketId packet_id) {
  const bool confirm = confirmable(qos, observations.size());
  if (confirm) ++copy_;
  std::vector<std::uint16_t> sent;
  for (const std::uint16_t id : observations) {
    Observation* const observation = observations_.by_id(id);
    if (observation != nullptr && send(*observation, message, confirm)) sent.push_back(id);
  }
  if (confirm && !sent.empty()) {
    in_flight_ = {message, packet_id, std::move(sent), shard_.now()};
  } else if (packet_id != 0) {
    acknowledged_.push_back(packet_id);
  }
  if (!acknowledged_.empty()) shard_.call_at_turn_end(serial_);
  return DeliveryResult::Accepted;
}

NotificationTag Notifier::tag(std::uint16_t observation, bool confirm) const {
  const std::uint8_t copy = confirm ? copy_ : std::uint8_t{0};
  return {static_cast<std::uint8_t>(shard_.index()), serial_, observation, epoch_, copy, confirm};
}

/// False: the observation ends instead [RFC 7641 4.2]: its topic has been removed, or says in another format what it
/// says.
bool Notifier::send(Observation& observation, const MessagePtr& message, bool confirm) {
  const bool removed = observation.resource == Resource::Ps && message->payload().empty();
  if (removed || (observation.format && *observation.format != content_format_of(*message))) {
    send_last(observation, removed ? codes::kNotFound : codes::kNotAcceptable);
    ended_.push_back(observation.id);
    shard_.call_at_turn_end(serial_);
    return false;
  }
  // A filter for many topics stands for many representations.
  if (!observation.format && !has_wildcard(observation.filter)) observation.format = content_format_of(*message);
  const UnixMillis now = shard_.wall_now();
  Response notification = notification_of(message, now);
  limit_max_age(notification.options, shard_.settings().keep_alive);
  notification.options.add(Option::Observe, observation.sequence.next(now));
  probe().notifications.add();
  pacing_.sent();
  credit_ -= std::min(credit_, std::min(message->payload().size(), kOneBlock) + kNotificationOverhead);
  shard_.send(route_, {tag(observation.id, confirm), observation.observer, std::move(notification), message});
  return true;
}

/// To the client's new place, what its old one has not confirmed.
void Notifier::send_again() {
  if (!fits_credit(*in_flight_.message)) return probe_peer();
  in_flight_.since = shard_.now();
  ++copy_;
  for (const std::uint16_t id : in_flight_.observations) {
    if (Observation* const observation = observations_.by_id(id)) {
      static_cast<void>(send(*observation, in_flight_.message, true));
    }
  }
}

void Notifier::send_last(Observation& observation, Code code) {
  if (!has_route_) return;
  shard_.send(route_, {tag(observation.id, false), observation.observer, {code, {}, {}}, nullptr});
}

void Notifier::forget(std::uint16_t observation) {
  observations_.erase(observation);
  if (has_route_) shard_.withdraw(route_, {tag(observation, true)});
  for (std::size_t i = held_.size(); i-- > 0;) {
    std::erase(held_[i].observations, observation);
    if (held_[i].observations.empty()) held_.erase(i);
  }
  if (std::erase(in_flight_.observations, observation) == 0 || !in_flight_.observations.empty()) return;
  // Nobody is left to confirm it.
  if (in_flight_.packet_id != 0) acknowledged_.push_back(in_flight_.packet_id);
  in_flight_ = {};
  pacing_.restart();
  shard_.call_at_turn_end(serial_);
}

Notifier::Effect Notifier::on_outcome(const NotificationTag& told, Outcome outcome) {
  Effect effect;
  if (!has_route_ || told.epoch != epoch_ || (told.confirmable && told.copy != copy_)) return effect;
  if (told.observation == NotificationTag::kMostObservation) {
    effect.connection_ended = true;
    effect.unreachable = true;
    return effect;
  }
  if (outcome == Outcome::TimedOut || outcome == Outcome::PeerGone) {
    effect.unreachable = true;
    return effect;
  }
  effect.alive = true;
  verified_ = true;
  if (outcome == Outcome::Reset) effect.cancelled = told.observation;
  if (!told.confirmable) return effect;
  if (told.observation == 0) {
    probing_ = false;
    if (in_flight_.message != nullptr) send_again();
    return effect;
  }
  settle(told.observation, effect.acknowledged);
  return effect;
}

void Notifier::settle(std::uint16_t observation, std::vector<PacketId>& acknowledged) {
  std::erase(in_flight_.observations, observation);
  if (in_flight_.message == nullptr || !in_flight_.observations.empty()) return;
  const bool late = shard_.now() - in_flight_.since >= kLate;
  pacing_.confirmed(shard_.now(), late ? Confirmation::Late : Confirmation::InTime);
  if (in_flight_.packet_id != 0) acknowledged.push_back(in_flight_.packet_id);
  in_flight_ = {};
}

}  // namespace sluice::coap
