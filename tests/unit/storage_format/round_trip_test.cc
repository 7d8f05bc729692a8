// SPDX-License-Identifier: Apache-2.0
// What is read is what was written, field by field; and what of a message is kept.
#include <limits>

#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace sluice::storage::test {
namespace {

std::string text_of(std::span<const std::byte> bytes) { return std::string(as_text(bytes)); }

void expect_same(const StoredMessage& a, const StoredMessage& b) {
  EXPECT_EQ(a.topic, b.topic);
  EXPECT_EQ(text_of(a.payload), text_of(b.payload));
  EXPECT_EQ(text_of(a.properties), text_of(b.properties));
  EXPECT_EQ(a.qos, b.qos);
  EXPECT_EQ(a.retain, b.retain);
  EXPECT_EQ(a.timestamp, b.timestamp);
  EXPECT_EQ(a.expires_at, b.expires_at);
}

void expect_same(const SessionRecord& a, const SessionRecord& b) {
  EXPECT_EQ(a.client_id, b.client_id);
  EXPECT_EQ(a.username, b.username);
  EXPECT_EQ(a.mountpoint, b.mountpoint);
  EXPECT_EQ(a.listener, b.listener);
  EXPECT_EQ(a.address, b.address);
  EXPECT_EQ(a.created_at, b.created_at);
  EXPECT_EQ(a.detached_at, b.detached_at);
  EXPECT_EQ(a.expiry_seconds, b.expiry_seconds);
  EXPECT_EQ(a.sent_below, b.sent_below);
  EXPECT_EQ(a.window, b.window);
  EXPECT_EQ(a.keep_alive_seconds, b.keep_alive_seconds);
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.clean_start, b.clean_start);
  EXPECT_EQ(a.superuser, b.superuser);
}

void expect_same(const QueueRecord& a, const QueueRecord& b) {
  EXPECT_EQ(a.stage, b.stage);
  EXPECT_EQ(a.qos, b.qos);
  EXPECT_EQ(a.retain, b.retain);
  EXPECT_EQ(a.subscription_ids, b.subscription_ids);
  EXPECT_EQ(a.group, b.group);
  EXPECT_EQ(a.message_id, b.message_id);
  ASSERT_EQ(a.message.has_value(), b.message.has_value());
  if (a.message) expect_same(*a.message, *b.message);
}

void expect_same(const WillRecord& a, const WillRecord& b) {
  EXPECT_EQ(a.topic, b.topic);
  EXPECT_EQ(a.payload, b.payload);
  EXPECT_EQ(a.properties, b.properties);
  EXPECT_EQ(a.qos, b.qos);
  EXPECT_EQ(a.retain, b.retain);
  EXPECT_EQ(a.delay_seconds, b.delay_seconds);
  EXPECT_EQ(a.expiry_seconds, b.expiry_seconds);
  EXPECT_EQ(a.due_at, b.due_at);
}

/// The bytes outlive the views of what is decoded from them.
template <class Record>
void check(Result<Record> (*decode)(std::string_view), const Record& record) {
  const std::string value = encoded(record);
  const Result<Record> read = decode(value);
  ASSERT_TRUE(read.has_value()) << read.error().message() << " " << hex(value);
  expect_same(*read, record);
}

TEST(RoundTrip, EverySampleEncodesToTheSameBytes) {
  for (const Kind& kind : kinds()) {
    for (const std::string& sample : kind.samples) {
      const auto result = kind.again(sample);
      ASSERT_TRUE(result.has_value()) << kind.name << " " << result.error().message();
      EXPECT_EQ(hex(*result), hex(sample)) << kind.name;
    }
  }
}

TEST(RoundTrip, Sessions) {
  check(&decode_session, small_session());
  check(&decode_session, full_session());
  SessionRecord record = full_session();
  record.username = "";
  record.created_at = std::numeric_limits<UnixMillis>::min();
  record.expiry_seconds = 0xFFFFFFFF;
  for (std::uint8_t protocol = 0; protocol <= static_cast<std::uint8_t>(Protocol::Internal); ++protocol) {
    record.protocol = static_cast<Protocol>(protocol);
    check(&decode_session, record);
  }
  record.mountpoint = std::string(100'000, 'm');
  check(&decode_session, record);
}

TEST(RoundTrip, Subscriptions) {
  for (unsigned i = 0; i < 36; ++i) {
    SubscriptionRecord record;
    record.options = {static_cast<Qos>(i % 3), (i & 1U) != 0, (i & 2U) != 0, static_cast<RetainHandling>(i / 12)};
    record.subscription_id = i * i * i;
    const auto read = decode_subscription(encoded(record));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->options, record.options);
    EXPECT_EQ(read->subscription_id, record.subscription_id);
  }
}

TEST(RoundTrip, Queues) {
  check(&decode_queue, queued(small_message()));
  check(&decode_queue, queued(full_message()));
  check(&decode_queue, referring());
  check(&decode_queue, released());
  QueueRecord record = queued(full_message());
  record.qos = Qos::AtMostOnce;
  record.group = "$share/g/a";
  for (std::uint32_t i = 0; i < 1000; ++i) record.subscription_ids.push_back(i * 268'435);
  check(&decode_queue, record);
}

TEST(RoundTrip, ReleasedIsAlwaysQos2) {
  QueueRecord record = released();
  record.qos = Qos::AtLeastOnce;
  EXPECT_EQ(encoded(record), encoded(released()));
}

TEST(RoundTrip, MessagesOfManySizes) {
  for (const std::size_t size : {0U, 1U, 16U, 127U, 128U, 240U, 241U, 1024U, 16'383U, 16'384U, 65'535U}) {
    const std::string topic(size, 't');
    const std::string payload(size * 33, 'p');
    StoredMessage message = full_message();
    message.topic = topic;
    message.payload = as_bytes(payload);
    check(&decode_message, message);
    check(&decode_queue, queued(message));
  }
}

TEST(RoundTrip, Wills) {
  check(&decode_will, small_will());
  check(&decode_will, full_will());
  WillRecord record = small_will();
  record.expiry_seconds = 7;
  check(&decode_will, record);
}

TEST(RoundTrip, RetainedMessages) {
  for (const UnixMillis expires_at : {UnixMillis{0}, UnixMillis{5}, UnixMillis{-1}}) {
    const std::string value = encoded(RetainedRecord{full_message(), expires_at});
    const auto read = decode_retained(value);
    ASSERT_TRUE(read.has_value());
    expect_same(read->message, full_message());
    EXPECT_EQ(read->expires_at, expires_at);
  }
}

TEST(RoundTrip, Stores) {
  const auto read = decode_store(encoded(full_store()));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->format, full_store().format);
  EXPECT_EQ(read->starts, full_store().starts);
  EXPECT_EQ(read->next_session, full_store().next_session);
  EXPECT_EQ(read->next_message, full_store().next_message);
}

TEST(RoundTrip, Numbers) {
  for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1} << 40U, ~std::uint64_t{0}}) {
    EXPECT_EQ(decode_number(encoded_number(number)).value(), number);
  }
}

TEST(RoundTrip, EncodingReplacesWhatWasThere) {
  std::string out(5000, 'x');
  for (const StoredMessage& message : {small_message(), full_message(), small_message()}) {
    encode(queued(message), out);
    EXPECT_EQ(hex(out), hex(encoded(queued(message))));
  }
}

TEST(RoundTrip, ASmallMessageTakesAtMost24BytesMore) {
  const std::string payload(1024, 'p');
  StoredMessage message = small_message();
  message.payload = as_bytes(payload);
  EXPECT_LE(encoded(queued(message)).size(), message.topic.size() + payload.size() + 24);
}

TEST(RoundTrip, MessageBlocks) {
  MessageParts parts = parts_of(full_message());
  parts.publisher = {3, 4};
  const MessagePtr block = Message::create(parts);
  const StoredMessage kept = stored(*block);
  expect_same(kept, full_message());
  EXPECT_EQ(kept.topic.data(), block->topic().data());
  const std::string value = encoded(kept);
  const MessagePtr restored = Message::create(parts_of(decode_message(value).value()));
  expect_same(stored(*restored), full_message());
  EXPECT_EQ(restored->publisher(), SessionRef{});
}

}  // namespace
}  // namespace sluice::storage::test
