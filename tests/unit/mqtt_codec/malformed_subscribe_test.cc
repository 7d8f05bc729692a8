// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE, SUBACK, UNSUBSCRIBE and UNSUBACK that must be refused.
#include "tests/unit/mqtt_codec/malformed.h"

namespace sluice::mqtt::test {
namespace {

class SubscribeMalformed : public MalformedTest {};
TEST_P(SubscribeMalformed, IsRefused) { expect_refused(GetParam()); }

INSTANTIATE_TEST_SUITE_P(
    Subscribe, SubscribeMalformed,
    ::testing::Values(
        Malformed{"MQTT_3_8_1_1_flags_0", kV311 | kV5, 0x80, "0001 00 <a> 00", Errc::ReservedFlags},
        Malformed{"MQTT_3_8_1_1_flags_dup", kV311 | kV5, 0x8A, "0001 00 <a> 00", Errc::ReservedFlags},
        Malformed{"MQTT_2_2_1_3_packet_id_0", kV5, 0x82, "0000 00 <a> 00", Errc::PacketIdZero},
        Malformed{"MQTT_2_3_1_1_packet_id_0_311", kV31 | kV311, 0x82, "0000 <a> 00", Errc::PacketIdZero},
        Malformed{"MQTT_3_8_3_2_no_filter", kV5, 0x82, "0001 00", Errc::NoSubscription},
        Malformed{"MQTT_3_8_3_3_no_filter_311", kV31 | kV311, 0x82, "0001", Errc::NoSubscription},
        Malformed{"MQTT_3_8_3_5_reserved_bits", kV5, 0x82, "0001 00 <a> 40", Errc::SubscriptionOptionsReserved},
        Malformed{"MQTT_3_8_3_5_reserved_bits_of_the_second", kV5, 0x82, "0001 00 <a> 00 <b> 80",
                  Errc::SubscriptionOptionsReserved},
        Malformed{"MQTT_3_8_3_4_no_local_in_311", kV311, 0x82, "0001 <a> 04", Errc::SubscriptionOptionsReserved},
        Malformed{"MQTT5_3_8_3_1_qos_3", kV5, 0x82, "0001 00 <a> 03", Errc::SubscriptionQosReserved},
        Malformed{"MQTT_3_8_3_4_qos_3_in_311", kV31 | kV311, 0x82, "0001 <a> 03", Errc::SubscriptionQosReserved},
        Malformed{"MQTT5_3_8_3_1_retain_handling_3", kV5, 0x82, "0001 00 <a> 30", Errc::RetainHandlingReserved},
        Malformed{"MQTT_3_8_3_4_no_local_on_shared", kV5, 0x82, "0001 00 <$share/g/a> 04", Errc::NoLocalOnShared},
        Malformed{"MQTT_3_8_3_1_filter_not_utf8", kV5, 0x82, "0001 00 0001 ff 00", Errc::StringNotUtf8},
        Malformed{"MQTT_4_7_3_2_filter_null", kV5, 0x82, "0001 00 0001 00 00", Errc::StringNull},
        Malformed{"MQTT_4_7_3_1_filter_empty", kV5, 0x82, "0001 00 <> 00", Errc::FilterEmpty},
        Malformed{"MQTT_4_7_3_1_filter_empty_311", kV31 | kV311, 0x82, "0001 <> 00", Errc::FilterEmpty},
        Malformed{"MQTT5_3_8_2_1_2_subscription_id_0", kV5, 0x82, "0001 02 0b00 <a> 00", Errc::SubscriptionIdZero},
        Malformed{"MQTT5_3_8_2_1_2_subscription_id_twice", kV5, 0x82, "0001 04 0b01 0b02 <a> 00",
                  Errc::PropertyDuplicate},
        Malformed{"MQTT5_3_8_2_1_property", kV5, 0x82, "0001 04 1f <x> <a> 00", Errc::PropertyNotAllowed},
        Malformed{"MQTT5_3_8_2_1_length_beyond_packet", kV5, 0x82, "0001 10 <a> 00", Errc::PacketTruncated},
        Malformed{"options_missing", kV5, 0x82, "0001 00 <a>", Errc::PacketTruncated},
        Malformed{"options_missing_311", kV31 | kV311, 0x82, "0001 <a>", Errc::PacketTruncated}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Unsubscribe, SubscribeMalformed,
    ::testing::Values(
        Malformed{"MQTT_3_10_1_1_flags", kV311 | kV5, 0xA0, "0001 00 <a>", Errc::ReservedFlags},
        Malformed{"MQTT_2_2_1_3_packet_id_0", kV5, 0xA2, "0000 00 <a>", Errc::PacketIdZero},
        Malformed{"MQTT_3_10_3_2_no_filter", kV5, 0xA2, "0001 00", Errc::NoUnsubscription},
        Malformed{"MQTT_3_10_3_2_no_filter_311", kV31 | kV311, 0xA2, "0001", Errc::NoUnsubscription},
        Malformed{"MQTT_3_10_3_1_filter_not_utf8", kV5, 0xA2, "0001 00 0001 ff", Errc::StringNotUtf8},
        Malformed{"MQTT_4_7_3_1_filter_empty", kV5, 0xA2, "0001 00 <a> <>", Errc::FilterEmpty},
        Malformed{"MQTT5_3_10_2_1_subscription_id", kV5, 0xA2, "0001 02 0b01 <a>", Errc::PropertyNotAllowed},
        Malformed{"second_filter_cut", kV5, 0xA2, "0001 00 <a> 0005 'b'", Errc::PacketTruncated},
        Malformed{"second_filter_cut_311", kV31 | kV311, 0xA2, "0001 <a> 0005 'b'", Errc::PacketTruncated}),
    name_of);

INSTANTIATE_TEST_SUITE_P(
    Answers, SubscribeMalformed,
    ::testing::Values(
        Malformed{"MQTT_2_1_3_1_suback_flags", kV311 | kV5, 0x92, "0001 00 00", Errc::ReservedFlags},
        Malformed{"MQTT_3_9_3_1_suback_without_reason", kV5, 0x90, "0001 00", Errc::NoReasonCode},
        Malformed{"MQTT_3_9_3_1_suback_without_reason_311", kV31 | kV311, 0x90, "0001", Errc::NoReasonCode},
        Malformed{"MQTT_3_9_3_2_suback_reason", kV5, 0x90, "0001 00 03", Errc::ReasonCodeNotAllowed},
        Malformed{"MQTT_3_9_3_2_suback_return_code_311", kV31 | kV311, 0x90, "0001 87", Errc::ReasonCodeNotAllowed},
        Malformed{"MQTT_2_2_1_3_suback_id_0", kV5, 0x90, "0000 00 00", Errc::PacketIdZero},
        Malformed{"MQTT_2_1_3_1_unsuback_flags", kV311 | kV5, 0xB2, "0001 00 00", Errc::ReservedFlags},
        Malformed{"MQTT_3_11_3_1_unsuback_without_reason", kV5, 0xB0, "0001 00", Errc::NoReasonCode},
        Malformed{"MQTT_3_11_3_2_unsuback_reason", kV5, 0xB0, "0001 00 01", Errc::ReasonCodeNotAllowed},
        Malformed{"MQTT311_3_11_unsuback_body", kV31 | kV311, 0xB0, "0001 00", Errc::TrailingBytes}),
    name_of);

}  // namespace
}  // namespace sluice::mqtt::test
