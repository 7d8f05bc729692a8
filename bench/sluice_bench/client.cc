// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/client.h"

#include <algorithm>
#include <utility>

namespace sluice::bench {

Client::Client(Engine& engine, std::string id) : engine_(engine), id_(std::move(id)) {}

void Client::on_down(bool) {}

void Client::start() {
  state_ = State::Connecting;
  engine_.stats().started.add();
  const std::uint64_t turn = engine_.stats().started.get();
  if (!stream_.open(engine_.target().address, engine_.target().address_size, turn)) {
    close(stream_.error());
    return;
  }
  engine_.watch(stream_.fd(), *this, EPOLLOUT, false);
}

void Client::disconnect() {
  if (state_ != State::Up) return;
  append(kDisconnect);
  flush();
  state_ = State::Closing;
}

void Client::ping() {
  if (state_ != State::Up || choked()) return;
  append(kPingreq);
  flush();
  engine_.stats().pings.add();
}

void Client::on_ready(std::uint32_t events) {
  switch (state_) {
    case State::Closed:
      return;
    case State::Connecting:
      opened();
      return;
    case State::Handshaking:
      shake_hands();
      return;
    case State::AwaitConnack:
    case State::Up:
    case State::Closing:
      if ((events & EPOLLOUT) != 0) write_pending();
      if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) receive();
      return;
  }
}

void Client::opened() {
  if (!stream_.finish_open()) {
    close(stream_.error());
    return;
  }
  engine_.watch(stream_.fd(), *this, EPOLLIN, true);
  if (engine_.target().tls == nullptr) {
    send_connect();
  } else {
    state_ = State::Handshaking;
    shake_hands();
  }
}

void Client::shake_hands() {
  switch (stream_.handshake(engine_.target().tls.get(), engine_.settings().client.host)) {
    case IoStatus::Done:
      send_connect();
      return;
    case IoStatus::WouldBlock:
      return;
    case IoStatus::Closed:
      close(stream_.error());
      return;
  }
}

void Client::send_connect() {
  const ClientSettings& wanted = engine_.settings().client;
  state_ = State::AwaitConnack;
  Bytes packet;
  encode_connect({.client_id = id_,
                  .username = wanted.username,
                  .password = wanted.password,
                  .keep_alive = wanted.keep_alive,
                  .clean = wanted.clean,
                  .version = wanted.version},
                 packet);
  append(packet);
  flush();
}

void Client::receive() {
  // OpenSSL may hold decrypted bytes that epoll does not know of, so a full buffer means: ask again.
  while (receive_once() && stream_.encrypted()) {
  }
  if (state_ != State::Closed) flush();
}

bool Client::receive_once() {
  std::vector<std::uint8_t>& buffer = engine_.input;
  const std::size_t kept = tail_.size();
  std::copy(tail_.begin(), tail_.end(), buffer.begin());
  const IoResult got = stream_.read(std::span(buffer).subspan(kept));
  if (got.status == IoStatus::WouldBlock) return false;
  if (got.status == IoStatus::Closed) {
    close(stream_.error());
    return false;
  }
  engine_.received = now_ns();
  const ByteView input = ByteView(buffer).first(kept + got.bytes);
  const std::size_t used = handle_frames(input);
  if (state_ == State::Closed) return false;
  tail_.assign(input.begin() + static_cast<std::ptrdiff_t>(used), input.end());
  return input.size() == buffer.size();
}

std::size_t Client::handle_frames(ByteView input) {
  std::size_t used = 0;
  Frame frame;
  while (state_ != State::Closed) {
    const FrameStatus status = next_frame(input.subspan(used), frame);
    if (status == FrameStatus::NeedMore) break;
    if (status == FrameStatus::Malformed) {
      close("the server sent a malformed packet");
      break;
    }
    used += frame.size;
    handle(frame);
  }
  return used;
}

void Client::handle(const Frame& frame) {
  switch (frame.type) {
    case PacketType::Connack:
      handle_connack(frame);
      return;
    case PacketType::Pingresp:
      engine_.stats().pongs.add();
      return;
    case PacketType::Disconnect:
      close("the server sent DISCONNECT, reason " + std::to_string(frame.body.empty() ? 0 : frame.body[0]));
      return;
    default:
      if (state_ == State::Up || state_ == State::Closing) on_frame(frame);
      return;
  }
}

void Client::handle_connack(const Frame& frame) {
  ConnackFields connack;
  if (state_ != State::AwaitConnack || !decode_connack(frame, version(), connack)) {
    close("the server sent a malformed or second CONNACK");
    return;
  }
  if (connack.code != 0) {
    close("the server refused CONNECT with code " + std::to_string(connack.code));
    return;
  }
  state_ = State::Up;
  receive_maximum_ = connack.receive_maximum;
  engine_.stats().connected.add();
  engine_.stats().settled.add();
  on_up();
}

void Client::append(ByteView bytes) {
  std::vector<std::uint8_t>& output = engine_.output;
  if (output.size() + bytes.size() > output.capacity()) flush();
  output.insert(output.end(), bytes.begin(), bytes.end());
}

void Client::flush() {
  ByteView output = engine_.output;
  while (!output.empty() && pending_.empty()) {
    const IoResult put = stream_.write(output);
    output = output.subspan(put.bytes);
    if (put.status != IoStatus::Done) break;  // a broken connection also becomes readable, and is closed there
  }
  if (!output.empty()) {
    const bool watched = !pending_.empty();
    pending_.insert(pending_.end(), output.begin(), output.end());
    if (!watched) engine_.watch(stream_.fd(), *this, EPOLLIN | EPOLLOUT, true);
  }
  engine_.output.clear();
}

void Client::write_pending() {
  ByteView output = pending_;
  while (!output.empty()) {
    const IoResult put = stream_.write(output);
    if (put.status != IoStatus::Done) break;
    output = output.subspan(put.bytes);
  }
  pending_.erase(pending_.begin(), pending_.end() - static_cast<std::ptrdiff_t>(output.size()));
  if (pending_.empty()) engine_.watch(stream_.fd(), *this, EPOLLIN, true);
}

void Client::fail(const std::string& why) {
  engine_.stats().refused.add();
  engine_.report_error(id_ + ": " + why);
}

void Client::close(const std::string& why) {
  const State before = std::exchange(state_, State::Closed);
  stream_.close();
  pending_.clear();
  tail_.clear();
  engine_.output.clear();
  Stats& stats = engine_.stats();
  if (before == State::Closing) {
    stats.closed.add();
  } else if (before == State::Up) {
    stats.lost.add();
    engine_.report_error(id_ + ": " + why);
  } else {
    stats.settled.add();
    fail(why);
  }
  on_down(before == State::Closing);
}

}  // namespace sluice::bench
