// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include <boost/smart_ptr/intrusive_ptr.hpp>

#include "broker/api/types.h"
#include "shared/base/clock.h"

namespace sluice {

class Message;
using MessagePtr = boost::intrusive_ptr<const Message>;

/// What a message is made of; the views need to live only until Message::create returns.
struct MessageParts {
  std::string_view topic;
  std::span<const std::byte> payload;
  /// MQTT 5 properties to forward, in wire form [MQTT5 2.2.2]: payload format indicator, content type, response
  /// topic, correlation data and user properties only, in the publisher's order.
  std::span<const std::byte> properties;
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  SessionRef publisher;       ///< nobody for messages that the broker makes
  UnixMillis timestamp = 0;   ///< when it came in
  UnixMillis expires_at = 0;  ///< 0: never
};

/// An application message: immutable, in one memory block, counted, shared by every subscriber and queue.
/// Thread safety: may be shared between threads.
class Message {
 public:
  /// Requires: topic at most 65,535 bytes, properties and payload below 256 MiB.
  static MessagePtr create(const MessageParts& parts);
  /// The same message under another topic, QoS or retain flag (mount points, rewrites, wills).
  [[nodiscard]] MessageParts parts() const;

  [[nodiscard]] std::string_view topic() const { return {data() + 2, topic_size_}; }
  [[nodiscard]] std::span<const std::byte> payload() const { return {bytes() + 2 + topic_size_, payload_size_}; }
  [[nodiscard]] std::span<const std::byte> properties() const {
    return {bytes() + 2 + topic_size_ + payload_size_, properties_size_};
  }
  /// The topic with its two-byte length, as MQTT encodes it.
  [[nodiscard]] std::span<const std::byte> encoded_topic() const { return {bytes(), 2U + topic_size_}; }
  /// encoded_topic() and payload() as they lie behind one another: the variable part of an MQTT 3 QoS 0 PUBLISH.
  [[nodiscard]] std::span<const std::byte> encoded_topic_and_payload() const {
    return {bytes(), 2U + topic_size_ + payload_size_};
  }
  [[nodiscard]] Qos qos() const { return qos_; }
  [[nodiscard]] bool retain() const { return retain_; }
  [[nodiscard]] SessionRef publisher() const { return publisher_; }
  [[nodiscard]] UnixMillis timestamp() const { return timestamp_; }
  [[nodiscard]] UnixMillis expires_at() const { return expires_at_; }
  [[nodiscard]] bool expired(UnixMillis now) const { return expires_at_ != 0 && now >= expires_at_; }
  /// Bytes of memory that the message holds.
  [[nodiscard]] std::size_t footprint() const {
    return sizeof(Message) + 2U + topic_size_ + payload_size_ + properties_size_;
  }

 private:
  explicit Message(const MessageParts& parts);
  ~Message() = default;
  static void destroy(const Message* message);

  friend void intrusive_ptr_add_ref(const Message* message) noexcept {
    message->references_.fetch_add(1, std::memory_order_relaxed);
  }
  friend void intrusive_ptr_release(const Message* message) noexcept {
    // The last owner needs no read-modify-write: nobody else can revive the count.
    if (message->references_.load(std::memory_order_acquire) == 1 ||
        message->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
      destroy(message);
    }
  }

  [[nodiscard]] const char* data() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] const std::byte* bytes() const { return reinterpret_cast<const std::byte*>(this + 1); }

  mutable std::atomic<std::uint32_t> references_{0};
  std::uint32_t payload_size_;
  std::uint32_t properties_size_;
  std::uint16_t topic_size_;
  Qos qos_;
  bool retain_;
  SessionRef publisher_;
  UnixMillis timestamp_;
  UnixMillis expires_at_;
  // Behind the object: topic length (2 bytes, big endian), topic, payload, properties.
};

}  // namespace sluice
