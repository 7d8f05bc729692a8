// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "broker/api/message.h"
#include "broker/mqtt/codec/packet.h"

namespace sluice::mqtt {

/// How one subscriber is to get a message.
struct PublishOptions {
  ProtocolVersion version = ProtocolVersion::V311;
  Qos qos = Qos::AtMostOnce;
  bool retain = false;
  bool dup = false;
  PacketId packet_id = 0;  ///< QoS 1 and 2 only
  // From here on 5.0 only.
  bool omit_topic = false;                        ///< the alias is known to the client: send it instead of the topic
  std::uint16_t topic_alias = 0;                  ///< 0: none
  std::optional<std::uint32_t> expiry_seconds{};  ///< what is left of the interval [MQTT-3.3.2-6]
  std::span<const std::uint32_t> subscription_ids{};  ///< each 1…268,435,455; must live as long as the template
};

/// The PUBLISH packet that carries `message` to subscribers with the same options: its size is known before a byte is
/// written, and it is written without an allocation. Subscribers that differ only in packet id, DUP or RETAIN share it.
/// Owner: the stack of whoever delivers; `message` must outlive it. Thread: the caller's.
class PublishTemplate {
 public:
  PublishTemplate(const Message& message, const PublishOptions& options);

  /// Bytes of the whole packet: to be compared with the client's Maximum Packet Size [MQTT-3.1.2-24].
  [[nodiscard]] std::size_t size() const { return prefix_size_ + message_.payload().size(); }
  /// False if the packet is larger than `maximum` or than any MQTT packet can be: then it must not be written.
  [[nodiscard]] bool fits(std::size_t maximum) const;

  /// Fixed header, topic, packet id and properties: everything before the payload.
  [[nodiscard]] std::size_t prefix_size() const { return prefix_size_; }
  [[nodiscard]] std::span<const std::byte> payload() const { return message_.payload(); }

  /// Writes the prefix, for a caller that sends the payload from where it lies. Requires: fits(), and
  /// out.size() >= prefix_size(). Returns prefix_size().
  std::size_t write_prefix(std::span<std::byte> out) const;
  /// Writes the whole packet. Requires: fits(), and out.size() >= size(). Returns size().
  std::size_t write(std::span<std::byte> out) const;

  void set_packet_id(PacketId packet_id) { options_.packet_id = packet_id; }
  void set_dup(bool dup) { options_.dup = dup; }
  void set_retain(bool retain) { options_.retain = retain; }

 private:
  [[nodiscard]] std::byte* write_header(std::byte* at) const;
  [[nodiscard]] std::byte* write_topic_to_properties(std::byte* at) const;
  [[nodiscard]] std::byte* write_properties(std::byte* at) const;

  const Message& message_;
  PublishOptions options_;
  std::uint32_t properties_size_ = 0;
  std::size_t remaining_ = 0;  ///< Remaining Length [MQTT5 2.1.4]
  std::size_t prefix_size_ = 0;
};

}  // namespace sluice::mqtt
