// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <type_traits>

#include <boost/system/error_category.hpp>

#include "broker/api/reason.h"
#include "shared/base/result.h"

namespace sluice::mqtt {

/// What is wrong with a packet. Each value stands for one rule; its clause, its text and the Reason that a
/// DISCONNECT or CONNACK gives for it are in one row of error.cc.
enum class Errc : std::uint8_t {
  Ok = 0,
  // the frame
  RemainingLengthTooLong,
  LengthNotMinimal,
  PacketTooLarge,
  ReservedPacketType,
  ReservedFlags,
  PacketTruncated,
  TrailingBytes,
  // fields that several packets have
  StringNotUtf8,
  StringNull,
  PacketIdZero,
  ReasonCodeNotAllowed,
  TopicEmpty,
  TopicWildcard,
  FilterEmpty,
  // CONNECT and CONNACK
  ProtocolNameUnknown,
  ProtocolLevelUnknown,
  ConnectFlagReserved,
  WillFlagsWithoutWill,
  WillQosReserved,
  WillTopicInvalid,
  PasswordWithoutUsername,
  ConnackFlagsReserved,
  SessionPresentWithError,
  // PUBLISH
  QosReserved,
  DupWithQos0,
  TopicEmptyWithoutAlias,
  // SUBSCRIBE and UNSUBSCRIBE
  NoSubscription,
  NoUnsubscription,
  NoReasonCode,
  SubscriptionOptionsReserved,
  SubscriptionQosReserved,
  RetainHandlingReserved,
  NoLocalOnShared,
  // properties
  PropertyUnknown,
  PropertyNotAllowed,
  PropertyDuplicate,
  PropertyNotBoolean,
  ReceiveMaximumZero,
  MaximumPacketSizeZero,
  TopicAliasZero,
  SubscriptionIdZero,
  ResponseTopicInvalid,
  AuthenticationDataWithoutMethod,
  // encoding: our own mistake or a limit of the wire
  FieldTooLong,
};

[[nodiscard]] const boost::system::error_category& mqtt_category();
[[nodiscard]] ErrorCode make_error_code(Errc code);

/// What the peer is told. For errors of other layers: UnspecifiedError.
[[nodiscard]] Reason reason_of(const ErrorCode& error);

/// The rule that was broken, as MQTT 5.0 numbers it ("MQTT-3.3.1-2"; "5.0 2.1.2" where a section has no number), for
/// logs and counters. Empty for errors of other layers. The message names the 3.1.1 clause too.
[[nodiscard]] std::string_view clause_of(const ErrorCode& error);

}  // namespace sluice::mqtt

template <>
struct boost::system::is_error_code_enum<sluice::mqtt::Errc> : std::true_type {};
