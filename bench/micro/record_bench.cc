// SPDX-License-Identifier: Apache-2.0
// The record that a store keeps of a QoS 1 message in a queue, the message inside: encoding, decoding, its bytes
// beside topic and payload; and its key.
#include <cstddef>
#include <string>
#include <string_view>

#include <benchmark/benchmark.h>

#include "broker/storage/record_format.h"
#include "shared/bytes/byte_reader.h"

namespace {

using namespace sluice;
using namespace sluice::storage;

constexpr std::string_view kTopic = "plant/7/line/3/temperature";

MessagePtr message_of_size(benchmark::State& state) {
  const std::string payload(static_cast<std::size_t>(state.range(0)), 'x');
  MessageParts parts;
  parts.topic = kTopic;
  parts.payload = as_bytes(payload);
  parts.qos = Qos::AtLeastOnce;
  parts.timestamp = 1'700'000'000'000;
  return Message::create(parts);
}

QueueRecord record_of(const Message& message) {
  QueueRecord record;
  record.message = stored(message);
  return record;
}

void queue_encode(benchmark::State& state) {
  const MessagePtr message = message_of_size(state);
  std::string out;
  for (auto _ : state) {
    encode(record_of(*message), out);
    benchmark::DoNotOptimize(out.data());
  }
  state.counters["bytes beside it"] =
      static_cast<double>(out.size() - message->topic().size() - message->payload().size());
}
BENCHMARK(queue_encode)->Arg(64)->Arg(1024);

void queue_decode(benchmark::State& state) {
  const MessagePtr message = message_of_size(state);
  std::string value;
  encode(record_of(*message), value);
  for (auto _ : state) {
    auto record = decode_queue(value);
    benchmark::DoNotOptimize(record);
  }
}
BENCHMARK(queue_decode)->Arg(64)->Arg(1024);

void queue_key_write(benchmark::State& state) {
  std::string key;
  Place place = 0;
  for (auto _ : state) {
    queue_key(7, ++place, key);
    benchmark::DoNotOptimize(key.data());
  }
}
BENCHMARK(queue_key_write);

}  // namespace
