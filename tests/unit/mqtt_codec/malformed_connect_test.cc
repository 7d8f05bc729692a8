// SPDX-License-Identifier: Apache-2.0
// CONNECT, CONNACK, DISCONNECT, AUTH and the pings that must be refused. The version of a CONNECT is its own.
#include "tests/unit/mqtt_codec/malformed.h"

namespace sluice::mqtt::test {
namespace {

class ConnectMalformed : public MalformedTest {};
TEST_P(ConnectMalformed, IsRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Header, ConnectMalformed,
    ::testing::Values(
        Malformed{"MQTT_2_1_3_1_connect_flags", kV5, 0x11, "<MQTT> 05 02 003c 00 <a>", Errc::ReservedFlags},
        Malformed{"MQTT_2_2_2_2_connect_flags_311", kV311, 0x18, "<MQTT> 04 02 003c <a>", Errc::ReservedFlags},
        Malformed{"MQTT_3_1_2_1_name", kV5, 0x10, "<MQTTX> 05 02 003c 00 <a>", Errc::ProtocolNameUnknown},
        Malformed{"MQTT_3_1_2_1_name_lower_case", kV311, 0x10, "<mqtt> 04 02 003c <a>", Errc::ProtocolNameUnknown},
        Malformed{"MQTT_3_1_2_1_name_empty", kV5, 0x10, "<> 05 02 003c 00 <a>", Errc::ProtocolNameUnknown},
        Malformed{"MQTT_3_1_2_2_level_6", kV5, 0x10, "<MQTT> 06 02 003c 00 <a>", Errc::ProtocolLevelUnknown},
        Malformed{"MQTT_3_1_2_2_level_0", kV5, 0x10, "<MQTT> 00 02 003c <a>", Errc::ProtocolLevelUnknown},
        Malformed{"MQTT_3_1_2_2_level_3_under_new_name", kV311, 0x10, "<MQTT> 03 02 003c <a>",
                  Errc::ProtocolLevelUnknown},
        Malformed{"MQTT_3_1_2_2_level_4_under_old_name", kV31, 0x10, "<MQIsdp> 04 02 003c <a>",
                  Errc::ProtocolLevelUnknown}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Flags, ConnectMalformed,
    ::testing::Values(
        Malformed{"MQTT_3_1_2_3_reserved_flag", kV5, 0x10, "<MQTT> 05 03 003c 00 <a>", Errc::ConnectFlagReserved},
        Malformed{"MQTT_3_1_2_3_reserved_flag_311", kV311, 0x10, "<MQTT> 04 03 003c <a>", Errc::ConnectFlagReserved},
        Malformed{"MQTT_3_1_2_11_will_qos_without_will", kV5, 0x10, "<MQTT> 05 0a 003c 00 <a>",
                  Errc::WillFlagsWithoutWill},
        Malformed{"MQTT_3_1_2_13_will_retain_without_will", kV5, 0x10, "<MQTT> 05 22 003c 00 <a>",
                  Errc::WillFlagsWithoutWill},
        Malformed{"MQTT_3_1_2_11_will_retain_without_will_311", kV311, 0x10, "<MQTT> 04 22 003c <a>",
                  Errc::WillFlagsWithoutWill},
        Malformed{"MQTT_3_1_2_12_will_qos_3", kV5, 0x10, "<MQTT> 05 1e 003c 00 <a> 00 <t> <m>", Errc::WillQosReserved},
        Malformed{"MQTT_3_1_2_14_will_qos_3_311", kV311, 0x10, "<MQTT> 04 1e 003c <a> <t> <m>", Errc::WillQosReserved},
        Malformed{"MQTT_3_1_2_14_will_qos_3_in_31", kV31, 0x10, "<MQIsdp> 03 1e 003c <a> <t> <m>",
                  Errc::WillQosReserved},
        Malformed{"MQTT_3_1_2_22_password_without_username", kV311, 0x10, "<MQTT> 04 42 003c <a> <secret>",
                  Errc::PasswordWithoutUsername}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Payload, ConnectMalformed,
    ::testing::Values(
        Malformed{"MQTT_3_1_3_4_client_id_not_utf8", kV5, 0x10, "<MQTT> 05 02 003c 00 0001 ff", Errc::StringNotUtf8},
        Malformed{"MQTT_1_5_4_2_client_id_null", kV5, 0x10, "<MQTT> 05 02 003c 00 0001 00", Errc::StringNull},
        Malformed{"MQTT_1_5_3_1_client_id_surrogate", kV311, 0x10, "<MQTT> 04 02 003c 0003 eda080",
                  Errc::StringNotUtf8},
        Malformed{"MQTT_3_1_3_11_will_topic_not_utf8", kV5, 0x10, "<MQTT> 05 06 003c 00 <a> 00 0001 ff <m>",
                  Errc::StringNotUtf8},
        Malformed{"MQTT_4_7_1_1_will_topic_wildcard", kV5, 0x10, "<MQTT> 05 06 003c 00 <a> 00 <t/#> <m>",
                  Errc::WillTopicInvalid},
        Malformed{"MQTT_4_7_3_1_will_topic_empty", kV311, 0x10, "<MQTT> 04 06 003c <a> <> <m>", Errc::WillTopicInvalid},
        Malformed{"MQTT_3_1_3_12_username_not_utf8", kV5, 0x10, "<MQTT> 05 82 003c 00 <a> 0002 c328",
                  Errc::StringNotUtf8},
        Malformed{"MQTT_3_1_2_17_username_missing", kV311, 0x10, "<MQTT> 04 82 003c <a>", Errc::PacketTruncated},
        Malformed{"MQTT_3_1_2_19_password_missing", kV5, 0x10, "<MQTT> 05 c2 003c 00 <a> <u>", Errc::PacketTruncated},
        Malformed{"MQTT_3_1_2_9_will_missing", kV311, 0x10, "<MQTT> 04 06 003c <a>", Errc::PacketTruncated},
        Malformed{"MQTT_3_1_2_16_username_without_flag", kV5, 0x10, "<MQTT> 05 02 003c 00 <a> <u>",
                  Errc::TrailingBytes},
        Malformed{"MQTT_3_1_2_16_username_without_flag_311", kV311, 0x10, "<MQTT> 04 02 003c <a> <u>",
                  Errc::TrailingBytes}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Properties, ConnectMalformed,
    ::testing::Values(
        Malformed{"MQTT5_3_1_2_11_3_receive_maximum_0", kV5, 0x10, "<MQTT> 05 02 003c 03 210000 <a>",
                  Errc::ReceiveMaximumZero},
        Malformed{"MQTT5_3_1_2_11_4_maximum_packet_size_0", kV5, 0x10, "<MQTT> 05 02 003c 05 2700000000 <a>",
                  Errc::MaximumPacketSizeZero},
        Malformed{"MQTT5_3_1_2_11_6_request_response_information_2", kV5, 0x10, "<MQTT> 05 02 003c 02 1902 <a>",
                  Errc::PropertyNotBoolean},
        Malformed{"MQTT5_3_1_2_11_7_request_problem_information_2", kV5, 0x10, "<MQTT> 05 02 003c 02 1702 <a>",
                  Errc::PropertyNotBoolean},
        Malformed{"MQTT5_3_1_2_11_2_session_expiry_twice", kV5, 0x10, "<MQTT> 05 02 003c 0a 1100000001 1100000001 <a>",
                  Errc::PropertyDuplicate},
        Malformed{"MQTT5_3_1_2_11_10_data_without_method", kV5, 0x10, "<MQTT> 05 02 003c 04 16 <x> <a>",
                  Errc::AuthenticationDataWithoutMethod},
        Malformed{"MQTT5_2_2_2_2_topic_alias_in_connect", kV5, 0x10, "<MQTT> 05 02 003c 03 230001 <a>",
                  Errc::PropertyNotAllowed},
        Malformed{"MQTT5_2_2_2_2_will_delay_in_connect_itself", kV5, 0x10, "<MQTT> 05 02 003c 05 1800000001 <a>",
                  Errc::PropertyNotAllowed},
        Malformed{"MQTT5_2_2_2_2_unknown_identifier", kV5, 0x10, "<MQTT> 05 02 003c 02 0001 <a>",
                  Errc::PropertyUnknown},
        Malformed{"MQTT5_2_2_2_2_unknown_long_identifier", kV5, 0x10, "<MQTT> 05 02 003c 03 ff7f01 <a>",
                  Errc::PropertyUnknown},
        Malformed{"MQTT5_2_2_2_1_length_beyond_packet", kV5, 0x10, "<MQTT> 05 02 003c 7f <a>", Errc::PacketTruncated},
        Malformed{"MQTT5_2_2_2_1_property_beyond_length", kV5, 0x10, "<MQTT> 05 02 003c 02 2100 01 <a>",
                  Errc::PacketTruncated},
        Malformed{"MQTT_1_5_5_1_length_not_minimal", kV5, 0x10, "<MQTT> 05 02 003c 8000 <a>", Errc::LengthNotMinimal},
        Malformed{"MQTT5_1_5_5_length_of_five_bytes", kV5, 0x10, "<MQTT> 05 02 003c 8080808001 <a>",
                  Errc::RemainingLengthTooLong},
        Malformed{"MQTT_1_5_4_1_user_property_not_utf8", kV5, 0x10, "<MQTT> 05 02 003c 07 26 <a> 0001 ff <a>",
                  Errc::StringNotUtf8},
        Malformed{"MQTT_1_5_4_2_user_property_null", kV5, 0x10, "<MQTT> 05 02 003c 07 26 0001 00 <b> <a>",
                  Errc::StringNull},
        Malformed{"MQTT5_3_1_3_2_session_expiry_in_will", kV5, 0x10, "<MQTT> 05 06 003c 00 <a> 05 1100000001 <t> <m>",
                  Errc::PropertyNotAllowed},
        Malformed{"MQTT5_3_1_3_2_will_delay_twice", kV5, 0x10,
                  "<MQTT> 05 06 003c 00 <a> 0a 1800000001 1800000002 <t> <m>", Errc::PropertyDuplicate},
        Malformed{"MQTT5_3_1_3_2_3_will_payload_format_2", kV5, 0x10, "<MQTT> 05 06 003c 00 <a> 02 0102 <t> <m>",
                  Errc::PropertyNotBoolean},
        Malformed{"MQTT_3_3_2_14_will_response_topic_wildcard", kV5, 0x10,
                  "<MQTT> 05 06 003c 00 <a> 06 08 <r/+> <t> <m>", Errc::ResponseTopicInvalid}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Connack, ConnectMalformed,
    ::testing::Values(
        Malformed{"MQTT_2_2_2_2_flags", kV311 | kV5, 0x21, "00 00 00", Errc::ReservedFlags},
        Malformed{"MQTT_3_2_2_1_reserved_flags", kV5, 0x20, "02 00 00", Errc::ConnackFlagsReserved},
        Malformed{"MQTT_3_2_2_1_reserved_flags_311", kV311, 0x20, "80 00", Errc::ConnackFlagsReserved},
        Malformed{"MQTT_3_2_2_6_session_present_with_error", kV5, 0x20, "01 87 00", Errc::SessionPresentWithError},
        Malformed{"MQTT_3_2_2_4_session_present_with_error_311", kV311, 0x20, "01 05", Errc::SessionPresentWithError},
        Malformed{"MQTT_3_2_2_8_reason", kV5, 0x20, "00 01 00", Errc::ReasonCodeNotAllowed},
        Malformed{"MQTT_3_2_2_6_return_code_6", kV31 | kV311, 0x20, "00 06", Errc::ReasonCodeNotAllowed},
        Malformed{"MQTT5_3_2_2_3_maximum_qos_2", kV5, 0x20, "00 00 02 2402", Errc::PropertyNotBoolean},
        Malformed{"MQTT5_3_2_2_3_receive_maximum_0", kV5, 0x20, "00 00 03 210000", Errc::ReceiveMaximumZero},
        Malformed{"MQTT5_3_2_2_3_will_delay", kV5, 0x20, "00 00 05 1800000000", Errc::PropertyNotAllowed},
        Malformed{"trailing_bytes", kV5, 0x20, "00 00 00 00", Errc::TrailingBytes},
        Malformed{"trailing_bytes_311", kV31 | kV311, 0x20, "00 00 00", Errc::TrailingBytes}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Others, ConnectMalformed,
    ::testing::Values(Malformed{"MQTT_3_14_1_1_disconnect_flags", kV311 | kV5, 0xE1, "", Errc::ReservedFlags},
                      Malformed{"MQTT_3_14_2_1_disconnect_reason", kV5, 0xE0, "01", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT5_3_14_2_2_disconnect_property", kV5, 0xE0, "00 03 210001",
                                Errc::PropertyNotAllowed},
                      Malformed{"MQTT5_3_14_disconnect_trailing", kV5, 0xE0, "00 00 00", Errc::TrailingBytes},
                      Malformed{"MQTT311_3_14_disconnect_body", kV31 | kV311, 0xE0, "00", Errc::TrailingBytes},
                      Malformed{"MQTT_2_1_3_1_pingreq_flags", kV311 | kV5, 0xC2, "", Errc::ReservedFlags},
                      Malformed{"MQTT5_3_12_pingreq_body", kAll, 0xC0, "00", Errc::TrailingBytes},
                      Malformed{"MQTT_2_1_3_1_pingresp_flags", kV311 | kV5, 0xD1, "", Errc::ReservedFlags},
                      Malformed{"MQTT5_3_13_pingresp_body", kAll, 0xD0, "00", Errc::TrailingBytes},
                      Malformed{"MQTT311_2_2_1_auth_before_5", kV31 | kV311, 0xF0, "", Errc::ReservedPacketType},
                      Malformed{"MQTT_3_15_1_1_auth_flags", kV5, 0xF1, "", Errc::ReservedFlags},
                      Malformed{"MQTT_3_15_2_1_auth_reason", kV5, 0xF0, "87", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT5_4_12_auth_data_without_method", kV5, 0xF0, "18 04 16 <x>",
                                Errc::AuthenticationDataWithoutMethod},
                      Malformed{"MQTT5_2_1_2_type_0", kAll, 0x00, "", Errc::ReservedPacketType}),
    name_of);

}  // namespace
}  // namespace sluice::mqtt::test
