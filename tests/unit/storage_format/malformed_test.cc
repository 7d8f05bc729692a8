// SPDX-License-Identifier: Apache-2.0
// Values whose checksum is right and whose contents no encoder writes; and records that no encoder may be given.
#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace sluice::storage::test {
namespace {

constexpr std::string_view kTime = "0102030405060708";
constexpr std::string_view kZero = "0000000000000000";

struct Malformed {
  std::string why;
  std::string kind;
  std::string body;  ///< behind the version, as bytes() reads it
  RecordErrc error = RecordErrc::Malformed;
};

std::string text(std::string_view before, std::string_view number, std::string_view behind) {
  return std::string(before).append(" ").append(number).append(" ").append(behind);
}

std::string session_with(std::string_view flags_and_protocol, std::string_view texts) {
  return std::string(flags_and_protocol)
      .append(kZero)
      .append(kZero)
      .append("00000000")
      .append(kZero)
      .append("00000000")
      .append(texts);
}

std::vector<Malformed> table() {
  return {
      {"session: unknown flag", "session", session_with("08 02", "00000000")},
      {"session: no such protocol", "session", session_with("00 08", "00000000")},
      {"session: length not minimal", "session", session_with("00 02", "8000 000000")},
      {"session: length of five bytes", "session", session_with("00 02", "ffffffff0f 000000")},
      {"session: text longer than the value", "session", session_with("00 02", "ffffff7f"), RecordErrc::Truncated},
      {"session: username announced and missing", "session", session_with("01 02", "00000000"), RecordErrc::Truncated},
      {"session: username that was not announced", "session", session_with("00 02", "0000000000")},
      {"subscription: QoS 3", "subscription", "03"},
      {"subscription: retain handling 3", "subscription", "30"},
      {"subscription: unknown flag", "subscription", "80"},
      {"subscription: id 0", "subscription", "40 00"},
      {"subscription: id not minimal", "subscription", "40 8100"},
      {"subscription: id without its flag", "subscription", "00 01"},
      {"subscription: nothing", "subscription", "", RecordErrc::Truncated},
      {"queue: neither message nor id", "queue", "01"},
      {"queue: message and id", "queue", text("61", kTime, text("00", kTime, "00 00"))},
      {"queue: released with a message", "queue", text("4a 00", kTime, "00 00")},
      {"queue: released with an id", "queue", text("2a", kTime, "")},
      {"queue: released at QoS 1", "queue", "09"},
      {"queue: QoS 3", "queue", text("23", kTime, "")},
      {"queue: message id 0", "queue", text("21", kZero, "")},
      {"queue: no subscription ids", "queue", text("a1 00", kTime, "")},
      {"queue: more subscription ids than bytes", "queue", "a1 ffffff7f 01 0000000000000001", RecordErrc::Truncated},
      {"queue: subscription id not minimal", "queue", text("a1 01 8000", kTime, "")},
      {"queue: empty group", "queue", text("31 00", kTime, "")},
      {"queue: QoS 3 of the message", "queue", text("41 03", kTime, "00 00")},
      {"message: QoS 3", "message", text("03", kTime, "00 00")},
      {"message: unknown flag", "message", text("20", kTime, "00 00")},
      {"message: expiry 0", "message", text("10", kTime, text("", kZero, "00 00"))},
      {"message: empty properties", "message", text("08", kTime, "00 00 00")},
      {"message: topic longer than the value", "message", text("00", kTime, "7f 00"), RecordErrc::Truncated},
      {"message: payload longer than the value", "message", text("00", kTime, "00 05 'four'"), RecordErrc::Truncated},
      {"message: payload shorter than the value", "message", text("00", kTime, "00 03 'four'")},
      {"will: QoS 3", "will", "03 00 00"},
      {"will: unknown flag", "will", "80 00 00"},
      {"will: delay 0", "will", "10 00000000 00 00"},
      {"will: due at 0", "will", text("40", kZero, "00 00")},
      {"will: empty properties", "will", "08 00 00 00"},
      {"retained: unknown flag", "retained", text("02 00", kTime, "00 00")},
      {"retained: expiry 0", "retained", text("01", kZero, text("00", kTime, "00 00"))},
      {"retained: no message", "retained", "00", RecordErrc::Truncated},
      {"store: a byte too many", "store", std::string(50, '0')},
      {"number: a byte too few", "number", "01020304050607", RecordErrc::Truncated},
  };
}

Result<std::string> again(std::string_view kind, std::string_view value) {
  for (const Kind& one : kinds()) {
    if (one.name == kind) return one.again(value);
  }
  throw std::invalid_argument("no such kind");
}

TEST(Malformed, IsRefused) {
  for (const Malformed& row : table()) {
    const auto result = again(row.kind, sealed('\x01' + bytes(row.body)));
    ASSERT_TRUE(result.has_error()) << row.why;
    EXPECT_EQ(result.error(), row.error) << row.why << ": " << result.error().message();
  }
}

TEST(Malformed, TopicsAbove65535Bytes) {
  const std::string longest = bytes("ffff03") + std::string(65'535, 't');
  const std::string longer = bytes("808004") + std::string(65'536, 't');
  const std::string message = bytes("01 00 0000000000000000");
  const std::string will = bytes("01 00");
  EXPECT_TRUE(decode_message(sealed(message + longest + '\0')).has_value());
  EXPECT_EQ(decode_message(sealed(message + longer + '\0')).error(), RecordErrc::Malformed);
  EXPECT_TRUE(decode_will(sealed(will + longest + '\0')).has_value());
  EXPECT_EQ(decode_will(sealed(will + longer + '\0')).error(), RecordErrc::Malformed);
}

TEST(MalformedDeathTest, RecordsThatHaveNoForm) {
  std::string out;
  const std::string topic(65'536, 't');
  StoredMessage message = small_message();
  message.topic = topic;
  EXPECT_DEATH(encode(message, out), "");
  EXPECT_DEATH(encode(QueueRecord{}, out), "");
  QueueRecord both = queued(small_message());
  both.message_id = 1;
  EXPECT_DEATH(encode(both, out), "");
  QueueRecord gone = released();
  gone.message_id = 1;
  EXPECT_DEATH(encode(gone, out), "");
  EXPECT_DEATH(encode(SubscriptionRecord{{}, kMaxVarint + 1}, out), "");
}

}  // namespace
}  // namespace sluice::storage::test
