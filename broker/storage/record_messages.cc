// SPDX-License-Identifier: Apache-2.0
// Values that hold a message or stand for one. A flag says which fields follow: what is zero or empty takes no bytes.
#include <utility>

#include "broker/storage/record_format.h"
#include "broker/storage/record_io.h"

namespace sluice::storage {
namespace {

constexpr std::uint8_t kVersion = 1;  // of each of these records

// Of a message.
constexpr unsigned kQosMask = 0x03;
constexpr unsigned kRetain = 0x04;
constexpr unsigned kProperties = 0x08;
constexpr unsigned kExpires = 0x10;
constexpr unsigned kMessageBits = 0x1F;

// Of a queue record, in the same byte as kQosMask and kRetain.
constexpr unsigned kReleased = 0x08;
constexpr unsigned kGroup = 0x10;
constexpr unsigned kReference = 0x20;
constexpr unsigned kMessage = 0x40;
constexpr unsigned kSubscriptionIds = 0x80;

// Of a will, in the same byte as kQosMask, kRetain and kProperties.
constexpr unsigned kDelay = 0x10;
constexpr unsigned kExpiry = 0x20;
constexpr unsigned kDue = 0x40;
constexpr unsigned kWillBits = 0x7F;

// Of a retained message, before the message.
constexpr unsigned kRetainedExpires = 0x01;

unsigned flag(unsigned bit, bool on) { return on ? bit : 0; }

Qos read_qos(RecordReader& reader, unsigned flags) {
  const unsigned qos = flags & kQosMask;
  reader.require(qos <= static_cast<unsigned>(Qos::ExactlyOnce));
  return static_cast<Qos>(qos);
}

std::size_t room_for(const StoredMessage& message) {
  return RecordWriter::room_for(message.topic.size()) + RecordWriter::room_for(message.properties.size()) +
         RecordWriter::room_for(message.payload.size());
}

void write_message(RecordWriter& writer, const StoredMessage& message) {
  writer.u8(static_cast<unsigned>(message.qos) | flag(kRetain, message.retain) |
            flag(kProperties, !message.properties.empty()) | flag(kExpires, message.expires_at != 0));
  writer.time(message.timestamp);
  if (message.expires_at != 0) writer.time(message.expires_at);
  writer.topic(message.topic);
  if (!message.properties.empty()) writer.text(message.properties);
  writer.text(message.payload);
}

StoredMessage read_message(RecordReader& reader) {
  StoredMessage message;
  const unsigned flags = reader.u8();
  reader.require((flags & ~kMessageBits) == 0);
  message.qos = read_qos(reader, flags);
  message.retain = (flags & kRetain) != 0;
  message.timestamp = reader.time();
  if ((flags & kExpires) != 0) message.expires_at = reader.present(reader.time());
  message.topic = reader.topic();
  if ((flags & kProperties) != 0) message.properties = reader.present_text();
  message.payload = reader.text();
  return message;
}

void write_subscription_ids(RecordWriter& writer, const std::vector<std::uint32_t>& ids) {
  writer.varint(ids.size());
  for (const std::uint32_t id : ids) writer.varint(id);
}

std::vector<std::uint32_t> read_subscription_ids(RecordReader& reader) {
  std::vector<std::uint32_t> ids;
  const std::uint32_t count = reader.present(reader.varint());
  // Each takes a byte at least: nobody makes us reserve more than the value can hold.
  if (count > reader.remaining()) {
    reader.fail(RecordErrc::Truncated);
    return ids;
  }
  ids.reserve(count);
  for (std::uint32_t i = 0; i < count; ++i) ids.push_back(reader.varint());
  return ids;
}

unsigned queue_flags(const QueueRecord& record) {
  const bool released = record.stage == QueueRecord::Stage::Released;
  const bool has_message = record.message.has_value();
  const bool has_reference = record.message_id != 0;
  if ((has_message ? 1 : 0) + (has_reference ? 1 : 0) != (released ? 0 : 1)) RecordWriter::fail();
  // Only QoS 2 has a PUBREL.
  const Qos qos = released ? Qos::ExactlyOnce : record.qos;
  return static_cast<unsigned>(qos) | flag(kRetain, record.retain) | flag(kReleased, released) |
         flag(kGroup, !record.group.empty()) | flag(kReference, has_reference) | flag(kMessage, has_message) |
         flag(kSubscriptionIds, !record.subscription_ids.empty());
}

/// A message that is queued lies here or elsewhere, one that is released nowhere.
bool sound(unsigned queue_flags, Qos qos) {
  const unsigned content = queue_flags & (kReference | kMessage);
  if ((queue_flags & kReleased) != 0) return content == 0 && qos == Qos::ExactlyOnce;
  return content == kReference || content == kMessage;
}

std::vector<std::byte> owned(std::span<const std::byte> bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

void encode(const StoredMessage& record, std::string& out) {
  RecordWriter writer(out, kVersion, room_for(record));
  write_message(writer, record);
  writer.finish();
}

Result<StoredMessage> decode_message(std::string_view value) {
  RecordReader reader(value, kVersion);
  return reader.finish(read_message(reader));
}

void encode(const QueueRecord& record, std::string& out) {
  const unsigned flags = queue_flags(record);
  const std::size_t texts = (record.message ? room_for(*record.message) : 0) +
                            RecordWriter::room_for(record.group.size()) +
                            (1 + record.subscription_ids.size()) * RecordWriter::kRoomForVarint;
  RecordWriter writer(out, kVersion, texts);
  writer.u8(flags);
  if (!record.subscription_ids.empty()) write_subscription_ids(writer, record.subscription_ids);
  if (!record.group.empty()) writer.text(record.group);
  if (record.message_id != 0) writer.u64(record.message_id);
  if (record.message) write_message(writer, *record.message);
  writer.finish();
}

Result<QueueRecord> decode_queue(std::string_view value) {
  RecordReader reader(value, kVersion);
  QueueRecord record;
  const unsigned flags = reader.u8();
  record.qos = read_qos(reader, flags);
  reader.require(sound(flags, record.qos));
  record.retain = (flags & kRetain) != 0;
  if ((flags & kReleased) != 0) record.stage = QueueRecord::Stage::Released;
  if ((flags & kSubscriptionIds) != 0) record.subscription_ids = read_subscription_ids(reader);
  if ((flags & kGroup) != 0) record.group = as_text(reader.present_text());
  if ((flags & kReference) != 0) record.message_id = reader.present(reader.u64());
  if ((flags & kMessage) != 0) record.message = read_message(reader);
  return reader.finish(std::move(record));
}

void encode(const WillRecord& record, std::string& out) {
  RecordWriter writer(out, kVersion,
                      RecordWriter::room_for(record.topic.size()) + RecordWriter::room_for(record.properties.size()) +
                          RecordWriter::room_for(record.payload.size()));
  writer.u8(static_cast<unsigned>(record.qos) | flag(kRetain, record.retain) |
            flag(kProperties, !record.properties.empty()) | flag(kDelay, record.delay_seconds != 0) |
            flag(kExpiry, record.expiry_seconds.has_value()) | flag(kDue, record.due_at != 0));
  if (record.delay_seconds != 0) writer.u32(record.delay_seconds);
  if (record.expiry_seconds) writer.u32(*record.expiry_seconds);
  if (record.due_at != 0) writer.time(record.due_at);
  writer.topic(record.topic);
  if (!record.properties.empty()) writer.text(record.properties);
  writer.text(record.payload);
  writer.finish();
}

Result<WillRecord> decode_will(std::string_view value) {
  RecordReader reader(value, kVersion);
  WillRecord record;
  const unsigned flags = reader.u8();
  reader.require((flags & ~kWillBits) == 0);
  record.qos = read_qos(reader, flags);
  record.retain = (flags & kRetain) != 0;
  if ((flags & kDelay) != 0) record.delay_seconds = reader.present(reader.u32());
  if ((flags & kExpiry) != 0) record.expiry_seconds = reader.u32();
  if ((flags & kDue) != 0) record.due_at = reader.present(reader.time());
  record.topic = reader.topic();
  if ((flags & kProperties) != 0) record.properties = owned(reader.present_text());
  record.payload = owned(reader.text());
  return reader.finish(std::move(record));
}

void encode(const RetainedRecord& record, std::string& out) {
  RecordWriter writer(out, kVersion, room_for(record.message));
  writer.u8(flag(kRetainedExpires, record.expires_at != 0));
  if (record.expires_at != 0) writer.time(record.expires_at);
  write_message(writer, record.message);
  writer.finish();
}

Result<RetainedRecord> decode_retained(std::string_view value) {
  RecordReader reader(value, kVersion);
  RetainedRecord record;
  const unsigned flags = reader.u8();
  reader.require((flags & ~kRetainedExpires) == 0);
  if ((flags & kRetainedExpires) != 0) record.expires_at = reader.present(reader.time());
  record.message = read_message(reader);
  return reader.finish(record);
}

StoredMessage stored(const Message& message) {
  return {message.topic(),  message.payload(),   message.properties(), message.qos(),
          message.retain(), message.timestamp(), message.expires_at()};
}

MessageParts parts_of(const StoredMessage& message) {
  return {.topic = message.topic,
          .payload = message.payload,
          .properties = message.properties,
          .qos = message.qos,
          .retain = message.retain,
          .publisher = {},
          .timestamp = message.timestamp,
          .expires_at = message.expires_at};
}

}  // namespace sluice::storage
