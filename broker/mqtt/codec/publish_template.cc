// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/codec/publish_template.h"

#include "broker/mqtt/codec/property_table.h"
#include "shared/bytes/byte_writer.h"

namespace sluice::mqtt {
namespace {

constexpr std::uint8_t id_byte(PropertyId id) { return static_cast<std::uint8_t>(id); }

std::size_t size_of_properties(const Message& message, const PublishOptions& options) {
  std::size_t size = message.properties().size();
  if (options.expiry_seconds) size += 5;
  if (options.topic_alias != 0) size += 3;
  for (const std::uint32_t id : options.subscription_ids) size += 1 + varint_size(id);
  return size;
}

}  // namespace

PublishTemplate::PublishTemplate(const Message& message, const PublishOptions& options)
    : message_(message), options_(options) {
  std::size_t variable = options.omit_topic ? 2 : message.encoded_topic().size();
  if (options.qos != Qos::AtMostOnce) variable += 2;
  if (options.version == ProtocolVersion::V5) {
    const std::size_t properties = size_of_properties(message, options);
    // A size beyond kMaxVarint makes fits() false; its length field is never written.
    properties_size_ = static_cast<std::uint32_t>(properties);
    variable += (properties > kMaxVarint ? 4 : varint_size(properties_size_)) + properties;
  }
  remaining_ = variable + message.payload().size();
  prefix_size_ = 1 + (remaining_ > kMaxVarint ? 4 : varint_size(static_cast<std::uint32_t>(remaining_))) + variable;
}

bool PublishTemplate::fits(std::size_t maximum) const { return remaining_ <= kMaxVarint && size() <= maximum; }

std::size_t PublishTemplate::write_prefix(std::span<std::byte> out) const {
  std::byte* end = write_topic_to_properties(write_header(out.data()));
  return static_cast<std::size_t>(end - out.data());
}

std::size_t PublishTemplate::write(std::span<std::byte> out) const {
  std::byte* at = write_header(out.data());
  if (options_.version != ProtocolVersion::V5 && options_.qos == Qos::AtMostOnce) {
    at = store_bytes(at, message_.encoded_topic_and_payload());
  } else {
    at = store_bytes(write_topic_to_properties(at), message_.payload());
  }
  return static_cast<std::size_t>(at - out.data());
}

std::byte* PublishTemplate::write_header(std::byte* at) const {
  const unsigned flags =
      (static_cast<unsigned>(options_.qos) << 1U) | (options_.retain ? 1U : 0U) | (options_.dup ? 8U : 0U);
  at = store_u8(at, static_cast<std::uint8_t>((static_cast<unsigned>(PacketType::Publish) << 4U) | flags));
  return store_varint(at, static_cast<std::uint32_t>(remaining_));
}

std::byte* PublishTemplate::write_topic_to_properties(std::byte* at) const {
  at = options_.omit_topic ? store_u16(at, 0) : store_bytes(at, message_.encoded_topic());
  if (options_.qos != Qos::AtMostOnce) at = store_u16(at, options_.packet_id);
  return options_.version == ProtocolVersion::V5 ? write_properties(at) : at;
}

std::byte* PublishTemplate::write_properties(std::byte* at) const {
  at = store_varint(at, properties_size_);
  if (options_.expiry_seconds) {
    at = store_u32(store_u8(at, id_byte(PropertyId::MessageExpiryInterval)), *options_.expiry_seconds);
  }
  if (options_.topic_alias != 0) {
    at = store_u16(store_u8(at, id_byte(PropertyId::TopicAlias)), options_.topic_alias);
  }
  for (const std::uint32_t id : options_.subscription_ids) {
    at = store_varint(store_u8(at, id_byte(PropertyId::SubscriptionIdentifier)), id);
  }
  return store_bytes(at, message_.properties());
}

}  // namespace sluice::mqtt
