// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include <boost/system/error_category.hpp>

#include "broker/api/message.h"
#include "broker/api/types.h"
#include "shared/base/clock.h"
#include "shared/base/result.h"

/// Values and keys as they lie on disk (FORMAT.md): pure functions, no store, no clock.
/// Every value begins with its version and ends with a checksum; decoding refuses what is truncated, flipped, longer
/// than it should be, or of a version that it does not know (RecordErrc says which).
namespace sluice::storage {

enum class RecordErrc : std::uint8_t {
  Truncated = 1,   ///< ends inside a field
  BadChecksum,     ///< not what was written
  UnknownVersion,  ///< most likely of a later version; what follows was not looked at
  Malformed,       ///< whole, but not what this version would write
};
[[nodiscard]] const boost::system::error_category& record_category();
[[nodiscard]] ErrorCode make_error_code(RecordErrc code);

/// Names a session on disk; never used again. Keys begin with it, big endian, so that a session's records lie together.
using SessionId = std::uint64_t;
/// Where a message stands in its session's queue. Runs upwards; gives the packet id.
using Place = std::uint64_t;
using MessageId = std::uint64_t;

struct SessionRecord {
  std::string client_id;
  std::optional<std::string> username;
  std::string mountpoint;
  std::string listener;  ///< its name
  std::string address;   ///< of the client, "192.0.2.1:1883"; empty: unknown
  UnixMillis created_at = 0;
  UnixMillis detached_at = 0;  ///< 0: a client is connected
  std::uint32_t expiry_seconds = 0;
  Place sent_below = 0;      ///< while detached: what is left below this place may have been sent already
  std::uint16_t window = 0;  ///< messages that may have been sent and not acknowledged
  std::uint16_t keep_alive_seconds = 0;
  Protocol protocol = Protocol::Mqtt5;
  bool clean_start = false;
  bool superuser = false;
};

struct SubscriptionRecord {
  SubscriptionOptions options;
  std::uint32_t subscription_id = 0;
};

/// What of a message is kept; the views point into the decoded bytes.
struct StoredMessage {
  std::string_view topic;
  std::span<const std::byte> payload;
  std::span<const std::byte> properties;
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  UnixMillis timestamp = 0;
  UnixMillis expires_at = 0;  ///< 0: never
};

struct QueueRecord {
  enum class Stage : std::uint8_t {
    Queued,    ///< waits, or was sent and is not acknowledged
    Released,  ///< QoS 2: PUBREC came, PUBCOMP has not; there is no message any more
  };
  Stage stage = Stage::Queued;
  Qos qos = Qos::AtLeastOnce;  ///< of the delivery
  bool retain = false;         ///< "
  std::vector<std::uint32_t> subscription_ids;
  std::string_view group;    ///< "$share/g/filter" if it came through a shared subscription
  MessageId message_id = 0;  ///< of a message in Table::Messages; 0: `message` is set, or it is Released
  std::optional<StoredMessage> message;
};

struct WillRecord {
  std::string topic;  ///< as the client wrote it, not mounted
  std::vector<std::byte> payload;
  std::vector<std::byte> properties;
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  std::uint32_t delay_seconds = 0;
  std::optional<std::uint32_t> expiry_seconds;
  UnixMillis due_at = 0;  ///< 0: its client is connected
};

struct RetainedRecord {
  StoredMessage message;
  UnixMillis expires_at = 0;  ///< 0: never
};

/// Of the whole store.
struct StoreRecord {
  std::uint32_t format = 0;
  std::uint32_t starts = 0;    ///< how often a server has opened it
  SessionId next_session = 0;  ///< every id below it may have been used
  MessageId next_message = 0;  ///< "
};

/// The highest format that this version reads and the one that it writes.
inline constexpr std::uint32_t kFormat = 1;

// Keys.
/// Of the StoreRecord, in Table::Meta.
inline constexpr std::string_view kStoreKey = "store";
std::string session_key(SessionId session);
std::string subscription_key(SessionId session, std::string_view filter);
std::string queue_key(SessionId session, Place place);
/// The same for the message path: replaces what is in `out`, whose memory is used again.
void queue_key(SessionId session, Place place, std::string& out);
std::string inbound_key(SessionId session, PacketId packet_id);
std::string message_key(MessageId message);
/// Under Table::Sessions, beside the session's own: the place from which on none was given out.
std::string places_key(SessionId session);
/// Requires: no '\0' in `gateway`. With an empty `key` it is what all keys of that gateway begin with.
std::string gateway_key(std::string_view gateway, std::string_view key);
/// Among the gateways' values: what a front end keeps with a session.
std::string note_key(SessionId session);
/// Of every key that begins with a session. nullopt, here and below: no such key.
std::optional<SessionId> session_of(std::string_view key);
/// Of a queue_key.
std::optional<Place> place_of(std::string_view key);
/// Of a message_key.
std::optional<MessageId> message_of(std::string_view key);
/// Of a subscription_key: its filter.
std::optional<std::string_view> filter_of(std::string_view key);
/// Of an inbound_key.
std::optional<PacketId> packet_id_of(std::string_view key);
/// True: a places_key.
bool is_places_key(std::string_view key);

// Values: encode… replaces what is in `out`, whose memory is used again; no view of the record may point into it.
// Requires: topics at most 65,535 bytes, other texts, payloads, properties and subscription ids at most kMaxVarint;
// a QueueRecord that is Queued has a message or a message id, and one that is Released neither.
// A value has one form: what decodes encodes to the same bytes.
void encode(const SessionRecord& record, std::string& out);
void encode(const SubscriptionRecord& record, std::string& out);
void encode(const QueueRecord& record, std::string& out);
void encode(const StoredMessage& record, std::string& out);
void encode(const WillRecord& record, std::string& out);
void encode(const RetainedRecord& record, std::string& out);
void encode(const StoreRecord& record, std::string& out);
/// For values that are one number: places, the time of a QoS 2 message, batch numbers.
void encode_number(std::uint64_t number, std::string& out);

Result<SessionRecord> decode_session(std::string_view value);
Result<SubscriptionRecord> decode_subscription(std::string_view value);
Result<QueueRecord> decode_queue(std::string_view value);
Result<StoredMessage> decode_message(std::string_view value);
Result<WillRecord> decode_will(std::string_view value);
Result<RetainedRecord> decode_retained(std::string_view value);
Result<StoreRecord> decode_store(std::string_view value);
Result<std::uint64_t> decode_number(std::string_view value);

/// The views of a message, as its block wants them.
StoredMessage stored(const Message& message);
MessageParts parts_of(const StoredMessage& message);

}  // namespace sluice::storage

template <>
struct boost::system::is_error_code_enum<sluice::storage::RecordErrc> : std::true_type {};
