// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/field_reader.h"

namespace sluice::mqtt {
namespace {

constexpr unsigned kNoLocal = 0x04;
constexpr std::string_view kSharePrefix = "$share/";

Errc check_options(std::uint8_t options, std::string_view filter, ProtocolVersion version) {
  const bool v5 = version == ProtocolVersion::V5;
  // 3.1 calls the upper bits unused.
  const unsigned reserved = v5 ? 0xC0U : version == ProtocolVersion::V311 ? 0xFCU : 0U;
  if ((options & reserved) != 0) return Errc::SubscriptionOptionsReserved;
  if ((options & 3U) == 3) return Errc::SubscriptionQosReserved;
  if (!v5) return Errc::Ok;
  if (((options >> 4U) & 3U) == 3) return Errc::RetainHandlingReserved;
  const bool shared = filter.starts_with(kSharePrefix);
  return shared && (options & kNoLocal) != 0 ? Errc::NoLocalOnShared : Errc::Ok;
}

std::string_view read_filter(FieldReader& fields) {
  const std::string_view filter = fields.string();
  if (fields.ok() && filter.empty()) fields.fail(Errc::FilterEmpty);
  return filter;
}

void check_subscriptions(std::span<const std::byte> wire, ProtocolVersion version, FieldReader& outer) {
  FieldReader fields(wire);
  if (fields.at_end()) fields.fail(Errc::NoSubscription);
  while (fields.ok() && !fields.at_end()) {
    const std::string_view filter = read_filter(fields);
    const std::uint8_t options = fields.u8();
    if (fields.ok()) fields.fail(check_options(options, filter, version));
  }
  outer.fail(fields.error());
}

void check_filters(std::span<const std::byte> wire, FieldReader& outer) {
  FieldReader fields(wire);
  if (fields.at_end()) fields.fail(Errc::NoUnsubscription);
  while (fields.ok() && !fields.at_end()) read_filter(fields);
  outer.fail(fields.error());
}

ReasonList read_reasons(FieldReader& fields, PacketType type, ProtocolVersion version) {
  const ReasonList reasons(fields.rest());
  if (reasons.empty()) fields.fail(Errc::NoReasonCode);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    const Reason reason = reasons[i];
    const bool allowed = version == ProtocolVersion::V5
                             ? reason_allowed(type, reason)
                             : reason <= Reason::GrantedQos2 || reason == Reason::UnspecifiedError;
    if (!allowed) fields.fail(Errc::ReasonCodeNotAllowed);
  }
  return reasons;
}

}  // namespace

Result<SubscribePacket> decode_subscribe(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  SubscribePacket packet;
  packet.packet_id = fields.packet_id();
  if (version == ProtocolVersion::V5) packet.properties = fields.properties(kInSubscribe);
  packet.subscriptions = SubscriptionList(fields.rest());
  if (fields.ok()) check_subscriptions(packet.subscriptions.wire(), version, fields);
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<SubackPacket> decode_suback(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  SubackPacket packet;
  packet.packet_id = fields.packet_id();
  if (version == ProtocolVersion::V5) packet.properties = fields.properties(kInSuback);
  packet.reasons = read_reasons(fields, PacketType::Suback, version);
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<UnsubscribePacket> decode_unsubscribe(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  UnsubscribePacket packet;
  packet.packet_id = fields.packet_id();
  if (version == ProtocolVersion::V5) packet.properties = fields.properties(kInUnsubscribe);
  packet.filters = FilterList(fields.rest());
  if (fields.ok()) check_filters(packet.filters.wire(), fields);
  if (!fields.ok()) return fields.error();
  return packet;
}

Result<UnsubackPacket> decode_unsuback(const Frame& frame, ProtocolVersion version) {
  if (!flags_valid(frame, version)) return Errc::ReservedFlags;
  FieldReader fields(frame.body);
  UnsubackPacket packet;
  packet.packet_id = fields.packet_id();
  if (version == ProtocolVersion::V5) {
    packet.properties = fields.properties(kInUnsuback);
    packet.reasons = read_reasons(fields, PacketType::Unsuback, version);
  } else {
    fields.expect_end();
  }
  if (!fields.ok()) return fields.error();
  return packet;
}

}  // namespace sluice::mqtt
