// SPDX-License-Identifier: Apache-2.0
// Values of sessions and of the store itself.
#include <utility>

#include "broker/storage/record_format.h"
#include "broker/storage/record_io.h"

namespace sluice::storage {
namespace {

constexpr std::uint8_t kVersion = 1;  // of each of these records

// Of a session.
constexpr unsigned kUsername = 0x01;
constexpr unsigned kCleanStart = 0x02;
constexpr unsigned kSuperuser = 0x04;
constexpr unsigned kSessionBits = 0x07;

// Of a subscription: as in a SUBSCRIBE [MQTT5 3.8.3.1], and one more.
constexpr unsigned kQosMask = 0x03;
constexpr unsigned kNoLocal = 0x04;
constexpr unsigned kRetainAsPublished = 0x08;
constexpr unsigned kRetainHandlingShift = 4;
constexpr unsigned kRetainHandlingMask = 0x03;
constexpr unsigned kSubscriptionId = 0x40;
constexpr unsigned kSubscriptionBits = 0x7F;

unsigned flag(unsigned bit, bool on) { return on ? bit : 0; }

}  // namespace

void encode(const SessionRecord& record, std::string& out) {
  const std::string_view username = record.username ? std::string_view(*record.username) : std::string_view();
  RecordWriter writer(out, kVersion,
                      RecordWriter::room_for(record.client_id.size()) + RecordWriter::room_for(username.size()) +
                          RecordWriter::room_for(record.mountpoint.size()) +
                          RecordWriter::room_for(record.listener.size()) +
                          RecordWriter::room_for(record.address.size()));
  writer.u8(flag(kUsername, record.username.has_value()) | flag(kCleanStart, record.clean_start) |
            flag(kSuperuser, record.superuser));
  writer.u8(static_cast<unsigned>(record.protocol));
  writer.time(record.created_at);
  writer.time(record.detached_at);
  writer.u32(record.expiry_seconds);
  writer.u64(record.sent_below);
  writer.u16(record.window);
  writer.u16(record.keep_alive_seconds);
  writer.text(record.client_id);
  if (record.username) writer.text(username);
  writer.text(record.mountpoint);
  writer.text(record.listener);
  writer.text(record.address);
  writer.finish();
}

Result<SessionRecord> decode_session(std::string_view value) {
  RecordReader reader(value, kVersion);
  SessionRecord record;
  const unsigned flags = reader.u8();
  reader.require((flags & ~kSessionBits) == 0);
  record.clean_start = (flags & kCleanStart) != 0;
  record.superuser = (flags & kSuperuser) != 0;
  const std::uint8_t protocol = reader.u8();
  reader.require(protocol <= static_cast<std::uint8_t>(Protocol::Internal));
  record.protocol = static_cast<Protocol>(protocol);
  record.created_at = reader.time();
  record.detached_at = reader.time();
  record.expiry_seconds = reader.u32();
  record.sent_below = reader.u64();
  record.window = reader.u16();
  record.keep_alive_seconds = reader.u16();
  record.client_id = reader.characters();
  if ((flags & kUsername) != 0) record.username = reader.characters();
  record.mountpoint = reader.characters();
  record.listener = reader.characters();
  record.address = reader.characters();
  return reader.finish(std::move(record));
}

void encode(const SubscriptionRecord& record, std::string& out) {
  const SubscriptionOptions& options = record.options;
  RecordWriter writer(out, kVersion, RecordWriter::kRoomForVarint);
  writer.u8(static_cast<unsigned>(options.qos) | flag(kNoLocal, options.no_local) |
            flag(kRetainAsPublished, options.retain_as_published) |
            (static_cast<unsigned>(options.retain_handling) << kRetainHandlingShift) |
            flag(kSubscriptionId, record.subscription_id != 0));
  if (record.subscription_id != 0) writer.varint(record.subscription_id);
  writer.finish();
}

Result<SubscriptionRecord> decode_subscription(std::string_view value) {
  RecordReader reader(value, kVersion);
  SubscriptionRecord record;
  const unsigned flags = reader.u8();
  const unsigned qos = flags & kQosMask;
  const unsigned retain_handling = (flags >> kRetainHandlingShift) & kRetainHandlingMask;
  reader.require((flags & ~kSubscriptionBits) == 0 && qos <= static_cast<unsigned>(Qos::ExactlyOnce) &&
                 retain_handling <= static_cast<unsigned>(RetainHandling::DoNotSend));
  record.options = {static_cast<Qos>(qos), (flags & kNoLocal) != 0, (flags & kRetainAsPublished) != 0,
                    static_cast<RetainHandling>(retain_handling)};
  if ((flags & kSubscriptionId) != 0) record.subscription_id = reader.present(reader.varint());
  return reader.finish(record);
}

void encode(const StoreRecord& record, std::string& out) {
  RecordWriter writer(out, kVersion, 0);
  writer.u32(record.format);
  writer.u32(record.starts);
  writer.u64(record.next_session);
  writer.u64(record.next_message);
  writer.finish();
}

Result<StoreRecord> decode_store(std::string_view value) {
  RecordReader reader(value, kVersion);
  StoreRecord record;
  record.format = reader.u32();
  record.starts = reader.u32();
  record.next_session = reader.u64();
  record.next_message = reader.u64();
  return reader.finish(record);
}

void encode_number(std::uint64_t number, std::string& out) {
  RecordWriter writer(out, kVersion, 0);
  writer.u64(number);
  writer.finish();
}

Result<std::uint64_t> decode_number(std::string_view value) {
  RecordReader reader(value, kVersion);
  const std::uint64_t number = reader.u64();
  return reader.finish(number);
}

}  // namespace sluice::storage
