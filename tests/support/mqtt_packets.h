// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Packets as a test writes them. Written apart from the broker's codec, so that a fault there cannot hide here; able
/// to write what no client should. Every builder ends in `bytes(version)` (3, 4 or 5).
namespace sluice::test {

using Bytes = std::string;

enum class Type : std::uint8_t {
  Connect = 1,
  ConnAck,
  Publish,
  PubAck,
  PubRec,
  PubRel,
  PubComp,
  Subscribe,
  SubAck,
  Unsubscribe,
  UnsubAck,
  PingReq,
  PingResp,
  Disconnect,
  Auth,
};
[[nodiscard]] std::string_view type_name(Type type);

/// MQTT 5 property identifiers [MQTT5 2.2.2.2].
enum class Prop : std::uint8_t {
  PayloadFormat = 0x01,
  MessageExpiry = 0x02,
  ContentType = 0x03,
  ResponseTopic = 0x08,
  CorrelationData = 0x09,
  SubscriptionId = 0x0B,
  SessionExpiry = 0x11,
  AssignedClientId = 0x12,
  ServerKeepAlive = 0x13,
  AuthMethod = 0x15,
  AuthData = 0x16,
  RequestProblem = 0x17,
  WillDelay = 0x18,
  RequestResponse = 0x19,
  ResponseInfo = 0x1A,
  ServerReference = 0x1C,
  ReasonString = 0x1F,
  ReceiveMaximum = 0x21,
  TopicAliasMaximum = 0x22,
  TopicAlias = 0x23,
  MaximumQos = 0x24,
  RetainAvailable = 0x25,
  UserProperty = 0x26,
  MaximumPacketSize = 0x27,
  WildcardAvailable = 0x28,
  SubscriptionIdAvailable = 0x29,
  SharedAvailable = 0x2A,
};

enum class PropKind : std::uint8_t { Byte, TwoBytes, FourBytes, VarInt, Text, Binary, Pair };
/// nullopt for an identifier that the specification does not define.
[[nodiscard]] std::optional<PropKind> prop_kind(std::uint8_t id);

[[nodiscard]] Bytes u8(unsigned value);
[[nodiscard]] Bytes u16(unsigned value);
[[nodiscard]] Bytes u32(std::uint32_t value);
[[nodiscard]] Bytes varint(std::uint32_t value);
/// A string or binary field with its two-byte length; the content is not checked.
[[nodiscard]] Bytes field(std::string_view content);
/// Fixed header (type and flags, remaining length) and body.
[[nodiscard]] Bytes packet(Type type, unsigned flags, std::string_view body);
/// Space-separated hexadecimal, for messages.
[[nodiscard]] std::string hex(std::string_view bytes);

/// A property list; width and form of each value follow from its identifier.
class Props {
 public:
  Props& with(Prop id, std::uint32_t number);
  Props& with(Prop id, std::string_view content);
  Props& user(std::string_view name, std::string_view value);
  Props& raw(std::string_view bytes);
  /// With the leading property length.
  [[nodiscard]] Bytes bytes() const { return varint(static_cast<std::uint32_t>(body_.size())) + body_; }

 private:
  Bytes body_;
};

struct Will {
  Bytes topic;
  Bytes payload;
  unsigned qos = 0;
  bool retain = false;
  Props props{};
};

class Connect {
 public:
  Connect& id(std::string_view value) {
    id_ = value;
    return *this;
  }
  Connect& clean(bool value) {
    clean_ = value;
    return *this;
  }
  Connect& keep_alive(unsigned seconds) {
    keep_alive_ = seconds;
    return *this;
  }
  Connect& will(Will value) {
    will_ = std::move(value);
    return *this;
  }
  Connect& user(std::string_view value) {
    user_ = value;
    return *this;
  }
  Connect& password(std::string_view value) {
    password_ = value;
    return *this;
  }
  Connect& props(Props value) {
    props_ = std::move(value);
    return *this;
  }
  Connect& with(Prop property, std::uint32_t number) {
    props_.with(property, number);
    return *this;
  }
  Connect& with(Prop property, std::string_view content) {
    props_.with(property, content);
    return *this;
  }
  /// Replaces the protocol name and level.
  Connect& protocol(std::string_view name, unsigned level) {
    protocol_ = {name, level};
    return *this;
  }
  /// Changes bits of the connect flags without changing the payload.
  Connect& flip_flags(unsigned bits) {
    flipped_ = bits;
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  Bytes id_;
  bool clean_ = true;
  unsigned keep_alive_ = 60;
  unsigned flipped_ = 0;
  std::optional<Will> will_;
  std::optional<Bytes> user_;
  std::optional<Bytes> password_;
  std::optional<std::pair<std::string_view, unsigned>> protocol_;
  Props props_;
};

class Publish {
 public:
  explicit Publish(std::string_view topic = {}, std::string_view payload = {}) : topic_(topic), payload_(payload) {}
  Publish& qos(unsigned value, unsigned packet_id) {
    qos_ = value;
    packet_id_ = packet_id;
    return *this;
  }
  Publish& retain(bool value = true) {
    retain_ = value;
    return *this;
  }
  Publish& dup(bool value = true) {
    dup_ = value;
    return *this;
  }
  Publish& props(Props value) {
    props_ = std::move(value);
    return *this;
  }
  Publish& with(Prop property, std::uint32_t number) {
    props_.with(property, number);
    return *this;
  }
  Publish& with(Prop property, std::string_view content) {
    props_.with(property, content);
    return *this;
  }
  Publish& user(std::string_view name, std::string_view value) {
    props_.user(name, value);
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  Bytes topic_;
  Bytes payload_;
  unsigned qos_ = 0;
  unsigned packet_id_ = 0;
  bool retain_ = false;
  bool dup_ = false;
  Props props_;
};

/// Subscription options: QoS, and for MQTT 5 No Local, Retain As Published and Retain Handling.
inline constexpr unsigned kNoLocal = 0x04;
inline constexpr unsigned kRetainAsPublished = 0x08;
inline constexpr unsigned kRetainIfNew = 0x10;
inline constexpr unsigned kNoRetained = 0x20;

class Subscribe {
 public:
  explicit Subscribe(unsigned packet_id) : packet_id_(packet_id) {}
  Subscribe& filter(std::string_view filter, unsigned options = 0) {
    entries_ += field(filter) + u8(options);
    return *this;
  }
  Subscribe& with(Prop property, std::uint32_t number) {
    props_.with(property, number);
    return *this;
  }
  Subscribe& user(std::string_view name, std::string_view value) {
    props_.user(name, value);
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  unsigned packet_id_;
  Bytes entries_;
  Props props_;
};

class Unsubscribe {
 public:
  explicit Unsubscribe(unsigned packet_id) : packet_id_(packet_id) {}
  Unsubscribe& filter(std::string_view filter) {
    entries_ += field(filter);
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  unsigned packet_id_;
  Bytes entries_;
};

/// PUBACK, PUBREC, PUBREL, PUBCOMP: short where reason and properties need not be written.
class Ack {
 public:
  Ack(Type type, unsigned packet_id, unsigned reason = 0) : type_(type), packet_id_(packet_id), reason_(reason) {}
  Ack& props(Props value) {
    props_ = std::move(value);
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  Type type_;
  unsigned packet_id_;
  unsigned reason_;
  std::optional<Props> props_;
};

class Disconnect {
 public:
  explicit Disconnect(unsigned reason = 0) : reason_(reason) {}
  Disconnect& with(Prop property, std::uint32_t number);
  Disconnect& with(Prop property, std::string_view content);
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  unsigned reason_;
  std::optional<Props> props_;
};

class Auth {
 public:
  explicit Auth(unsigned reason) : reason_(reason) {}
  Auth& with(Prop property, std::string_view content) {
    props_.with(property, content);
    return *this;
  }
  [[nodiscard]] Bytes bytes(int version) const;

 private:
  unsigned reason_;
  Props props_;
};

}  // namespace sluice::test
