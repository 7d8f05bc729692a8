// SPDX-License-Identifier: Apache-2.0
#include "tests/support/packet_script.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>
#include <utility>

#include "tests/support/broker_process.h"

namespace sluice::test {
namespace {

constexpr int kReadDeadlineMs = 10'000;

bool is_one_of(unsigned value, std::initializer_list<unsigned> values) {
  return std::find(values.begin(), values.end(), value) != values.end();
}

}  // namespace

Client::Client(std::uint16_t port, int version) : version_(version) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    close();
    throw std::system_error(error, std::generic_category(), "connecting to port " + std::to_string(port));
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

Client::~Client() { close(); }

Client::Client(Client&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      version_(other.version_),
      last_id_(other.last_id_),
      buffer_(std::move(other.buffer_)),
      set_aside_(std::move(other.set_aside_)),
      connack_(std::move(other.connack_)) {}

Client& Client::operator=(Client&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(version_, other.version_);
  std::swap(last_id_, other.last_id_);
  std::swap(buffer_, other.buffer_);
  std::swap(set_aside_, other.set_aside_);
  std::swap(connack_, other.connack_);
  return *this;
}

void Client::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

void Client::shut_writing() { ::shutdown(fd_, SHUT_WR); }

void Client::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool Client::fill() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&readable, 1, kReadDeadlineMs);
  if (ready == 0) throw ScriptError("nothing came in time; unread: " + hex(buffer_));
  std::array<char, 16384> chunk{};
  const ssize_t got = ::recv(fd_, chunk.data(), chunk.size(), 0);
  if (got < 0 && errno == EINTR) return true;
  if (got <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(got));
  return true;
}

Packet Client::next() {
  if (set_aside_.empty()) return read_packet();
  Packet packet = std::move(set_aside_.front());
  set_aside_.pop_front();
  return packet;
}

Packet Client::read_packet() {
  while (true) {
    const std::optional<std::size_t> size = packet_size(buffer_);
    if (size && *size <= buffer_.size()) {
      Bytes raw = buffer_.substr(0, *size);
      buffer_.erase(0, *size);
      return decode(std::move(raw), version_);
    }
    if (!fill()) throw ScriptError("the broker closed the connection; unread: " + hex(buffer_));
  }
}

Packet Client::expect(Type type) {
  Packet packet;
  try {
    packet = next();
  } catch (const ScriptError& error) {
    throw ScriptError("expected " + std::string(type_name(type)) + ": " + error.what());
  }
  if (packet.type != type) {
    throw ScriptError("expected " + std::string(type_name(type)) + ", got " + packet.describe());
  }
  return packet;
}

Packet Client::expect_ack(Type type, unsigned packet_id, unsigned reason) {
  Packet packet = expect(type);
  // "No matching subscribers" is as good as success; a server may say either [MQTT5 3.4.2.1].
  const bool agreed = packet.reason == reason || (reason == 0 && packet.reason == 0x10);
  if (packet.packet_id != packet_id || !agreed) {
    throw ScriptError("expected id " + std::to_string(packet_id) + " and reason " + hex(u8(reason)) + ", got " +
                      packet.describe());
  }
  return packet;
}

Packet Client::expect_message(std::string_view topic, std::string_view payload) {
  Packet packet = expect(Type::Publish);
  if (packet.topic != topic || packet.payload != payload) {
    throw ScriptError("expected '" + Bytes(payload.substr(0, 80)) + "' on '" + Bytes(topic) + "', got " +
                      packet.describe());
  }
  return packet;
}

void Client::expect_bytes(std::string_view bytes) {
  while (buffer_.size() < bytes.size() && fill()) {
  }
  const Bytes got = buffer_.substr(0, bytes.size());
  if (got != bytes) throw ScriptError("expected " + hex(bytes) + ", got " + hex(got));
  buffer_.erase(0, bytes.size());
}

void Client::expect_closed() {
  if (buffer_.empty() && set_aside_.empty()) fill();
  if (!buffer_.empty() || !set_aside_.empty())
    throw ScriptError("expected the connection to be closed, got " + next().describe());
}

void Client::expect_refused(std::initializer_list<unsigned> reasons) {
  // Saying why is a SHOULD [MQTT5 4.13.1]: ours always does, mosquitto sometimes.
  if (version_ == 5 && (peer() == Peer::Sluice || !buffer_.empty() || fill())) {
    const Packet packet = expect(Type::Disconnect);
    if (!is_one_of(packet.reason, reasons)) throw ScriptError("refused for another reason: " + packet.describe());
  }
  expect_closed();
}

void Client::expect_connect_refused(std::initializer_list<unsigned> reasons) {
  if (version_ == 5 && (!buffer_.empty() || fill())) {
    const Packet packet = expect(Type::ConnAck);
    if (!is_one_of(packet.reason, reasons)) throw ScriptError("refused for another reason: " + packet.describe());
  }
  expect_closed();
}

void Client::expect_nothing_more(Client& publisher) {
  static unsigned count = 0;
  const std::string marker = "marker/" + std::to_string(++count);
  subscribe(marker);
  publisher.send(Publish(marker, "nothing before this"));
  expect_message(marker, "nothing before this");
  unsubscribe(marker);
}

Packet Client::open(const Connect& connect) {
  send(connect);
  connack_ = expect(Type::ConnAck);
  if (connack_.reason != 0) throw ScriptError("not accepted: " + connack_.describe());
  return connack_;
}

unsigned Client::subscribe(std::string_view filter, unsigned options) {
  const unsigned id = fresh_id();
  send(Subscribe(id).filter(filter, options));
  const Packet suback = expect_ack(Type::SubAck, id);
  if (suback.reasons.size() != 1) throw ScriptError("expected one reason code, got " + suback.describe());
  return suback.reasons[0];
}

void Client::unsubscribe(std::string_view filter) {
  const unsigned id = fresh_id();
  send(Unsubscribe(id).filter(filter));
  expect_ack(Type::UnsubAck, id);
}

void Client::publish(std::string_view topic, std::string_view payload, unsigned qos, bool retain) {
  const unsigned id = qos == 0 ? 0 : fresh_id();
  send(Publish(topic, payload).qos(qos, id).retain(retain));
  if (qos == 1) expect_ack(Type::PubAck, id);
  if (qos != 2) return;
  expect_ack(Type::PubRec, id);
  send(Ack(Type::PubRel, id));
  expect_ack(Type::PubComp, id);
}

void Client::ping() {
  send_raw(packet(Type::PingReq, 0, ""));
  expect(Type::PingResp);
}

Packet Client::take() {
  Packet message = expect(Type::Publish);
  if (message.qos() == 1) send(Ack(Type::PubAck, message.packet_id));
  if (message.qos() != 2) return message;
  send(Ack(Type::PubRec, message.packet_id));
  std::deque<Packet> before;
  for (before.push_back(next()); before.back().type == Type::Publish; before.push_back(next())) {
  }
  const Packet release = std::move(before.back());
  before.pop_back();
  set_aside_.insert(set_aside_.begin(), before.begin(), before.end());
  if (release.type != Type::PubRel || release.packet_id != message.packet_id) {
    throw ScriptError("expected PUBREL of " + message.describe() + ", got " + release.describe());
  }
  send(Ack(Type::PubComp, message.packet_id));
  return message;
}

Packet Client::take(std::string_view topic, std::string_view payload) {
  Packet message = take();
  if (message.topic != topic || message.payload != payload) {
    throw ScriptError("expected '" + Bytes(payload) + "' on '" + Bytes(topic) + "', got " + message.describe());
  }
  return message;
}

void Client::leave(const Disconnect& disconnect) {
  send(disconnect);
  await_end();
}

void Client::vanish() {
  shut_writing();
  await_end();
}

void Client::await_end() {
  while (fill()) buffer_.clear();
  set_aside_.clear();
  close();
}

}  // namespace sluice::test
