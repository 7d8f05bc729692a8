// SPDX-License-Identifier: Apache-2.0
// A kind of record (first byte) and a value of that kind without its checksum: as it is, it is damage; with the
// checksum that belongs to it, it is refused for another reason or has this one form. And keys.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "broker/storage/record_format.h"
#include "broker/storage/record_io.h"

namespace {

using namespace sluice;
using namespace sluice::storage;

void require(bool condition) {
  if (!condition) std::abort();
}

/// What others rely on without looking again.
void check(const StoredMessage& message) {
  require(message.topic.size() <= 0xFFFF && message.qos <= Qos::ExactlyOnce);
  const MessagePtr block = Message::create(parts_of(message));
  require(as_text(stored(*block).payload) == as_text(message.payload));
}
void check(const RetainedRecord& record) { check(record.message); }
void check(const QueueRecord& record) {
  const bool released = record.stage == QueueRecord::Stage::Released;
  require(record.qos <= Qos::ExactlyOnce && (!released || record.qos == Qos::ExactlyOnce));
  require((record.message_id != 0 ? 1 : 0) + (record.message ? 1 : 0) == (released ? 0 : 1));
  require(std::all_of(record.subscription_ids.begin(), record.subscription_ids.end(),
                      [](std::uint32_t id) { return id <= kMaxVarint; }));
  if (record.message) check(*record.message);
}
void check(const WillRecord& record) { require(record.topic.size() <= 0xFFFF && record.qos <= Qos::ExactlyOnce); }
void check(const SessionRecord& record) { require(record.protocol <= Protocol::Internal); }
void check(const SubscriptionRecord& record) {
  require(record.options.qos <= Qos::ExactlyOnce && record.options.retain_handling <= RetainHandling::DoNotSend);
}
void check(const StoreRecord& /*record*/) {}
void check(std::uint64_t /*number*/) {}

void encode(std::uint64_t number, std::string& out) { encode_number(number, out); }

template <class Record>
void run(Result<Record> (*decode)(std::string_view), std::string_view value, bool sealed) {
  const Result<Record> record = decode(value);
  if (!record) {
    require(record.error().category() == record_category());
    require(!sealed || record.error() != RecordErrc::BadChecksum);
    return;
  }
  check(*record);
  std::string out = "what was there before";
  encode(*record, out);
  require(out == value);
  require(decode(out).has_value());
}

void run(unsigned kind, std::string_view value, bool sealed) {
  switch (kind % 8) {
    case 0:
      return run(&decode_session, value, sealed);
    case 1:
      return run(&decode_subscription, value, sealed);
    case 2:
      return run(&decode_queue, value, sealed);
    case 3:
      return run(&decode_message, value, sealed);
    case 4:
      return run(&decode_will, value, sealed);
    case 5:
      return run(&decode_retained, value, sealed);
    case 6:
      return run(&decode_store, value, sealed);
    default:
      return run(&decode_number, value, sealed);
  }
}

void check_key(std::string_view key) {
  const auto session = session_of(key);
  if (!session) {
    require(!place_of(key) && !packet_id_of(key) && !filter_of(key) && !message_of(key) && !is_places_key(key));
    return;
  }
  if (const auto place = place_of(key)) require(queue_key(*session, *place) == key);
  if (const auto packet_id = packet_id_of(key)) require(inbound_key(*session, *packet_id) == key);
  if (const auto filter = filter_of(key)) require(subscription_key(*session, *filter) == key);
  if (const auto message = message_of(key)) require(message_key(*message) == key && session_key(*session) == key);
  if (is_places_key(key)) require(places_key(*session) == key);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // A block of its own, so that a read beyond the value is seen.
  std::vector<char> value(data + 1, data + size);
  check_key({value.data(), value.size()});
  run(data[0], {value.data(), value.size()}, false);

  std::byte sum[kChecksumBytes];
  store_u32(sum, record_checksum(std::as_bytes(std::span(value))));
  const std::string_view checksum = as_text(sum);
  value.insert(value.end(), checksum.begin(), checksum.end());
  value.shrink_to_fit();
  run(data[0], {value.data(), value.size()}, true);
  return 0;
}
