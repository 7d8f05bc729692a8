// SPDX-License-Identifier: Apache-2.0
#include "broker/api/message.h"

#include <cstring>
#include <new>

namespace sluice {

Message::Message(const MessageParts& parts)
    : payload_size_(static_cast<std::uint32_t>(parts.payload.size())),
      properties_size_(static_cast<std::uint32_t>(parts.properties.size())),
      topic_size_(static_cast<std::uint16_t>(parts.topic.size())),
      qos_(parts.qos),
      retain_(parts.retain),
      publisher_(parts.publisher),
      timestamp_(parts.timestamp),
      expires_at_(parts.expires_at) {}

MessagePtr Message::create(const MessageParts& parts) {
  const std::size_t tail = 2 + parts.topic.size() + parts.payload.size() + parts.properties.size();
  auto* const message = ::new (::operator new(sizeof(Message) + tail)) Message(parts);
  auto* at = reinterpret_cast<std::byte*>(message + 1);
  *at++ = static_cast<std::byte>(parts.topic.size() >> 8U);
  *at++ = static_cast<std::byte>(parts.topic.size() & 0xFFU);
  const auto append = [&at](const void* data, std::size_t size) {
    if (size > 0) std::memcpy(at, data, size);
    at += size;
  };
  append(parts.topic.data(), parts.topic.size());
  append(parts.payload.data(), parts.payload.size());
  append(parts.properties.data(), parts.properties.size());
  return MessagePtr(message);
}

MessageParts Message::parts() const {
  return {topic(), payload(), properties(), qos_, retain_, publisher_, timestamp_, expires_at_};
}

void Message::destroy(const Message* message) {
  message->~Message();
  ::operator delete(const_cast<Message*>(message));
}

}  // namespace sluice
