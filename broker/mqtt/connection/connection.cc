// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/connection/connection.h"

#include <algorithm>
#include <utility>

namespace sluice::mqtt {

Connection::Connection(FrontEnd& front_end, ShardFrontEnd& home, std::unique_ptr<Transport> transport,
                       std::shared_ptr<const ListenerTraits> listener)
    : front_end_(front_end),
      home_(&home),
      transport_(std::move(transport)),
      listener_(std::move(listener)),
      settings_(home.settings),
      last_input_(home.shard.now()),
      silence_allowed_(settings_->idle_timeout),
      machine_(front_end.broker(), *settings_, *this) {}

Connection::~Connection() {
  if (output_) home_->pool.give_back(std::move(output_));
  unlink();
}

void Connection::start() {
  link();
  arm_timer();
  transport_->start(*this);
}

void Connection::link() {
  next_ = home_->first;
  if (next_ != nullptr) next_->previous_ = this;
  home_->first = this;
  ++home_->count;
}

void Connection::unlink() {
  if (home_ == nullptr) return;
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : home_->first) = next_;
  next_ = previous_ = nullptr;
  --home_->count;
}

void Connection::on_bytes(std::span<const std::byte> bytes) {
  if (closed_) return;
  // A CONNECT that trickles in is waited for no longer than one that does not come.
  if (machine_.state() != ConnState::AwaitConnect) last_input_ = now();
  consume(bytes);
}

void Connection::consume(std::span<const std::byte> bytes) {
  if (!tail_) {
    const std::size_t used = feed(bytes);
    if (!closed_) keep_tail(bytes.subspan(used));
  } else {
    tail_->insert(tail_->end(), bytes.begin(), bytes.end());
    const std::size_t used = feed(*tail_);
    tail_->erase(tail_->begin(), tail_->begin() + static_cast<std::ptrdiff_t>(used));
    if (tail_->empty() || closed_) tail_ = nullptr;
  }
  if (!closed_ && !held_ && !machine_.accepts_input()) {
    held_ = true;
    transport_->pause_reading();
  }
}

std::size_t Connection::feed(std::span<const std::byte> bytes) {
  FrameReader reader(bytes, machine_.max_packet_size());
  while (!closed_ && machine_.accepts_input() && paused_until_ == TimePoint{}) {
    const FrameRead read = reader.next();
    if (read.status == FrameStatus::Incomplete) {
      if (!reader.rest().empty()) machine_.on_partial_frame(reader.rest().front());
      break;
    }
    if (read.status == FrameStatus::Whole) {
      machine_.on_frame(read.frame);
    } else {
      machine_.on_broken_stream(read.error);
    }
  }
  return bytes.size() - reader.rest().size();
}

void Connection::keep_tail(std::span<const std::byte> rest) {
  if (!rest.empty()) tail_ = std::make_unique<std::vector<std::byte>>(rest.begin(), rest.end());
}

OutputBuffer& Connection::buffer() {
  if (!output_) output_ = home_->pool.take();
  home_->shard.at_turn_end(*this);
  return *output_;
}

std::span<std::byte> Connection::output(std::size_t size) {
  if (output_ && !blocked_ && output_->pending() >= kFlushAt) flush();
  return buffer().extend(size);
}

void Connection::output(const MessagePtr& message, std::span<const std::byte> bytes) {
  buffer().append(message, bytes);
}

void Connection::flush() {
  if (!output_ || blocked_) return;
  blocked_ = !output_->write_to(*transport_);
  if (!blocked_) home_->pool.give_back(std::move(output_));
}

void Connection::on_writable() {
  if (!output_) return;
  blocked_ = !output_->write_to(*transport_);
  const std::size_t waiting = output_->pending();
  if (!blocked_) home_->pool.give_back(std::move(output_));
  if (closed_) {
    home_->shard.at_turn_end(*this);
    return;
  }
  if (waiting <= settings_->outbound_buffer / 2) machine_.on_drained();
}

void Connection::on_closed(ErrorCode) {
  if (closed_) {
    blocked_ = false;
    output_.reset();
  } else {
    machine_.on_stream_closed();
    closed_ = true;
    output_.reset();
  }
  home_->shard.at_turn_end(*this);
}

void Connection::set_keep_alive(Duration timeout) {
  silence_allowed_ = timeout;
  last_input_ = now();
  arm_timer();
}

TimePoint Connection::silence_ends() const {
  return silence_allowed_ > Duration::zero() ? last_input_ + silence_allowed_ : TimePoint::max();
}

void Connection::arm_timer() {
  const TimePoint silence_end = silence_ends();
  if (paused_until_ != TimePoint{}) {
    home_->shard.wheel().arm(*this, paused_until_);
  } else if (machine_.deadline() < silence_end) {
    home_->shard.wheel().arm(*this, machine_.deadline());
  } else if (silence_end == TimePoint::max()) {
    cancel();
  } else if (silence_allowed_ < kCoarseFrom) {
    home_->shard.wheel().arm(*this, silence_end);
  } else {
    home_->shard.wheel().arm_coarsely(*this, silence_end);
  }
}

void Connection::on_timer(TimePoint now) {
  if (closed_) return;
  if (paused_until_ != TimePoint{}) {
    paused_until_ = {};
    last_input_ = now;
    transport_->resume_reading();
    resume_input();
  } else if (machine_.deadline() <= now) {
    machine_.on_deadline();
    return;
  } else if (silence_ends() <= now) {
    machine_.on_keep_alive_timeout();
    return;
  }
  arm_timer();
}

void Connection::pause_input(Duration how_long) {
  paused_until_ = now() + std::max(how_long, Duration(std::chrono::milliseconds(1)));
  transport_->pause_reading();
  arm_timer();
}

void Connection::resume_input() {
  if (std::exchange(held_, false)) transport_->resume_reading();
  continue_ = true;
  home_->shard.at_turn_end(*this);
}

void Connection::close() {
  if (closed_) return;
  closed_ = true;
  cancel();
  home_->shard.at_turn_end(*this);
}

void Connection::close_if_idle() {
  if (machine_.state() != ConnState::Active) close();
}

void Connection::move_to(Shard& shard) {
  moving_to_ = &shard;
  home_->shard.at_turn_end(*this);
}

void Connection::on_turn_end() {
  if (!closed_ && std::exchange(continue_, false) && tail_) {
    consume({});
  }
  flush();
  if (closed_) {
    // What the transport has not taken yet is given up: the peer does not read, and we are done with it.
    transport_->shutdown();
    delete this;
    return;
  }
  if (moving_to_ != nullptr) migrate();
}

void Connection::migrate() {
  Shard& target = *std::exchange(moving_to_, nullptr);
  cancel();
  unlink();
  home_ = nullptr;
  transport_->move_to(target, [this, &target] {
    home_ = &front_end_.of(target);
    link();
    last_input_ = now();
    arm_timer();
    machine_.on_moved();
  });
}

}  // namespace sluice::mqtt
