// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/reason_code.h"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <span>

namespace sluice::mqtt {
namespace {

using enum Reason;

constexpr std::array kConnack{Success,
                              UnspecifiedError,
                              MalformedPacket,
                              ProtocolError,
                              ImplementationSpecificError,
                              UnsupportedProtocolVersion,
                              ClientIdentifierNotValid,
                              BadUserNameOrPassword,
                              NotAuthorized,
                              ServerUnavailable,
                              ServerBusy,
                              Banned,
                              BadAuthenticationMethod,
                              TopicNameInvalid,
                              PacketTooLarge,
                              QuotaExceeded,
                              PayloadFormatInvalid,
                              RetainNotSupported,
                              QosNotSupported,
                              UseAnotherServer,
                              ServerMoved,
                              ConnectionRateExceeded};
constexpr std::array kPubackPubrec{
    Success,          NoMatchingSubscribers, UnspecifiedError, ImplementationSpecificError, NotAuthorized,
    TopicNameInvalid, PacketIdentifierInUse, QuotaExceeded,    PayloadFormatInvalid};
constexpr std::array kPubrelPubcomp{Success, PacketIdentifierNotFound};
constexpr std::array kSuback{Success,
                             GrantedQos1,
                             GrantedQos2,
                             UnspecifiedError,
                             ImplementationSpecificError,
                             NotAuthorized,
                             TopicFilterInvalid,
                             PacketIdentifierInUse,
                             QuotaExceeded,
                             SharedSubscriptionsNotSupported,
                             SubscriptionIdentifiersNotSupported,
                             WildcardSubscriptionsNotSupported};
constexpr std::array kUnsuback{Success,       NoSubscriptionExisted, UnspecifiedError,     ImplementationSpecificError,
                               NotAuthorized, TopicFilterInvalid,    PacketIdentifierInUse};
// The table of DISCONNECT leaves 0x8C out, the table of all reason codes has it there [MQTT5 2.4].
constexpr std::array kDisconnect{Success,
                                 DisconnectWithWill,
                                 UnspecifiedError,
                                 MalformedPacket,
                                 ProtocolError,
                                 ImplementationSpecificError,
                                 NotAuthorized,
                                 ServerBusy,
                                 ServerShuttingDown,
                                 BadAuthenticationMethod,
                                 KeepAliveTimeout,
                                 SessionTakenOver,
                                 TopicFilterInvalid,
                                 TopicNameInvalid,
                                 ReceiveMaximumExceeded,
                                 TopicAliasInvalid,
                                 PacketTooLarge,
                                 MessageRateTooHigh,
                                 QuotaExceeded,
                                 AdministrativeAction,
                                 PayloadFormatInvalid,
                                 RetainNotSupported,
                                 QosNotSupported,
                                 UseAnotherServer,
                                 ServerMoved,
                                 SharedSubscriptionsNotSupported,
                                 ConnectionRateExceeded,
                                 MaximumConnectTime,
                                 SubscriptionIdentifiersNotSupported,
                                 WildcardSubscriptionsNotSupported};
constexpr std::array kAuth{Success, ContinueAuthentication, ReAuthenticate};

std::span<const Reason> reasons_of(PacketType type) {
  switch (type) {
    case PacketType::Connack:
      return kConnack;
    case PacketType::Puback:
    case PacketType::Pubrec:
      return kPubackPubrec;
    case PacketType::Pubrel:
    case PacketType::Pubcomp:
      return kPubrelPubcomp;
    case PacketType::Suback:
      return kSuback;
    case PacketType::Unsuback:
      return kUnsuback;
    case PacketType::Disconnect:
      return kDisconnect;
    case PacketType::Auth:
      return kAuth;
    default:
      return {};
  }
}

}  // namespace

bool reason_allowed(PacketType type, Reason reason) {
  return std::ranges::find(reasons_of(type), reason) != reasons_of(type).end();
}

Reason legal_reason(PacketType type, Reason reason) {
  if (reason_allowed(type, reason)) return reason;
  if (!is_error(reason)) return Success;
  const bool release = type == PacketType::Pubrel || type == PacketType::Pubcomp;
  return release ? PacketIdentifierNotFound : UnspecifiedError;
}

std::uint8_t connack_code_v3(Reason reason) {
  switch (reason) {
    case Success:
      return 0;
    case UnsupportedProtocolVersion:
      return 1;
    case ClientIdentifierNotValid:
      return 2;
    case BadUserNameOrPassword:
    case BadAuthenticationMethod:
      return 4;
    case NotAuthorized:
    case Banned:
      return 5;
    default:
      return 3;
  }
}

std::optional<Reason> connack_reason_v3(std::uint8_t code) {
  static constexpr std::array kReasons{Success,           UnsupportedProtocolVersion, ClientIdentifierNotValid,
                                       ServerUnavailable, BadUserNameOrPassword,      NotAuthorized};
  if (code >= kReasons.size()) return std::nullopt;
  return kReasons[code];
}

}  // namespace sluice::mqtt
