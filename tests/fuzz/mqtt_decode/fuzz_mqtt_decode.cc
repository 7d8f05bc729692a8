// SPDX-License-Identifier: Apache-2.0
// A stream of bytes through the frame reader; every frame in it decoded as 3.1, 3.1.1 and 5.0. What decodes must
// encode, what was encoded must decode, and encoding it again must give the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"
#include "broker/mqtt/codec/error.h"
#include "shared/bytes/utf8.h"

namespace {

using namespace sluice;
using namespace sluice::mqtt;

void require(bool condition) {
  if (!condition) std::abort();
}

std::vector<std::byte> encode_or_abort(const Packet& packet, ProtocolVersion version) {
  std::vector<std::byte> out;
  require(!encode(packet, version, out).failed());
  return out;
}

bool same(std::span<const std::byte> a, std::span<const std::byte> b) { return as_text(a) == as_text(b); }

/// Everything in a PUBLISH that others rely on without looking again.
void check_publish(const PublishView& packet, ProtocolVersion version) {
  require((packet.packet_id == 0) == (packet.qos == Qos::AtMostOnce));
  require(check_text(packet.topic) == TextStatus::Ok);
  require(packet.topic.find_first_of("+#") == std::string_view::npos);
  require(!packet.topic.empty() || packet.message.topic_alias != 0);
  std::vector<std::byte> scratch;
  const auto travelling = forwardable(packet.message, packet.properties, scratch);
  MessageProperties again;
  require(read_message_properties(travelling, kInPublish, again) == Errc::Ok);
  require(again.forwardable_in_one_piece && same(again.forwardable, travelling));
  require(again.topic_alias == 0 && !again.expiry_seconds && !again.has_subscription_ids);
  require(version == ProtocolVersion::V5 || packet.properties.empty());
}

void check_lists(const Packet& packet) {
  if (const auto* subscribe = std::get_if<SubscribePacket>(&packet)) {
    require(subscribe->packet_id != 0 && subscribe->subscriptions.count() > 0);
    for (const Subscription& subscription : subscribe->subscriptions) {
      require(!subscription.filter.empty() && subscription.options.qos <= Qos::ExactlyOnce);
    }
  }
  if (const auto* unsubscribe = std::get_if<UnsubscribePacket>(&packet)) {
    require(unsubscribe->packet_id != 0 && unsubscribe->filters.count() > 0);
  }
}

/// 3.1 forgives much that encoding does not repeat; elsewhere only a Success or empty properties may be left out.
bool has_one_form(const Frame& frame, ProtocolVersion version) {
  const PacketType type = frame.type();
  const bool short_forms = type == PacketType::Puback || type == PacketType::Pubrec || type == PacketType::Pubrel ||
                           type == PacketType::Pubcomp || type == PacketType::Disconnect || type == PacketType::Auth;
  return version == ProtocolVersion::V311 || (version == ProtocolVersion::V5 && !short_forms);
}

void check_frame(const Frame& frame, ProtocolVersion version) {
  const auto decoded = decode(frame, version);
  if (!decoded) {
    require(&decoded.error().category() == &mqtt_category());
    require(is_error(reason_of(decoded.error())) && !clause_of(decoded.error()).empty());
    return;
  }
  require(packet_type(*decoded) == frame.type());
  check_lists(*decoded);
  if (const auto* publish = std::get_if<PublishView>(&*decoded)) check_publish(*publish, version);
  const auto* connect = std::get_if<ConnectPacket>(&*decoded);
  const ProtocolVersion own = connect != nullptr ? connect->version : version;

  const std::vector<std::byte> first = encode_or_abort(*decoded, own);
  const FrameRead read = read_frame(first, first.size());
  require(read.status == FrameStatus::Whole && read.size == first.size());
  if (has_one_form(frame, own)) require(read.frame.first_byte == frame.first_byte && same(read.frame.body, frame.body));
  const auto again = decode(read.frame, own);
  require(again.has_value() && again->index() == decoded->index());
  require(same(encode_or_abort(*again, own), first));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxPacketSize = 64 * 1024;
  FrameReader reader(std::as_bytes(std::span(data, size)), kMaxPacketSize);
  FrameRead read;
  while ((read = reader.next()).status == FrameStatus::Whole) {
    // A block of its own, so that a read beyond the frame is seen.
    const std::vector<std::byte> body(read.frame.body.begin(), read.frame.body.end());
    for (const ProtocolVersion version : {ProtocolVersion::V31, ProtocolVersion::V311, ProtocolVersion::V5}) {
      check_frame({read.frame.first_byte, body}, version);
    }
  }
  require((read.error == Errc::Ok) == (read.status == FrameStatus::Incomplete));
  return 0;
}
