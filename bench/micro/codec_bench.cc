// SPDX-License-Identifier: Apache-2.0
// The data path of the MQTT codec: finding a frame, decoding a PUBLISH, writing one, acknowledging it.
#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <benchmark/benchmark.h>

#include "broker/api/message.h"
#include "broker/mqtt/codec/decode.h"
#include "broker/mqtt/codec/encode.h"
#include "broker/mqtt/codec/publish_template.h"

namespace {

using namespace sluice;
using namespace sluice::mqtt;

constexpr std::string_view kTopic = "plant/7/line/3/temperature";
constexpr std::size_t kPayload = 64;

std::vector<std::byte> publish_properties() {
  std::vector<std::byte> wire;
  PropertyBuilder(wire)
      .number(PropertyId::MessageExpiryInterval, 3600)
      .text(PropertyId::ContentType, "application/json")
      .user("unit", "celsius");
  return wire;
}

std::vector<std::byte> publish_frame(ProtocolVersion version, Qos qos, bool properties) {
  const std::string payload(kPayload, 'x');
  const std::vector<std::byte> wire = properties ? publish_properties() : std::vector<std::byte>{};
  PublishView packet;
  packet.topic = kTopic;
  packet.payload = as_bytes(payload);
  packet.qos = qos;
  packet.packet_id = qos == Qos::AtMostOnce ? 0 : 7;
  packet.properties = PropertiesView(wire);
  std::vector<std::byte> out;
  static_cast<void>(encode(packet, version, out));
  return out;
}

void bench_decode(benchmark::State& state, ProtocolVersion version, Qos qos, bool properties) {
  const std::vector<std::byte> bytes = publish_frame(version, qos, properties);
  for (auto _ : state) {
    const FrameRead read = read_frame(bytes, 65536);
    auto packet = decode_publish(read.frame, version);
    benchmark::DoNotOptimize(packet);
  }
}
BENCHMARK_CAPTURE(bench_decode, v311_qos0, ProtocolVersion::V311, Qos::AtMostOnce, false);
BENCHMARK_CAPTURE(bench_decode, v311_qos1, ProtocolVersion::V311, Qos::AtLeastOnce, false);
BENCHMARK_CAPTURE(bench_decode, v5_qos0, ProtocolVersion::V5, Qos::AtMostOnce, false);
BENCHMARK_CAPTURE(bench_decode, v5_qos1_three_properties, ProtocolVersion::V5, Qos::AtLeastOnce, true);

void bench_template(benchmark::State& state, ProtocolVersion version, Qos qos, bool properties) {
  const std::string payload(kPayload, 'x');
  std::vector<std::byte> wire;
  if (properties) PropertyBuilder(wire).text(PropertyId::ContentType, "application/json").user("unit", "celsius");
  MessageParts parts;
  parts.topic = kTopic;
  parts.payload = as_bytes(payload);
  parts.properties = wire;
  const MessagePtr message = Message::create(parts);
  PublishOptions options{.version = version, .qos = qos};
  if (properties) options.expiry_seconds = 3600;
  std::array<std::byte, 512> out;
  PacketId packet_id = 0;
  for (auto _ : state) {
    options.packet_id = ++packet_id;
    const PublishTemplate publish(*message, options);
    if (!publish.fits(65536)) state.SkipWithError("too large");
    benchmark::DoNotOptimize(publish.write(out));
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(bench_template, v311_qos0, ProtocolVersion::V311, Qos::AtMostOnce, false);
BENCHMARK_CAPTURE(bench_template, v311_qos1, ProtocolVersion::V311, Qos::AtLeastOnce, false);
BENCHMARK_CAPTURE(bench_template, v5_qos0, ProtocolVersion::V5, Qos::AtMostOnce, false);
BENCHMARK_CAPTURE(bench_template, v5_qos1_three_properties, ProtocolVersion::V5, Qos::AtLeastOnce, true);

void bench_decode_ack(benchmark::State& state) {
  const auto bytes = short_ack(PacketType::Puback, 77);
  for (auto _ : state) {
    auto ack = decode_ack(read_frame(bytes, 65536).frame, ProtocolVersion::V5);
    benchmark::DoNotOptimize(ack);
  }
}
BENCHMARK(bench_decode_ack);

}  // namespace
