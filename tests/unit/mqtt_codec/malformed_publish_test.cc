// SPDX-License-Identifier: Apache-2.0
// PUBLISH and its four acknowledgements that must be refused.
#include "tests/unit/mqtt_codec/malformed.h"

namespace sluice::mqtt::test {
namespace {

class PublishMalformed : public MalformedTest {};
TEST_P(PublishMalformed, IsRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Publish, PublishMalformed,
    ::testing::Values(
        Malformed{"MQTT_3_3_1_4_qos_3", kAll, 0x36, "<t> 0001 00 'x'", Errc::QosReserved},
        Malformed{"MQTT_3_3_1_2_dup_with_qos_0", kV311 | kV5, 0x38, "<t> 00 'x'", Errc::DupWithQos0},
        Malformed{"MQTT_2_2_1_3_packet_id_0", kAll, 0x32, "<t> 0000 00 'x'", Errc::PacketIdZero},
        Malformed{"MQTT_2_2_1_3_packet_id_0_qos_2", kAll, 0x34, "<t> 0000 00 'x'", Errc::PacketIdZero},
        Malformed{"MQTT_3_3_2_2_plus", kAll, 0x30, "<a/+/b> 00", Errc::TopicWildcard},
        Malformed{"MQTT_3_3_2_2_hash", kAll, 0x30, "<#> 00", Errc::TopicWildcard},
        Malformed{"MQTT_3_3_2_2_plus_at_the_end_of_a_long_topic", kAll, 0x30, "<0123456789abcdef/+> 00",
                  Errc::TopicWildcard},
        Malformed{"MQTT_3_3_2_2_hash_behind_other_languages", kAll, 0x30, "0004 'z' c3bc '#' 00", Errc::TopicWildcard},
        Malformed{"MQTT_3_3_2_1_topic_not_utf8", kAll, 0x30, "0002 'a' ff 00", Errc::StringNotUtf8},
        Malformed{"MQTT_1_5_4_1_topic_surrogate", kAll, 0x30, "0003 eda080 00", Errc::StringNotUtf8},
        Malformed{"MQTT_1_5_4_1_topic_overlong", kAll, 0x30, "0002 c0af 00", Errc::StringNotUtf8},
        Malformed{"MQTT_1_5_4_2_topic_null", kAll, 0x30, "0003 'a' 00 'b' 00", Errc::StringNull},
        Malformed{"MQTT_4_7_3_1_topic_empty", kV31 | kV311, 0x30, "<> 'x'", Errc::TopicEmpty},
        Malformed{"MQTT5_3_3_2_1_topic_empty_without_alias", kV5, 0x30, "<> 00 'x'", Errc::TopicEmptyWithoutAlias},
        Malformed{"MQTT5_3_3_2_1_topic_empty_with_other_property", kV5, 0x30, "<> 02 0101 'x'",
                  Errc::TopicEmptyWithoutAlias},
        Malformed{"topic_beyond_packet", kAll, 0x30, "0005 'abc'", Errc::PacketTruncated},
        Malformed{"packet_id_cut", kAll, 0x32, "<t> 00", Errc::PacketTruncated},
        Malformed{"empty_body", kAll, 0x30, "", Errc::PacketTruncated}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    PublishProperties, PublishMalformed,
    ::testing::Values(
        Malformed{"MQTT5_2_2_2_1_length_missing", kV5, 0x30, "<t>", Errc::PacketTruncated},
        Malformed{"MQTT5_2_2_2_1_length_beyond_packet", kV5, 0x30, "<t> 05 0101", Errc::PacketTruncated},
        Malformed{"MQTT5_2_2_2_1_value_beyond_length", kV5, 0x30, "<t> 01 01 01", Errc::PacketTruncated},
        Malformed{"MQTT_1_5_5_1_length_not_minimal", kV5, 0x30, "<t> 8000 'x'", Errc::LengthNotMinimal},
        Malformed{"MQTT_3_3_2_8_topic_alias_0", kV5, 0x30, "<t> 03 230000 'x'", Errc::TopicAliasZero},
        Malformed{"MQTT5_3_3_2_3_4_topic_alias_twice", kV5, 0x30, "<t> 06 230001 230001", Errc::PropertyDuplicate},
        Malformed{"MQTT5_3_3_2_3_2_payload_format_2", kV5, 0x30, "<t> 02 0102", Errc::PropertyNotBoolean},
        Malformed{"MQTT5_3_3_2_3_3_expiry_twice", kV5, 0x30, "<t> 0a 0200000001 0200000001", Errc::PropertyDuplicate},
        Malformed{"MQTT_3_3_2_14_response_topic_wildcard", kV5, 0x30, "<t> 06 08 <r/#>", Errc::ResponseTopicInvalid},
        Malformed{"MQTT_3_3_2_14_response_topic_empty", kV5, 0x30, "<t> 03 08 <>", Errc::ResponseTopicInvalid},
        Malformed{"MQTT_3_3_2_13_response_topic_not_utf8", kV5, 0x30, "<t> 04 08 0001 ff", Errc::StringNotUtf8},
        Malformed{"MQTT_3_3_2_19_content_type_not_utf8", kV5, 0x30, "<t> 04 03 0001 ff", Errc::StringNotUtf8},
        Malformed{"MQTT5_3_3_2_3_6_correlation_data_twice", kV5, 0x30, "<t> 08 09 <a> 09 <b>", Errc::PropertyDuplicate},
        Malformed{"MQTT5_3_3_2_3_8_subscription_id_0", kV5, 0x30, "<t> 02 0b00", Errc::SubscriptionIdZero},
        Malformed{"MQTT_1_5_5_1_subscription_id_not_minimal", kV5, 0x30, "<t> 03 0b8100", Errc::LengthNotMinimal},
        Malformed{"MQTT5_3_3_2_3_8_subscription_id_too_long", kV5, 0x30, "<t> 06 0b8080808001",
                  Errc::RemainingLengthTooLong},
        Malformed{"MQTT5_2_2_2_2_session_expiry", kV5, 0x30, "<t> 05 1100000001", Errc::PropertyNotAllowed},
        Malformed{"MQTT5_2_2_2_2_will_delay", kV5, 0x30, "<t> 05 1800000001", Errc::PropertyNotAllowed},
        Malformed{"MQTT5_2_2_2_2_unknown", kV5, 0x30, "<t> 02 7f01", Errc::PropertyUnknown}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Acknowledgement, PublishMalformed,
    ::testing::Values(Malformed{"MQTT_2_1_3_1_puback_flags", kV311 | kV5, 0x42, "0001", Errc::ReservedFlags},
                      Malformed{"MQTT_2_1_3_1_pubrec_flags", kV311 | kV5, 0x52, "0001", Errc::ReservedFlags},
                      Malformed{"MQTT_3_6_1_1_pubrel_flags_0", kV311 | kV5, 0x60, "0001", Errc::ReservedFlags},
                      Malformed{"MQTT_3_6_1_1_pubrel_flags_dup", kV311 | kV5, 0x6A, "0001", Errc::ReservedFlags},
                      Malformed{"MQTT_2_1_3_1_pubcomp_flags", kV311 | kV5, 0x71, "0001", Errc::ReservedFlags},
                      Malformed{"MQTT_2_2_1_3_puback_id_0", kAll, 0x40, "0000", Errc::PacketIdZero},
                      Malformed{"MQTT_2_2_1_3_pubrel_id_0", kAll, 0x62, "0000", Errc::PacketIdZero},
                      Malformed{"MQTT_3_4_2_1_puback_reason", kV5, 0x40, "0001 92", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT_3_5_2_1_pubrec_reason", kV5, 0x50, "0001 01", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT_3_6_2_1_pubrel_reason", kV5, 0x62, "0001 80", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT_3_7_2_1_pubcomp_reason", kV5, 0x70, "0001 10", Errc::ReasonCodeNotAllowed},
                      Malformed{"MQTT5_3_4_2_2_puback_property", kV5, 0x40, "0001 00 03 230001",
                                Errc::PropertyNotAllowed},
                      Malformed{"MQTT5_3_4_2_2_2_reason_string_twice", kV5, 0x40, "0001 00 08 1f <a> 1f <b>",
                                Errc::PropertyDuplicate},
                      Malformed{"MQTT5_3_4_trailing", kV5, 0x40, "0001 00 00 00", Errc::TrailingBytes},
                      Malformed{"MQTT311_3_4_trailing", kV31 | kV311, 0x40, "0001 00", Errc::TrailingBytes},
                      Malformed{"cut", kAll, 0x40, "00", Errc::PacketTruncated}),
    name_of);

}  // namespace
}  // namespace sluice::mqtt::test
