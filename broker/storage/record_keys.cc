// SPDX-License-Identifier: Apache-2.0
// Numbers are big endian, so that the order of the bytes is theirs.
#include "broker/storage/record_format.h"
#include "broker/storage/record_io.h"

namespace sluice::storage {
namespace {

constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kPacketIdBytes = 2;
constexpr char kPlacesMark = 'p';

std::byte* bytes_of(std::string& key) { return reinterpret_cast<std::byte*>(key.data()); }
const std::byte* bytes_of(std::string_view key) { return as_bytes(key).data(); }

std::string number_key(std::uint64_t number, std::size_t room_behind) {
  std::string key;
  key.reserve(kNumberBytes + room_behind);
  key.resize(kNumberBytes);
  store_u64(bytes_of(key), number);
  return key;
}

}  // namespace

std::string session_key(SessionId session) { return number_key(session, 0); }

std::string subscription_key(SessionId session, std::string_view filter) {
  return number_key(session, filter.size()).append(filter);
}

std::string queue_key(SessionId session, Place place) {
  std::string key;
  queue_key(session, place, key);
  return key;
}

void queue_key(SessionId session, Place place, std::string& out) {
  out.resize(2 * kNumberBytes);
  store_u64(store_u64(bytes_of(out), session), place);
}

std::string inbound_key(SessionId session, PacketId packet_id) {
  std::string key = number_key(session, kPacketIdBytes);
  key.resize(kNumberBytes + kPacketIdBytes);
  store_u16(bytes_of(key) + kNumberBytes, packet_id);
  return key;
}

std::string message_key(MessageId message) { return number_key(message, 0); }

std::string places_key(SessionId session) { return number_key(session, 1).append(1, kPlacesMark); }

std::string gateway_key(std::string_view gateway, std::string_view key) {
  std::string whole;
  whole.reserve(gateway.size() + 1 + key.size());
  return whole.append(gateway).append(1, '\0').append(key);
}

std::string note_key(SessionId session) { return gateway_key("session", number_key(session, 0)); }

std::optional<SessionId> session_of(std::string_view key) {
  if (key.size() < kNumberBytes) return std::nullopt;
  return load_u64(bytes_of(key));
}

std::optional<Place> place_of(std::string_view key) {
  if (key.size() != 2 * kNumberBytes) return std::nullopt;
  return load_u64(bytes_of(key) + kNumberBytes);
}

std::optional<MessageId> message_of(std::string_view key) {
  if (key.size() != kNumberBytes) return std::nullopt;
  return load_u64(bytes_of(key));
}

std::optional<std::string_view> filter_of(std::string_view key) {
  if (key.size() <= kNumberBytes) return std::nullopt;
  return key.substr(kNumberBytes);
}

std::optional<PacketId> packet_id_of(std::string_view key) {
  if (key.size() != kNumberBytes + kPacketIdBytes) return std::nullopt;
  return load_u16(bytes_of(key) + kNumberBytes);
}

bool is_places_key(std::string_view key) { return key.size() == kNumberBytes + 1 && key.back() == kPlacesMark; }

}  // namespace sluice::storage
