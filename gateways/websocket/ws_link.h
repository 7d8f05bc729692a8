// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "gateways/websocket/ws_context.h"
#include "gateways/websocket/ws_upgrade.h"
#include "shared/base/result.h"
#include "shared/base/shard.h"
#include "shared/base/timing_wheel.h"
#include "shared/net/asio_stream.h"

namespace sluice::ws {

/// What a link reports; on its shard, never from within a call to the link.
class LinkOwner {
 public:
  virtual void on_link_bytes(std::span<const std::byte> bytes) = 0;
  /// So many bytes of what was given to send() have left.
  virtual void on_link_sent(std::size_t bytes) = 0;
  /// The peer closed (no error) or the connection failed; nothing follows.
  virtual void on_link_closed(ErrorCode why) = 0;

 protected:
  ~LinkOwner() = default;
};

/// One WebSocket connection [RFC 6455] as a byte stream, on the shard that accepted it, for its whole life.
/// Purpose: Beast's stream with what it leaves open: pings that cost no timer object, a bound on the closing
/// handshake, buffers that are not held while nothing happens.
/// Lifetime: operations under way keep it alive; it ends when the socket is closed.
/// Thread: its shard.
class WsLink final : public std::enable_shared_from_this<WsLink>, public Member, private WheelTimer {
 public:
  using Stream = boost::beast::websocket::stream<AsioStream, true>;
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;
  using CloseCode = boost::beast::websocket::close_code;

  WsLink(std::shared_ptr<Context> context, AsioStream socket);
  ~WsLink();

  /// Answers the client's request; `request` must live until `done` is called.
  void accept(const Request& request, const Upgrade& upgrade, std::function<void(ErrorCode)> done);

  /// From now on `owner` hears; nullptr: nobody is interested any more.
  void attach(LinkOwner* owner) { owner_ = owner; }
  /// True after on_link_closed(), or when there was nobody to hear it.
  [[nodiscard]] bool ended() const { return is_.ended; }
  void set_reading(bool wanted);
  /// As one message. Takes everything: the owner counts with on_link_sent().
  void send(std::vector<std::byte> bytes);
  /// Sends what is left, then the close frame, and waits for the peer's, but not longer than `linger`.
  void close(CloseCode code);

  void go_away() override;
  void abort() override;

  [[nodiscard]] Shard& shard() const { return shard_; }
  [[nodiscard]] const Context& context() const { return *context_; }
  [[nodiscard]] const WsSettings& settings() const { return *settings_; }
  /// For the HTTP part, before accept().
  AsioStream& socket() { return stream_.next_layer(); }

 private:
  static constexpr std::size_t kSmallRead = 512;
  static constexpr std::size_t kLargeRead = 8 * 1024;
  static constexpr std::size_t kDeflateChunk = 1024;

  struct Flags {
    bool upgraded = false;
    bool text = false;  ///< the protocol wants text frames
    bool deflate = false;
    bool want_read = false;
    bool reading = false;
    bool writing = false;
    bool pinging = false;
    bool closing = false;  ///< the close frame is on its way
    bool ended = false;    ///< the owner knows
  };
  struct Deadlines {
    TimePoint last_heard;
    TimePoint close = TimePoint::max();
    TimePoint armed = TimePoint::max();
  };

  void configure(const Upgrade& upgrade);
  void enable_deflate();
  void on_upgraded();
  void read();
  std::span<std::byte> choose_buffer();
  void on_read(ErrorCode error, std::span<const std::byte> bytes);
  void write();
  void on_written(ErrorCode error, std::size_t bytes);
  void start_closing();
  void fail(ErrorCode error);
  void report_closed(ErrorCode error);

  void on_timer(TimePoint now) override;
  void check_silence(TimePoint now);
  void arm_timer(TimePoint now);

  Shard& shard_;
  const std::shared_ptr<Context> context_;
  const std::shared_ptr<const WsSettings> settings_;
  LinkOwner* owner_ = nullptr;
  Stream stream_;
  std::array<std::byte, kSmallRead> small_;
  std::unique_ptr<std::byte[]> large_;  ///< only within a large message
  std::vector<std::byte> sending_;
  std::vector<std::byte> queued_;  ///< goes after sending_
  std::optional<CloseCode> close_code_;
  Deadlines deadlines_;
  Flags is_;
};

}  // namespace sluice::ws
