// SPDX-License-Identifier: Apache-2.0
// PUBLISH from the client, and both sides' acknowledgements [MQTT5 3.3 to 3.7].
#include <algorithm>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"
#include "broker/mqtt/codec/reason_code.h"
#include "broker/mqtt/mqtt_probe.h"
#include "broker/mqtt/protocol/machine.h"
#include "broker/mqtt/protocol/user_properties.h"
#include "shared/bytes/utf8.h"

namespace sluice::mqtt {

void Machine::on_publish(const Frame& frame) {
  auto packet = decode_publish(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  if (is_v5() && !check_publish(*packet)) return;
  publish(*packet);
  limit_publish_rate();
}

bool Machine::check_publish(PublishView& publish) {
  if (publish.message.topic_alias != 0) {
    if (publish.message.topic_alias > settings_.max_topic_alias) {
      fail(Reason::TopicAliasInvalid, "topic alias above Topic Alias Maximum [MQTT-3.2.2-17]");
      return false;
    }
    if (!v5_->inbound.resolve(publish.message.topic_alias, publish.topic)) {
      fail(Reason::ProtocolError, "topic alias that was never set [MQTT5 3.3.4]");
      return false;
    }
  }
  if (publish.message.has_subscription_ids) {
    fail(Reason::ProtocolError, "a client sends no Subscription Identifier [MQTT-3.3.4-6]");
    return false;
  }
  if (too_many_user_properties(publish.properties, settings_.max_user_properties)) {
    fail(Reason::QuotaExceeded, "more user properties than mqtt.max_user_properties");
    return false;
  }
  if (publish.qos == Qos::ExactlyOnce && qos2_open_ >= settings_.receive_maximum &&
      !handle_->awaits_release(publish.packet_id)) {
    fail(Reason::ReceiveMaximumExceeded, "more unreleased QoS 2 messages than Receive Maximum [MQTT-3.3.4-9]");
    return false;
  }
  return true;
}

void Machine::publish(const PublishView& publish) {
  if (publish.message.payload_is_text && check_text(as_text(publish.payload)) == TextStatus::NotUtf8) {
    if (publish.qos == Qos::AtMostOnce) {
      fail(Reason::PayloadFormatInvalid, "the payload claims to be UTF-8 and is not [MQTT5 3.3.2.3.2]");
    } else {
      answer_publish(publish, Reason::PayloadFormatInvalid);
    }
    return;
  }
  const bool duplicate = publish.qos == Qos::ExactlyOnce && handle_->awaits_release(publish.packet_id);
  thread_local std::vector<std::byte> scratch;
  scratch.clear();
  const PublishResult result = handle_->publish(
      {.topic = publish.topic,
       .payload = publish.payload,
       .properties = is_v5() ? forwardable(publish.message, publish.properties, scratch) : std::span<const std::byte>{},
       .qos = publish.qos,
       .retain = publish.retain,
       .dup = publish.dup,
       .packet_id = publish.packet_id,
       .expiry_seconds = publish.message.expiry_seconds});
  if (result.reason == Reason::TopicNameInvalid && (publish.qos == Qos::AtMostOnce || !is_v5())) {
    fail(Reason::TopicNameInvalid, "topic name with more levels than mqtt.max_topic_levels");
    return;
  }
  if (publish.qos == Qos::ExactlyOnce && !duplicate && !is_error(result.reason)) ++qos2_open_;
  answer_publish(publish, result);
}

void Machine::answer_publish(const PublishView& publish, PublishResult result) {
  if (publish.qos == Qos::AtMostOnce) return;
  if (!is_v5() && result.reason == Reason::QuotaExceeded) {
    withhold(publish.packet_id);
    return;
  }
  if (withheld_) forget_withheld(publish.packet_id);
  const PacketType answer = publish.qos == Qos::ExactlyOnce ? PacketType::Pubrec : PacketType::Puback;
  acknowledge({result.ticket, answer, publish.packet_id, result.reason});
}

void Machine::withhold(PacketId id) {
  if (!withheld_) {
    withheld_ = std::make_unique<Withheld>(Withheld{effects_.now() + settings_.refuse_timeout, {}, false});
    effects_.deadline_changed();
  }
  probe().withheld.add();
  if (withheld_->ids.size() < Withheld::kMostIds) {
    withheld_->ids.insert(id);
  } else if (!withheld_->ids.contains(id)) {
    withheld_->more = true;
  }
}

void Machine::forget_withheld(PacketId id) {
  withheld_->ids.erase(id);
  if (withheld_->more || !withheld_->ids.empty()) return;
  withheld_ = nullptr;
  effects_.deadline_changed();
}

void Machine::limit_publish_rate() {
  if (settings_.max_publish_rate == 0) return;
  const TimePoint now = effects_.now();
  if (now - window_start_ >= std::chrono::seconds(1)) {
    window_start_ = now;
    published_in_window_ = 0;
  }
  if (++published_in_window_ < settings_.max_publish_rate) return;
  probe().rate_limited.add();
  effects_.pause_input(window_start_ + std::chrono::seconds(1) - now);
}

void Machine::on_ack(const Frame& frame) {
  const auto packet = decode_ack(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  const MqttProbe& counters = probe();
  switch (frame.type()) {
    case PacketType::Puback:
      if (is_error(handle_->acknowledge(Ack::PubAck, packet->packet_id, packet->reason))) counters.puback_missed.add();
      return;
    case PacketType::Pubcomp:
      if (is_error(handle_->acknowledge(Ack::PubComp, packet->packet_id, packet->reason))) {
        counters.pubcomp_missed.add();
      }
      return;
    default:
      break;
  }
  if (!is_error(handle_->acknowledge(Ack::PubRec, packet->packet_id, packet->reason))) return;
  counters.pubrec_missed.add();
  // Answered all the same, or the client would wait for ever [MQTT-4.3.3-4].
  if (!is_error(packet->reason)) send_ack(PacketType::Pubrel, packet->packet_id, Reason::PacketIdentifierNotFound);
}

void Machine::on_pubrel(const Frame& frame) {
  const auto packet = decode_ack(frame, version_);
  if (!packet) {
    fail(packet.error());
    return;
  }
  const Outcome outcome = handle_->release(packet->packet_id);
  if (outcome.reason == Reason::Success) {
    if (qos2_open_ > 0) --qos2_open_;
  } else {
    probe().pubrel_missed.add();
  }
  acknowledge({outcome.ticket, PacketType::Pubcomp, packet->packet_id, outcome.reason});
}

void Machine::acknowledge(AckGate::Waiting ack) {
  if (ack.ticket == 0 && !gate_) {
    send_now(ack);
    return;
  }
  if (!gate_) gate_ = std::make_unique<AckGate>();
  if (!gate_->push(std::move(ack))) fail(Reason::ReceiveMaximumExceeded, "more unacknowledged packets than packet ids");
}

void Machine::send_now(const AckGate::Waiting& ack) {
  switch (ack.type) {
    case PacketType::Suback:
      send(SubackPacket{.packet_id = ack.id, .properties = {}, .reasons = ReasonList(ack.reasons)});
      return;
    case PacketType::Unsuback:
      send(UnsubackPacket{.packet_id = ack.id, .properties = {}, .reasons = ReasonList(ack.reasons)});
      return;
    default:
      send_ack(ack.type, ack.id, ack.reason);
  }
}

void Machine::on_committed(CommitTicket ticket) {
  if (!gate_ || state_ != ConnState::Active) return;
  gate_->open(ticket, [this](const AckGate::Waiting& ack) { send_now(ack); });
  if (gate_->empty()) gate_ = nullptr;
}

void Machine::send_ack(PacketType type, PacketId id, Reason reason) {
  if (!is_v5() || reason == Reason::Success) {
    probe().count_sent(type);
    const auto bytes = short_ack(type, id);
    std::copy(bytes.begin(), bytes.end(), effects_.output(bytes.size()).begin());
    return;
  }
  const AckFields fields{.packet_id = id, .reason = legal_reason(type, reason), .properties = {}};
  switch (type) {
    case PacketType::Puback:
      send(PubackPacket{fields});
      return;
    case PacketType::Pubrec:
      send(PubrecPacket{fields});
      return;
    case PacketType::Pubrel:
      send(PubrelPacket{fields});
      return;
    default:
      send(PubcompPacket{fields});
      return;
  }
}

}  // namespace sluice::mqtt
