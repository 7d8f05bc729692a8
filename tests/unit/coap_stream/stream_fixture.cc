// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/coap_stream/stream_fixture.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace sluice::coap {

std::size_t FakeStream::write(std::span<const iovec> buffers) {
  std::size_t taken = 0;
  ++wire_->writes;
  for (const iovec& buffer : buffers) {
    const std::size_t size = std::min(buffer.iov_len, wire_->room);
    const auto* const bytes = static_cast<const std::byte*>(buffer.iov_base);
    wire_->sent.insert(wire_->sent.end(), bytes, bytes + size);
    wire_->room -= size;
    taken += size;
  }
  return taken;
}

std::string to_hex(std::span<const std::byte> bytes) {
  std::string text;
  for (const std::byte byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
  return text;
}

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    while (hex[at] == ' ') ++at;
    unsigned value = 0;
    std::from_chars(hex.data() + at, hex.data() + at + 2, value, 16);
    bytes.push_back(static_cast<std::byte>(value));
  }
  return bytes;
}

std::string describe(const Pdu& pdu) {
  std::string text = pdu.code().to_string();
  if (pdu.token().size > 0) text += " #" + to_hex(pdu.token().view());
  for (const OptionView& option : pdu.options()) text += fmt::format(" {}={}", option.number, to_hex(option.value));
  if (!pdu.payload().empty()) {
    text += " |" + std::string(reinterpret_cast<const char*>(pdu.payload().data()), pdu.payload().size());
  }
  return text;
}

std::vector<std::string> describe_all(std::span<const std::byte> stream) {
  std::vector<std::string> all;
  while (!stream.empty()) {
    const auto length = frame_length(stream);
    if (!length || *length > stream.size()) break;
    const auto pdu = Pdu::parse_frame(stream);
    all.push_back(pdu ? describe(*pdu) : "malformed");
    stream = stream.subspan(*length);
  }
  return all;
}

Frame& Frame::token(std::string_view hex) {
  parts.token = Token::from(from_hex(hex));
  return *this;
}

Frame& Frame::option(unsigned number, std::string_view hex) {
  const Bytes value = from_hex(hex);
  parts.options.add(Option{static_cast<std::uint16_t>(number)}, value);
  return *this;
}

Frame& Frame::payload(std::string text) {
  text_ = std::move(text);
  return *this;
}

Bytes Frame::bytes() const {
  Parts whole = parts;
  whole.payload = std::as_bytes(std::span(text_));
  return encode_frame(whole);
}

Bytes join(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes plain_csm() { return Frame(codes::kCsm).bytes(); }

Bytes get(std::string_view token_hex, std::string_view path) {
  return Frame(codes::kGet).token(token_hex).option(11, to_hex(std::as_bytes(std::span(path)))).bytes();
}

void ShardTest::run(const std::function<void()>& task) {
  std::promise<void> done;
  shard().post([&] {
    task();
    done.set_value();
  });
  done.get_future().get();
}

void ShardTest::pass(Duration time) {
  now_ += time;
  turn([&] { shard().wheel().advance(now_); });
}

StreamTest::~StreamTest() {
  turn([&] { carrier.reset(); });
  stop();
}

PeerId StreamTest::connect() {
  wire = std::make_shared<Wire>();
  seen_ = 0;
  turn([&] {
    if (!carrier) carrier = std::make_unique<StreamCarrier>(shard(), settings, *this);
    peer = carrier->accept(std::make_unique<FakeStream>(wire));
  });
  return peer;
}

PeerId StreamTest::connect_introduced(Bytes csm) {
  connect();
  arrive(csm);
  sent();
  return peer;
}

void StreamTest::arrive(std::span<const std::byte> bytes) { arrive(bytes, wire); }

void StreamTest::arrive(std::span<const std::byte> bytes, const std::shared_ptr<Wire>& at) {
  turn([&] {
    // A copy of its own: what reads behind the end is found.
    const Bytes copy(bytes.begin(), bytes.end());
    if (!at->destroyed) at->events->on_bytes(copy);
  });
}

std::vector<std::string> StreamTest::sent() {
  std::vector<std::string> all;
  turn([&] {
    all = describe_all(std::span(wire->sent).subspan(seen_));
    seen_ = wire->sent.size();
  });
  return all;
}

void StreamTest::answer(std::string_view token_hex, Code code, std::string_view payload) {
  turn([&] {
    Parts parts;
    parts.code = code;
    parts.token = Token::from(from_hex(token_hex));
    parts.payload = std::as_bytes(std::span(payload));
    carrier->reply({.peer = peer}, parts);
  });
}

void StreamTest::make_room(std::size_t bytes) {
  turn([&] {
    wire->room = bytes;
    wire->events->on_writable();
  });
}

void StreamTest::lose(ErrorCode why) {
  turn([&] { wire->events->on_closed(why); });
}

void StreamTest::on_request(const Incoming& incoming) {
  EXPECT_FALSE(incoming.multicast);
  requests.push_back(describe(incoming.pdu));
  if (when_request) when_request(incoming);
}

bool StreamTest::on_response(const Incoming& incoming) {
  responses.push_back(describe(incoming.pdu));
  return expects_responses;
}

}  // namespace sluice::coap
