// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/error.h"

#include <algorithm>
#include <array>
#include <string>

namespace sluice::mqtt {
namespace {

struct ErrorRow {
  Errc code;
  Reason reason;
  std::string_view clause;      ///< of 5.0
  std::string_view clause_311;  ///< of 3.1.1, empty where it has none or the same
  std::string_view text;
};

constexpr std::array kErrors{
    ErrorRow{Errc::RemainingLengthTooLong, Reason::MalformedPacket, "5.0 1.5.5", "3.1.1 2.2.3",
             "a variable byte integer is longer than four bytes"},
    ErrorRow{Errc::LengthNotMinimal, Reason::MalformedPacket, "MQTT-1.5.5-1", "",
             "a variable byte integer has more bytes than it needs"},
    ErrorRow{Errc::PacketTooLarge, Reason::PacketTooLarge, "MQTT-3.2.2-15", "", "the packet is larger than allowed"},
    ErrorRow{Errc::ReservedPacketType, Reason::MalformedPacket, "5.0 2.1.2", "3.1.1 2.2.1",
             "the packet type does not exist in this version"},
    ErrorRow{Errc::ReservedFlags, Reason::MalformedPacket, "MQTT-2.1.3-1", "MQTT-2.2.2-2",
             "the flags of the fixed header are not those of the packet type"},
    ErrorRow{Errc::PacketTruncated, Reason::MalformedPacket, "5.0 2.1.4", "3.1.1 2.2.3",
             "the packet ends inside a field"},
    ErrorRow{Errc::TrailingBytes, Reason::MalformedPacket, "5.0 2.1.4", "3.1.1 2.2.3",
             "bytes follow the last field of the packet"},
    ErrorRow{Errc::StringNotUtf8, Reason::MalformedPacket, "MQTT-1.5.4-1", "MQTT-1.5.3-1",
             "a string is not well-formed UTF-8"},
    ErrorRow{Errc::StringNull, Reason::MalformedPacket, "MQTT-1.5.4-2", "MQTT-1.5.3-2", "a string holds U+0000"},
    ErrorRow{Errc::PacketIdZero, Reason::ProtocolError, "MQTT-2.2.1-3", "MQTT-2.3.1-1", "the packet identifier is 0"},
    ErrorRow{Errc::ReasonCodeNotAllowed, Reason::ProtocolError, "5.0 2.4", "3.1.1 3.2.2.3",
             "the reason code does not exist in this packet"},
    ErrorRow{Errc::TopicEmpty, Reason::ProtocolError, "MQTT-4.7.3-1", "", "the topic name is empty"},
    ErrorRow{Errc::TopicWildcard, Reason::TopicNameInvalid, "MQTT-3.3.2-2", "",
             "the topic name holds a wildcard character"},
    ErrorRow{Errc::FilterEmpty, Reason::ProtocolError, "MQTT-4.7.3-1", "", "a topic filter is empty"},
    ErrorRow{Errc::ProtocolNameUnknown, Reason::UnsupportedProtocolVersion, "MQTT-3.1.2-1", "",
             "the protocol name is not MQTT's"},
    ErrorRow{Errc::ProtocolLevelUnknown, Reason::UnsupportedProtocolVersion, "MQTT-3.1.2-2", "",
             "the protocol version is not 3.1, 3.1.1 or 5.0"},
    ErrorRow{Errc::ConnectFlagReserved, Reason::MalformedPacket, "MQTT-3.1.2-3", "",
             "the reserved connect flag is set"},
    ErrorRow{Errc::WillFlagsWithoutWill, Reason::MalformedPacket, "MQTT-3.1.2-11, MQTT-3.1.2-13", "MQTT-3.1.2-11",
             "will QoS or will retain is set without a will"},
    ErrorRow{Errc::WillQosReserved, Reason::MalformedPacket, "MQTT-3.1.2-12", "MQTT-3.1.2-14", "the will QoS is 3"},
    ErrorRow{Errc::WillTopicInvalid, Reason::TopicNameInvalid, "MQTT-4.7.1-1, MQTT-4.7.3-1", "",
             "the will topic is empty or holds a wildcard character"},
    ErrorRow{Errc::PasswordWithoutUsername, Reason::ProtocolError, "MQTT-3.1.2-22", "",
             "a password without a user name"},
    ErrorRow{Errc::ConnackFlagsReserved, Reason::MalformedPacket, "MQTT-3.2.2-1", "",
             "a reserved acknowledge flag is set"},
    ErrorRow{Errc::SessionPresentWithError, Reason::ProtocolError, "MQTT-3.2.2-6", "MQTT-3.2.2-4",
             "a refusal says that a session is present"},
    ErrorRow{Errc::QosReserved, Reason::MalformedPacket, "MQTT-3.3.1-4", "", "the QoS is 3"},
    ErrorRow{Errc::DupWithQos0, Reason::MalformedPacket, "MQTT-3.3.1-2", "", "DUP is set with QoS 0"},
    ErrorRow{Errc::TopicEmptyWithoutAlias, Reason::ProtocolError, "5.0 3.3.2.1", "MQTT-4.7.3-1",
             "the topic name is empty and there is no topic alias"},
    ErrorRow{Errc::NoSubscription, Reason::ProtocolError, "MQTT-3.8.3-2", "MQTT-3.8.3-3",
             "SUBSCRIBE without a topic filter"},
    ErrorRow{Errc::NoUnsubscription, Reason::ProtocolError, "MQTT-3.10.3-2", "", "UNSUBSCRIBE without a topic filter"},
    ErrorRow{Errc::NoReasonCode, Reason::ProtocolError, "MQTT-3.9.3-1, MQTT-3.11.3-1", "",
             "an acknowledgement without a reason code"},
    ErrorRow{Errc::SubscriptionOptionsReserved, Reason::MalformedPacket, "MQTT-3.8.3-5", "MQTT-3.8.3-4",
             "reserved bits of the subscription options are set"},
    ErrorRow{Errc::SubscriptionQosReserved, Reason::ProtocolError, "5.0 3.8.3.1", "MQTT-3.8.3-4",
             "the requested QoS is 3"},
    ErrorRow{Errc::RetainHandlingReserved, Reason::ProtocolError, "5.0 3.8.3.1", "", "retain handling is 3"},
    ErrorRow{Errc::NoLocalOnShared, Reason::ProtocolError, "MQTT-3.8.3-4", "",
             "No Local is set on a shared subscription"},
    ErrorRow{Errc::PropertyUnknown, Reason::MalformedPacket, "5.0 2.2.2.2", "", "a property identifier does not exist"},
    ErrorRow{Errc::PropertyNotAllowed, Reason::MalformedPacket, "5.0 2.2.2.2", "",
             "a property does not belong into this packet"},
    ErrorRow{Errc::PropertyDuplicate, Reason::ProtocolError, "5.0 2.2.2.2", "", "a property is there more than once"},
    ErrorRow{Errc::PropertyNotBoolean, Reason::ProtocolError, "5.0 2.2.2.2", "",
             "a property has a value other than 0 or 1"},
    ErrorRow{Errc::ReceiveMaximumZero, Reason::ProtocolError, "5.0 3.1.2.11.3", "", "Receive Maximum is 0"},
    ErrorRow{Errc::MaximumPacketSizeZero, Reason::ProtocolError, "5.0 3.1.2.11.4", "", "Maximum Packet Size is 0"},
    ErrorRow{Errc::TopicAliasZero, Reason::TopicAliasInvalid, "MQTT-3.3.2-8", "", "Topic Alias is 0"},
    ErrorRow{Errc::SubscriptionIdZero, Reason::ProtocolError, "5.0 3.8.2.1.2", "", "Subscription Identifier is 0"},
    ErrorRow{Errc::ResponseTopicInvalid, Reason::ProtocolError, "MQTT-3.3.2-14", "",
             "Response Topic is empty or holds a wildcard character"},
    ErrorRow{Errc::AuthenticationDataWithoutMethod, Reason::ProtocolError, "5.0 3.1.2.11.10", "",
             "Authentication Data without an Authentication Method"},
    ErrorRow{Errc::FieldTooLong, Reason::ImplementationSpecificError, "5.0 1.5.4", "3.1.1 1.5.3",
             "a field is longer than 65,535 bytes"},
};

static_assert([] {
  for (std::size_t i = 0; i < kErrors.size(); ++i) {
    if (static_cast<std::size_t>(kErrors[i].code) != i + 1) return false;
  }
  return kErrors.size() == static_cast<std::size_t>(Errc::FieldTooLong);
}());

const ErrorRow* find_row(int value) {
  const bool known = value >= 1 && static_cast<std::size_t>(value) <= kErrors.size();
  return known ? &kErrors[static_cast<std::size_t>(value) - 1] : nullptr;
}

const ErrorRow* find_row(const ErrorCode& error) {
  return error.category() == mqtt_category() ? find_row(error.value()) : nullptr;
}

// Boost keeps the destructor protected instead of virtual, which g++ takes for an oversight.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
 public:
  [[nodiscard]] const char* name() const noexcept override { return "mqtt"; }
  [[nodiscard]] std::string message(int value) const override {
    const ErrorRow* row = find_row(value);
    if (row == nullptr) return "no error";
    std::string text(row->text);
    text.append(" [").append(row->clause);
    if (!row->clause_311.empty()) text.append("; in 3.1.1: ").append(row->clause_311);
    return text.append("]");
  }
};
#pragma GCC diagnostic pop

}  // namespace

const boost::system::error_category& mqtt_category() {
  static const Category category;
  return category;
}

ErrorCode make_error_code(Errc code) { return {static_cast<int>(code), mqtt_category()}; }

Reason reason_of(const ErrorCode& error) {
  const ErrorRow* row = find_row(error);
  if (row == nullptr) return error.failed() ? Reason::UnspecifiedError : Reason::Success;
  return row->reason;
}

std::string_view clause_of(const ErrorCode& error) {
  const ErrorRow* row = find_row(error);
  return row == nullptr ? std::string_view{} : row->clause;
}

}  // namespace sluice::mqtt
