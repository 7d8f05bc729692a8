// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/subscriber.h"

#include <utility>

#include "bench/sluice_bench/stamp.h"

namespace sluice::bench {

Subscriber::Subscriber(Engine& engine, std::string id, std::string filter, OrderCheck order, std::span<Flow> flows)
    : Client(engine, std::move(id)), filter_(std::move(filter)), order_(std::move(order)), flows_(flows) {}

void Subscriber::on_up() {
  Bytes packet;
  encode_subscribe(version(), 1, std::span(&filter_, 1), engine().settings().load.qos, packet);
  append(packet);
}

void Subscriber::on_suback(const Frame& frame) {
  if (count_refused(frame, version()) > 0) {
    fail("the server refused to subscribe " + filter_);
    return;
  }
  engine().stats().subscribed.add();
  engine().stats().ready.add();
}

void Subscriber::on_frame(const Frame& frame) {
  switch (frame.type) {
    case PacketType::Publish:
      on_publish(frame);
      return;
    case PacketType::Pubrel:
      append(encode_ack(PacketType::Pubcomp, decode_id(frame)));
      return;
    case PacketType::Suback:
      on_suback(frame);
      return;
    default:
      return;
  }
}

void Subscriber::on_publish(const Frame& frame) {
  PublishFields publish;
  if (!decode_publish(frame, version(), publish)) {
    order_.reject();
    return;
  }
  if (publish.qos == 1) append(encode_ack(PacketType::Puback, publish.id));
  if (publish.qos == 2) append(encode_ack(PacketType::Pubrec, publish.id));
  engine().stats().delivered.add();
  engine().stats().bytes.add(publish.payload.size());
  check(publish.payload);
}

void Subscriber::check(ByteView payload) {
  Stamp stamp;
  if (flows_.empty()) return;
  if (!read_stamp(payload, stamp) || stamp.publisher >= flows_.size()) {
    order_.reject();
    return;
  }
  const std::uint64_t missing = order_.accept(stamp.publisher, stamp.sequence);
  flows_[stamp.publisher].delivered.fetch_add(1 + missing, std::memory_order_relaxed);
  if (engine().measuring) engine().latency.record(engine().received - stamp.sent);
}

}  // namespace sluice::bench
