// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/publisher.h"

#include <algorithm>
#include <utility>

#include "bench/sluice_bench/stamp.h"

namespace sluice::bench {

Publisher::Publisher(Engine& engine, std::string id, PublishPlan plan, Flow& flow)
    : Client(engine, std::move(id)),
      plan_(std::move(plan)),
      flow_(flow),
      packet_(encode_publish(engine.settings().client.version, plan_.topic, engine.settings().load.qos,
                             engine.settings().load.retain, engine.settings().load.size)),
      noise_(plan_.number + 1) {}

void Publisher::choose_topic(std::span<std::uint8_t>) {}

bool Publisher::pump(Nanos now) {
  const std::uint64_t allowed = room(now);
  if (allowed == 0) return false;
  const std::uint64_t burst = std::min(allowed, kBurst);
  for (std::uint64_t i = 0; i < burst; ++i) write_one(now);
  flush();
  return allowed > burst && !choked();
}

bool Publisher::send_one(Nanos now) {
  if (room(now) == 0) return false;
  write_one(now);
  flush();
  return true;
}

std::uint64_t Publisher::room(Nanos now) {
  if (!up() || choked()) return 0;
  std::uint64_t allowed = kBurst * 2;
  if (plan_.limit > 0) allowed = std::min(allowed, plan_.limit - sent_);
  if (packet_.id > 0) {
    const std::uint64_t window = std::min<std::uint64_t>(engine().settings().load.window, receive_maximum());
    const std::uint64_t unacknowledged = sent_ - acked_;
    allowed = std::min(allowed, window - std::min(window, unacknowledged));
  }
  if (plan_.cap == 0 || plan_.fan == 0 || allowed == 0) return allowed;
  return std::min(allowed, room_by_cap(now));
}

std::uint64_t Publisher::room_by_cap(Nanos now) {
  const std::uint64_t delivered = flow_.delivered.load(std::memory_order_relaxed) + given_up_;
  const std::uint64_t caused = sent_ * plan_.fan;
  const std::uint64_t under_way = caused > delivered ? (caused - delivered + plan_.fan - 1) / plan_.fan : 0;
  const std::uint64_t free = plan_.cap - std::min(plan_.cap, under_way);
  if (delivered != seen_) {
    seen_ = delivered;
    progress_ = now;
  } else if (free == 0 && now - progress_ > kGiveUp) {
    given_up_ += caused - delivered;
    progress_ = now;
  }
  if (free == 0) full_ = true;
  if (full_ && free < (plan_.cap + 3) / 4) return 0;
  full_ = false;
  return free;
}

void Publisher::write_one(Nanos now) {
  std::uint8_t* bytes = packet_.bytes.data();
  choose_topic({bytes + packet_.topic, plan_.topic.size()});
  if (packet_.id > 0) {
    bytes[packet_.id] = static_cast<std::uint8_t>(next_id_ >> 8);
    bytes[packet_.id + 1] = static_cast<std::uint8_t>(next_id_ & 0xFF);
    next_id_ = next_id_ == 65535 ? std::uint16_t{1} : static_cast<std::uint16_t>(next_id_ + 1);
  }
  if (plan_.noise) make_noise();
  if (packet_.bytes.size() - packet_.payload >= kStampSize) {
    write_stamp({.magic = kStampMagic, .publisher = plan_.number, .sequence = sent_, .sent = now},
                bytes + packet_.payload);
  }
  append(packet_.bytes);
  ++sent_;
  engine().stats().sent.add();
  engine().stats().expected.add(plan_.fan);
}

void Publisher::make_noise() {
  const std::span payload = std::span(packet_.bytes).subspan(packet_.payload);
  std::ranges::generate(payload, [this] { return static_cast<std::uint8_t>(noise_() >> 8); });
}

void Publisher::on_frame(const Frame& frame) {
  switch (frame.type) {
    case PacketType::Puback:
    case PacketType::Pubcomp:
      on_acknowledged();
      return;
    case PacketType::Pubrec:
      if (frame.body.size() > 2 && frame.body[2] >= 0x80) {
        on_acknowledged();
      } else {
        append(encode_ack(PacketType::Pubrel, decode_id(frame)));
      }
      return;
    default:
      return;
  }
}

}  // namespace sluice::bench
