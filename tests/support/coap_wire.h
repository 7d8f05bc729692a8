// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/mqtt_decoder.h"

/// CoAP as a test speaks it, over UDP [RFC 7252] and TCP [RFC 8323]. Written from the specifications and apart from the
/// broker's codec, so that a fault there cannot hide here; able to send what no client should, strict with what a
/// server sends. Every wait has a deadline; what else comes, or nothing in time, throws ScriptError.
namespace sluice::test::coap {

enum class Kind : std::uint8_t { Con, Non, Ack, Rst };

/// The byte that c.dd is on the wire.
[[nodiscard]] constexpr unsigned code(unsigned klass, unsigned detail) { return klass << 5 | detail; }

inline constexpr unsigned kEmpty = 0;
inline constexpr unsigned kGet = code(0, 1);
inline constexpr unsigned kPost = code(0, 2);
inline constexpr unsigned kPut = code(0, 3);
inline constexpr unsigned kDelete = code(0, 4);
inline constexpr unsigned kFetch = code(0, 5);
inline constexpr unsigned kPatch = code(0, 6);
inline constexpr unsigned kIPatch = code(0, 7);
inline constexpr unsigned kCreated = code(2, 1);
inline constexpr unsigned kDeleted = code(2, 2);
inline constexpr unsigned kValid = code(2, 3);
inline constexpr unsigned kChanged = code(2, 4);
inline constexpr unsigned kContent = code(2, 5);
inline constexpr unsigned kContinue = code(2, 31);
inline constexpr unsigned kBadRequest = code(4, 0);
inline constexpr unsigned kUnauthorized = code(4, 1);
inline constexpr unsigned kBadOption = code(4, 2);
inline constexpr unsigned kForbidden = code(4, 3);
inline constexpr unsigned kNotFound = code(4, 4);
inline constexpr unsigned kMethodNotAllowed = code(4, 5);
inline constexpr unsigned kNotAcceptable = code(4, 6);
inline constexpr unsigned kIncomplete = code(4, 8);
inline constexpr unsigned kPreconditionFailed = code(4, 12);
inline constexpr unsigned kTooLarge = code(4, 13);
inline constexpr unsigned kUnsupportedFormat = code(4, 15);
inline constexpr unsigned kTooManyRequests = code(4, 29);
inline constexpr unsigned kUnavailable = code(5, 3);
inline constexpr unsigned kNoProxying = code(5, 5);
inline constexpr unsigned kCsm = code(7, 1);
inline constexpr unsigned kPing = code(7, 2);
inline constexpr unsigned kPong = code(7, 3);
inline constexpr unsigned kRelease = code(7, 4);
inline constexpr unsigned kAbort = code(7, 5);

inline constexpr unsigned kIfMatch = 1;
inline constexpr unsigned kUriHost = 3;
inline constexpr unsigned kETag = 4;
inline constexpr unsigned kIfNoneMatch = 5;
inline constexpr unsigned kObserve = 6;
inline constexpr unsigned kUriPort = 7;
inline constexpr unsigned kLocationPath = 8;
inline constexpr unsigned kUriPath = 11;
inline constexpr unsigned kContentFormat = 12;
inline constexpr unsigned kMaxAge = 14;
inline constexpr unsigned kUriQuery = 15;
inline constexpr unsigned kAccept = 17;
inline constexpr unsigned kLocationQuery = 20;
inline constexpr unsigned kBlock2 = 23;
inline constexpr unsigned kBlock1 = 27;
inline constexpr unsigned kSize2 = 28;
inline constexpr unsigned kProxyUri = 35;
inline constexpr unsigned kProxyScheme = 39;
inline constexpr unsigned kSize1 = 60;
inline constexpr unsigned kEcho = 252;
inline constexpr unsigned kNoResponse = 258;
inline constexpr unsigned kRequestTag = 292;

/// A uint as an option value, without leading zeros [RFC 7252, 3.2].
[[nodiscard]] Bytes uint_bytes(std::uint32_t value);
/// One option behind one with a number smaller by `delta` [RFC 7252, 3.1].
[[nodiscard]] Bytes option_bytes(unsigned delta, std::string_view value);
/// "2.05"
[[nodiscard]] std::string code_name(unsigned code);

/// The value of a Block1 or Block2 option [RFC 7959, 2.2].
struct Block {
  std::uint32_t number = 0;
  bool more = false;
  unsigned szx = 0;

  [[nodiscard]] std::size_t size() const { return std::size_t{16} << szx; }
  [[nodiscard]] std::uint32_t value() const { return number << 4 | (more ? 8U : 0U) | szx; }
  friend bool operator==(const Block&, const Block&) = default;
};

/// A message to send, or one that came. Options are written in the order of their numbers, equal ones as they were put.
struct Message {
  Kind kind = Kind::Con;
  unsigned code = kEmpty;
  std::optional<unsigned> mid;  ///< the sender gives a fresh one if there is none
  std::optional<Bytes> token;   ///< likewise, unless the message is empty or a signal
  std::vector<std::pair<unsigned, Bytes>> options;
  Bytes payload;
  Bytes raw;                      ///< as it came
  std::chrono::nanoseconds at{};  ///< when the kernel got it, UDP only

  Message& with(unsigned option, std::string_view value);
  Message& with(unsigned option, std::uint32_t value) { return with(option, uint_bytes(value)); }
  /// One Uri-Path for each segment between slashes.
  Message& path(std::string_view path);
  Message& query(std::string_view query) { return with(kUriQuery, query); }
  Message& body(std::string_view bytes);
  Message& block1(std::uint32_t number, bool more, unsigned szx) {
    return with(kBlock1, Block{number, more, szx}.value());
  }
  Message& block2(std::uint32_t number, unsigned szx) { return with(kBlock2, Block{number, false, szx}.value()); }
  Message& identified(unsigned message_id);
  Message& tokened(std::string_view value);

  [[nodiscard]] bool has(unsigned option) const;
  [[nodiscard]] std::vector<Bytes> all(unsigned option) const;
  [[nodiscard]] std::optional<Bytes> get(unsigned option) const;
  [[nodiscard]] std::optional<std::uint32_t> number(unsigned option) const;
  [[nodiscard]] std::optional<Block> block(unsigned option) const;
  [[nodiscard]] unsigned klass() const { return code >> 5; }
  [[nodiscard]] std::string describe() const;
};

[[nodiscard]] Message con(unsigned code);
[[nodiscard]] Message non(unsigned code);
[[nodiscard]] Message ack(unsigned mid);
[[nodiscard]] Message rst(unsigned mid);

/// A datagram; without message id or token these are zero and empty.
[[nodiscard]] Bytes datagram(const Message& message);
/// A frame of a stream [RFC 8323, 3.2]; message id and type are not written.
[[nodiscard]] Bytes frame(const Message& message);
/// Read what a server sent and check everything about its form: header, option lengths, repetitions and places, block
/// sizes, UTF-8 of diagnostics, the size of a datagram. Throw ScriptError.
[[nodiscard]] Message read_datagram(Bytes raw);
[[nodiscard]] Message read_frame(Bytes raw);
/// Size of the frame that starts `bytes`, nullopt while its header is not complete.
[[nodiscard]] std::optional<std::size_t> frame_size(std::string_view bytes);

/// Ends the test: the peer did something else than it was to do.
[[noreturn]] void fault(std::string_view what, const Message& message);

/// A CoAP endpoint on UDP: one local address and port. A ping of the server is answered whenever something is read,
/// and nothing else by itself unless a method says so.
class Endpoint {
 public:
  /// Any local address of 127.0.0.0/8; port 0 is a free one.
  explicit Endpoint(std::uint16_t server_port, const std::string& local = "127.0.0.1", std::uint16_t local_port = 0);
  ~Endpoint();
  Endpoint(Endpoint&& other) noexcept;
  Endpoint& operator=(Endpoint&&) = delete;

  [[nodiscard]] std::uint16_t local_port() const;
  unsigned fresh_mid() { return next_mid_ = (next_mid_ + 1) & 0xFFFF; }
  Bytes fresh_token();

  void send_raw(std::string_view bytes);
  /// Gives what is missing of message id and token, sends, and returns the message as it was sent.
  Message send(Message message);
  /// The next message, whatever it is; it came from the address that requests go to [RFC 7252, 5.3.2].
  Message next();
  /// The next message that fits; others stay for later, in their order.
  Message next(const std::function<bool(const Message&)>& fits, std::string_view what);
  /// The next message if one comes while the server answers a ping; sends an empty CON and takes its RST.
  std::optional<Message> next_before_ping();

  /// Sends; the acknowledgement or reset of this message id.
  Message exchange(Message message);
  /// Sends; the response, piggybacked or separate [RFC 7252, 5.2]. Acknowledges a separate one.
  Message request(Message message);
  /// request() with this outcome.
  Message request(Message message, unsigned outcome);
  /// The next message is a 2.05 notification of this token [RFC 7641, 4.2].
  Message notification(std::string_view token);
  Message notification(std::string_view token, std::string_view payload);
  /// notification(), acknowledged if it is confirmable.
  Message take(std::string_view token, std::string_view payload);
  void acknowledge(const Message& message) { send(ack(message.mid.value_or(0))); }
  void reset(const Message& message) { send(rst(message.mid.value_or(0))); }

  /// Nothing came, and nothing comes before the reset of a ping that is sent now.
  void expect_silence();
  /// Nothing came, and nothing comes before the response to this request, which is sent now.
  Message expect_silence_before(const Message& probe);
  /// The server answers this datagram with a reset of this message id and with nothing else.
  void expect_reset(std::string_view bytes, unsigned mid);
  /// The server answers this datagram with nothing, or with a reset of this message id if that may be.
  void expect_ignored(std::string_view bytes, std::optional<unsigned> reset_of = std::nullopt);

 private:
  Message read();
  Message receive();

  int fd_ = -1;
  sockaddr_in server_{};
  unsigned next_mid_;
  std::uint32_t next_token_;
  std::deque<Message> set_aside_;
};

/// A CoAP connection over TCP [RFC 8323].
class Stream {
 public:
  /// Connects, and sends this CSM unless it is nullopt.
  explicit Stream(std::uint16_t port, std::optional<Message> csm = con(kCsm));
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&&) = delete;

  /// The server's first message, which is its CSM; reads it on the first call.
  const Message& csm();
  void send_raw(std::string_view bytes);
  /// Gives a request a token if it has none; returns the message as it was sent.
  Message send(Message message);
  /// The next message behind the CSM.
  Message next();
  /// Sends; the message that comes next is the response.
  Message request(Message message);
  /// request() with this outcome.
  Message request(Message message, unsigned outcome);
  /// The next message has this code.
  Message expect(unsigned code);
  /// The peer says Abort and closes; returns the Abort.
  Message expect_abort();
  void expect_closed();
  /// Sends Ping; the next message is its Pong.
  Message ping(Message ping = con(kPing));
  /// Closes the writing side.
  void shut_writing();

 private:
  bool fill();
  Message read();

  int fd_ = -1;
  std::uint32_t next_token_ = 1;
  Bytes buffer_;
  std::optional<Message> csm_;
};

}  // namespace sluice::test::coap
