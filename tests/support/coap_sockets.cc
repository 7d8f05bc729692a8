// SPDX-License-Identifier: Apache-2.0
// The sockets of the raw CoAP client: datagrams from any local address, and streams.
#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/tcp.h>
#include <poll.h>
#include <random>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "tests/support/coap_wire.h"

namespace sluice::test::coap {
namespace {

constexpr int kReadDeadlineMs = 10'000;
constexpr std::size_t kHeaderSize = 4;

sockaddr_in address(const std::string& host, std::uint16_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_port = htons(port);
  if (::inet_pton(AF_INET, host.c_str(), &result.sin_addr) != 1) throw std::invalid_argument("no address: " + host);
  return result;
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

std::uint32_t random_start() {
  static std::mt19937 generator{std::random_device{}()};
  return static_cast<std::uint32_t>(generator());
}

bool is_request(const Message& message) { return message.klass() == 0 && message.code != kEmpty; }
bool is_signal(const Message& message) { return message.klass() == 7; }

void expect_outcome(const Message& response, unsigned outcome) {
  if (response.code != outcome) fault("expected " + code_name(outcome) + ", got", response);
}

std::chrono::nanoseconds stamp_of(msghdr& header) {
  for (cmsghdr* c = CMSG_FIRSTHDR(&header); c != nullptr; c = CMSG_NXTHDR(&header, c)) {
    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(c), sizeof stamp);
    return std::chrono::seconds(stamp.tv_sec) + std::chrono::nanoseconds(stamp.tv_nsec);
  }
  return {};
}

}  // namespace

Endpoint::Endpoint(std::uint16_t server_port, const std::string& local, std::uint16_t local_port)
    : server_(address("127.0.0.1", server_port)), next_mid_(random_start() & 0xFFFF), next_token_(random_start()) {
  fd_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in here = address(local, local_port);
  const int on = 1;
  // The queue holds what a test lets come before it reads.
  const int space = 4 << 20;
  if (fd_ < 0 || ::setsockopt(fd_, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on) != 0 ||
      ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &space, sizeof space) != 0 ||
      ::bind(fd_, reinterpret_cast<const sockaddr*>(&here), sizeof here) != 0) {
    fail("a socket for CoAP");
  }
}

Endpoint::~Endpoint() {
  if (fd_ >= 0) ::close(fd_);
}

Endpoint::Endpoint(Endpoint&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      server_(other.server_),
      next_mid_(other.next_mid_),
      next_token_(other.next_token_),
      set_aside_(std::move(other.set_aside_)) {}

std::uint16_t Endpoint::local_port() const {
  sockaddr_in here{};
  socklen_t size = sizeof here;
  if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&here), &size) != 0) fail("getsockname");
  return ntohs(here.sin_port);
}

Bytes Endpoint::fresh_token() { return u32(++next_token_); }

void Endpoint::send_raw(std::string_view bytes) {
  const ssize_t sent =
      ::sendto(fd_, bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&server_), sizeof server_);
  if (sent != static_cast<ssize_t>(bytes.size())) fail("sendto");
}

Message Endpoint::send(Message message) {
  if (!message.mid) message.mid = fresh_mid();
  if (!message.token && is_request(message)) message.token = fresh_token();
  send_raw(datagram(message));
  return message;
}

Message Endpoint::read() {
  Message message = receive();
  for (; message.kind == Kind::Con && message.code == kEmpty; message = receive()) reset(message);
  return message;
}

Message Endpoint::receive() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, kReadDeadlineMs) == 0) throw ScriptError("nothing came in time");
  std::array<char, 65'536> bytes{};
  std::array<char, 256> control{};
  sockaddr_in from{};
  iovec part{.iov_base = bytes.data(), .iov_len = bytes.size()};
  msghdr header{};
  header.msg_name = &from;
  header.msg_namelen = sizeof from;
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const ssize_t got = ::recvmsg(fd_, &header, 0);
  if (got < 0) fail("recvmsg");
  Message message = read_datagram(Bytes(bytes.data(), static_cast<std::size_t>(got)));
  message.at = stamp_of(header);
  if (from.sin_port != server_.sin_port || from.sin_addr.s_addr != server_.sin_addr.s_addr) {
    fault("a datagram from another address", message);
  }
  return message;
}

Message Endpoint::next() {
  if (set_aside_.empty()) return read();
  Message message = std::move(set_aside_.front());
  set_aside_.pop_front();
  return message;
}

Message Endpoint::next(const std::function<bool(const Message&)>& fits, std::string_view what) {
  const auto found = std::ranges::find_if(set_aside_, fits);
  if (found != set_aside_.end()) {
    Message message = std::move(*found);
    set_aside_.erase(found);
    return message;
  }
  try {
    while (true) {
      Message message = read();
      if (fits(message)) return message;
      set_aside_.push_back(std::move(message));
    }
  } catch (const ScriptError& error) {
    std::string others;
    for (const Message& other : set_aside_) others += "\n  " + other.describe();
    throw ScriptError("expected " + std::string(what) + ": " + error.what() + others);
  }
}

std::optional<Message> Endpoint::next_before_ping() {
  const unsigned mid = *send(con(kEmpty)).mid;
  const auto is_pong = [mid](const Message& m) { return m.kind == Kind::Rst && m.mid == mid; };
  Message message = next();
  if (is_pong(message)) return std::nullopt;
  next(is_pong, "the reset of a ping");
  return message;
}

Message Endpoint::exchange(Message message) {
  const unsigned mid = *send(std::move(message)).mid;
  return next([mid](const Message& m) { return m.mid == mid && (m.kind == Kind::Ack || m.kind == Kind::Rst); },
              "an acknowledgement or reset");
}

Message Endpoint::request(Message message) {
  const Message sent = send(std::move(message));
  bool acknowledged = false;
  const auto answers = [&](const Message& m) {
    if (m.kind == Kind::Rst) return m.mid == sent.mid;
    if (m.kind != Kind::Ack) return m.token == sent.token;
    return m.mid == sent.mid && sent.kind == Kind::Con;
  };
  while (true) {
    Message answer = next(answers, "the response to " + sent.describe());
    if (answer.kind == Kind::Rst) fault("a request was reset", answer);
    if (answer.kind == Kind::Ack && answer.code == kEmpty && !std::exchange(acknowledged, true)) continue;
    if (answer.token != sent.token) fault("a response with another token", answer);
    if (answer.kind == Kind::Con) acknowledge(answer);
    return answer;
  }
}

Message Endpoint::request(Message message, unsigned outcome) {
  Message response = request(std::move(message));
  expect_outcome(response, outcome);
  return response;
}

Message Endpoint::notification(std::string_view token) {
  Message message = next();
  // Whether anybody is there [RFC 7252, 4.3].
  for (; message.kind == Kind::Con && message.code == kEmpty; message = next()) reset(message);
  if (message.token != Bytes(token) || message.code != kContent || !message.has(kObserve)) {
    fault("expected a notification for " + hex(token) + ", got", message);
  }
  return message;
}

Message Endpoint::notification(std::string_view token, std::string_view payload) {
  Message message = notification(token);
  if (message.payload != payload) fault("expected '" + Bytes(payload.substr(0, 60)) + "', got", message);
  return message;
}

Message Endpoint::take(std::string_view token, std::string_view payload) {
  Message message = notification(token, payload);
  if (message.kind == Kind::Con) acknowledge(message);
  return message;
}

void Endpoint::expect_silence() {
  if (const std::optional<Message> message = next_before_ping()) fault("expected nothing, got", *message);
}

Message Endpoint::expect_silence_before(const Message& probe) {
  const Message sent = send(probe);
  Message message = next();
  if (message.kind == Kind::Ack && message.code == kEmpty && message.mid == sent.mid) message = next();
  if (message.token != sent.token || message.klass() == 0) fault("expected nothing before the probe, got", message);
  if (message.kind == Kind::Con) acknowledge(message);
  return message;
}

void Endpoint::expect_reset(std::string_view bytes, unsigned mid) {
  send_raw(bytes);
  const std::optional<Message> message = next_before_ping();
  if (!message) throw ScriptError("expected a reset of " + std::to_string(mid) + ", got nothing for " + hex(bytes));
  if (message->kind != Kind::Rst || message->mid != mid)
    fault("expected a reset for " + hex(bytes) + ", got", *message);
  expect_silence();
}

void Endpoint::expect_ignored(std::string_view bytes, std::optional<unsigned> reset_of) {
  send_raw(bytes);
  const std::optional<Message> message = next_before_ping();
  if (!message) return;
  if (!reset_of || message->kind != Kind::Rst || message->mid != *reset_of) {
    fault("expected nothing for " + hex(bytes) + ", got", *message);
  }
}

Stream::Stream(std::uint16_t port, std::optional<Message> csm) {
  fd_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in there = address("127.0.0.1", port);
  const int on = 1;
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&there), sizeof there) != 0 ||
      ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0) {
    fail("connecting for CoAP");
  }
  if (csm) send(*csm);
}

Stream::~Stream() {
  if (fd_ >= 0) ::close(fd_);
}

Stream::Stream(Stream&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)),
      next_token_(other.next_token_),
      buffer_(std::move(other.buffer_)),
      csm_(std::move(other.csm_)) {}

const Message& Stream::csm() {
  if (csm_) return *csm_;
  csm_ = read();
  if (csm_->code != kCsm) fault("the first message is no CSM", *csm_);
  return *csm_;
}

void Stream::send_raw(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    // The peer may have closed already: what became of the bytes shows in what is expected next.
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

Message Stream::send(Message message) {
  if (!message.token && is_request(message)) message.token = u32(++next_token_);
  send_raw(frame(message));
  return message;
}

bool Stream::fill() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&readable, 1, kReadDeadlineMs) == 0) throw ScriptError("nothing came in time; unread: " + hex(buffer_));
  std::array<char, 65'536> bytes{};
  const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
  if (got <= 0) return false;
  buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  return true;
}

Message Stream::read() {
  while (true) {
    const std::optional<std::size_t> size = frame_size(buffer_);
    if (size && *size <= buffer_.size()) {
      Bytes raw = buffer_.substr(0, *size);
      buffer_.erase(0, *size);
      return read_frame(std::move(raw));
    }
    if (!fill()) throw ScriptError("the peer closed the connection; unread: " + hex(buffer_));
  }
}

Message Stream::next() {
  csm();
  Message message = read();
  // Both may come at any time and ask for nothing [RFC 8323, 3.4 and 5.3].
  while (message.code == kEmpty || message.code == kCsm) message = read();
  return message;
}

Message Stream::request(Message message) {
  const Message sent = send(std::move(message));
  Message response = next();
  if (response.token != sent.token || is_signal(response)) fault("expected the response, got", response);
  return response;
}

Message Stream::request(Message message, unsigned outcome) {
  Message response = request(std::move(message));
  expect_outcome(response, outcome);
  return response;
}

Message Stream::expect(unsigned code) {
  Message message = next();
  expect_outcome(message, code);
  return message;
}

Message Stream::expect_abort() {
  Message message = read();
  while (message.code == kEmpty || message.code == kCsm) message = read();
  expect_outcome(message, kAbort);
  expect_closed();
  return message;
}

void Stream::expect_closed() {
  if (!buffer_.empty() || fill()) fault("expected the end of the connection, got", read());
}

Message Stream::ping(Message ping) {
  if (!ping.token) ping.token = u32(++next_token_);
  const Message sent = send(std::move(ping));
  Message pong = expect(kPong);
  if (pong.token != sent.token) fault("a pong with another token", pong);
  return pong;
}

void Stream::shut_writing() { ::shutdown(fd_, SHUT_WR); }

}  // namespace sluice::test::coap
