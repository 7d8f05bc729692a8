// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/storage/record_format.h"
#include "broker/storage/record_io.h"

namespace sluice::storage::test {

inline std::string hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kDigits[value >> 4U];
    text += kDigits[value & 0x0FU];
  }
  return text;
}

/// Bytes as people write them down: `04 003c` in hexadecimal, 'abc' the characters.
inline std::string bytes(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '\'') {
      const std::size_t end = text.find('\'', i + 1);
      out.append(text.substr(i + 1, end - i - 1));
      i = end;
    } else {
      out += static_cast<char>(std::stoul(std::string(text.substr(i, 2)), nullptr, 16));
      ++i;
    }
  }
  return out;
}

/// With the checksum that belongs to it: what is wrong with the rest must be found without its help.
inline std::string sealed(std::string value) {
  std::byte sum[kChecksumBytes];
  store_u32(sum, record_checksum(as_bytes(value)));
  return value.append(as_text(sum));
}

template <class Record>
std::string encoded(const Record& record) {
  std::string out;
  encode(record, out);
  return out;
}

inline std::string encoded_number(std::uint64_t number) {
  std::string out;
  encode_number(number, out);
  return out;
}

/// Decodes and encodes again.
template <class Record>
Result<std::string> again(Result<Record> (*decode)(std::string_view), std::string_view value) {
  const Result<Record> record = decode(value);
  if (!record) return record.error();
  return encoded(*record);
}

inline Result<std::string> number_again(std::string_view value) {
  const Result<std::uint64_t> number = decode_number(value);
  if (!number) return number.error();
  return encoded_number(*number);
}

inline StoredMessage small_message() {
  StoredMessage message;
  message.topic = "a/b";
  message.payload = as_bytes("hello");
  message.qos = Qos::AtLeastOnce;
  message.timestamp = 0x0102030405060708;
  return message;
}

inline StoredMessage full_message() {
  StoredMessage message = small_message();
  message.properties = as_bytes(std::string_view("\x01\x01", 2));
  message.qos = Qos::ExactlyOnce;
  message.retain = true;
  message.expires_at = 0x1112131415161718;
  return message;
}

inline QueueRecord queued(StoredMessage message) {
  QueueRecord record;
  record.message = message;
  return record;
}

inline QueueRecord referring() {
  QueueRecord record;
  record.qos = Qos::ExactlyOnce;
  record.retain = true;
  record.subscription_ids = {1, 200};
  record.group = "$share/g/a/#";
  record.message_id = 0x2122232425262728;
  return record;
}

inline QueueRecord released() {
  QueueRecord record;
  record.stage = QueueRecord::Stage::Released;
  record.qos = Qos::ExactlyOnce;
  return record;
}

inline SessionRecord small_session() {
  SessionRecord record;
  record.client_id = "c";
  record.protocol = Protocol::Mqtt31;
  return record;
}

inline SessionRecord full_session() {
  SessionRecord record;
  record.client_id = "client";
  record.username = "user";
  record.mountpoint = "m/";
  record.listener = "tcp";
  record.address = "192.0.2.1:1883";
  record.created_at = 0x0102030405060708;
  record.detached_at = 0x1112131415161718;
  record.expiry_seconds = 0x21222324;
  record.sent_below = 0x3132333435363738;
  record.window = 0x4142;
  record.keep_alive_seconds = 0x5152;
  record.protocol = Protocol::Mqtt5;
  record.clean_start = true;
  record.superuser = true;
  return record;
}

inline SubscriptionRecord full_subscription() {
  return {{Qos::ExactlyOnce, true, true, RetainHandling::DoNotSend}, kMaxVarint};
}

inline WillRecord small_will() {
  WillRecord record;
  record.topic = "w";
  return record;
}

inline WillRecord full_will() {
  WillRecord record;
  record.topic = "will";
  record.payload = {std::byte{'x'}, std::byte{0}};
  record.properties = {std::byte{1}, std::byte{0}};
  record.qos = Qos::ExactlyOnce;
  record.retain = true;
  record.delay_seconds = 0x01020304;
  record.expiry_seconds = 0;
  record.due_at = 0x1112131415161718;
  return record;
}

inline StoreRecord full_store() { return {0x01020304, 0x11121314, 0x2122232425262728, 0x3132333435363738}; }

/// A kind of record: a value with as little and one with as much as it can hold.
struct Kind {
  std::string name;
  std::vector<std::string> samples;
  std::function<Result<std::string>(std::string_view)> again;
};

inline std::vector<Kind> kinds() {
  const auto with = [](auto decode) { return [decode](std::string_view value) { return again(decode, value); }; };
  return {
      {"session", {encoded(small_session()), encoded(full_session())}, with(&decode_session)},
      {"subscription", {encoded(SubscriptionRecord{}), encoded(full_subscription())}, with(&decode_subscription)},
      {"queue",
       {encoded(queued(small_message())), encoded(queued(full_message())), encoded(referring()), encoded(released())},
       with(&decode_queue)},
      {"message", {encoded(small_message()), encoded(full_message())}, with(&decode_message)},
      {"will", {encoded(small_will()), encoded(full_will())}, with(&decode_will)},
      {"retained",
       {encoded(RetainedRecord{small_message(), 0}), encoded(RetainedRecord{full_message(), 5})},
       with(&decode_retained)},
      {"store", {encoded(StoreRecord{}), encoded(full_store())}, with(&decode_store)},
      {"number", {encoded_number(0), encoded_number(~std::uint64_t{0})}, &number_again},
  };
}

}  // namespace sluice::storage::test
