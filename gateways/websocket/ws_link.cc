// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_link.h"

#include <algorithm>
#include <utility>

#include <boost/asio/buffer.hpp>

#include "gateways/websocket/ws_probe.h"

namespace sluice::ws {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;

void count_failure(ErrorCode error) {
  if (error == websocket::error::message_too_big) {
    probe().too_big.add();
  } else if (error == websocket::condition::protocol_violation || error == websocket::error::bad_data_frame) {
    probe().protocol_errors.add();
  }
}

}  // namespace

WsLink::WsLink(std::shared_ptr<Context> context, AsioStream socket)
    : shard_(socket.shard()),
      context_(std::move(context)),
      settings_(context_->settings()),
      stream_(std::move(socket)) {
  deadlines_.last_heard = shard_.now();
  context_->join(shard_, *this);
}

WsLink::~WsLink() {
  if (is_.deflate) {
    context_->give_back_deflate();
    probe().deflating.add(-1);
  }
  if (is_.upgraded) probe().connections.add(-1);
  context_->leave(shard_, *this);
}

void WsLink::configure(const Upgrade& upgrade) {
  is_.text = upgrade.protocol->frames == StreamPort::Frames::Text;
  stream_.text(is_.text);
  stream_.auto_fragment(false);
  stream_.read_message_max(settings_->max_message_bytes);
  // A frame of any kind proves that the peer lives; data frames are seen where they are read.
  stream_.control_callback(
      [this](websocket::frame_type, boost::beast::string_view) { deadlines_.last_heard = shard_.now(); });
  stream_.set_option(
      websocket::stream_base::decorator([name = upgrade.subprotocol](websocket::response_type& response) {
        response.set(http::field::server, "Sluice");
        if (!name.empty()) response.set(http::field::sec_websocket_protocol, name);
      }));
  if (upgrade.deflate_offered && context_->take_deflate(settings_->deflate)) enable_deflate();
}

void WsLink::enable_deflate() {
  is_.deflate = true;
  probe().deflating.add(1);
  const DeflateSettings& settings = settings_->deflate;
  websocket::permessage_deflate deflate;
  deflate.server_enable = true;
  deflate.server_no_context_takeover = true;
  deflate.client_no_context_takeover = true;
  deflate.server_max_window_bits = settings.window_bits;
  deflate.client_max_window_bits = settings.window_bits;
  deflate.memLevel = settings.memory_level;
  deflate.msg_size_threshold = settings.threshold;
  stream_.set_option(deflate);
  stream_.write_buffer_bytes(kDeflateChunk);
}

void WsLink::accept(const Request& request, const Upgrade& upgrade, std::function<void(ErrorCode)> done) {
  configure(upgrade);
  stream_.async_accept(request, [self = shared_from_this(), done = std::move(done)](ErrorCode error) {
    if (!error) self->on_upgraded();
    done(error);
  });
}

void WsLink::on_upgraded() {
  is_.upgraded = true;
  probe().upgraded.add();
  probe().connections.add(1);
  // It has done its work and holds memory.
  stream_.set_option(websocket::stream_base::decorator([](websocket::response_type&) {}));
  deadlines_.last_heard = shard_.now();
  arm_timer(shard_.now());
}

void WsLink::set_reading(bool wanted) {
  is_.want_read = wanted;
  if (!wanted || is_.reading || is_.ended) return;
  // While nobody read, nobody could hear.
  deadlines_.last_heard = shard_.now();
  read();
}

std::span<std::byte> WsLink::choose_buffer() {
  // Between messages Beast waits for a header in a buffer of its own; this one is touched only when there are data.
  if (stream_.is_message_done()) {
    large_.reset();
  } else if (!large_ && stream_.read_size_hint(kSmallRead) > kSmallRead) {
    large_ = std::make_unique_for_overwrite<std::byte[]>(kLargeRead);
  }
  return large_ ? std::span<std::byte>(large_.get(), kLargeRead) : std::span<std::byte>(small_);
}

void WsLink::read() {
  is_.reading = true;
  const std::span<std::byte> buffer = choose_buffer();
  stream_.async_read_some(asio::buffer(buffer.data(), buffer.size()),
                          [self = shared_from_this(), at = buffer.data()](ErrorCode error, std::size_t size) {
                            self->on_read(error, {at, size});
                          });
}

void WsLink::on_read(ErrorCode error, std::span<const std::byte> bytes) {
  deadlines_.last_heard = shard_.now();
  if (error) {
    is_.reading = false;
    fail(error);
    return;
  }
  if (!close_code_ && stream_.got_text() != is_.text) {
    // [MQTT-6.0.0-1]
    is_.reading = false;
    close(websocket::close_code::unknown_data);
    report_closed(websocket::error::bad_data_frame);
    return;
  }
  // The owner may ask for more while it still looks at these bytes: the next read begins when it has returned.
  if (owner_ != nullptr && !bytes.empty()) owner_->on_link_bytes(bytes);
  is_.reading = false;
  if (is_.want_read && !is_.closing && socket().is_open()) read();
}

void WsLink::send(std::vector<std::byte> bytes) {
  if (is_.ended || close_code_ || bytes.empty()) return;
  if (is_.writing) {
    queued_.insert(queued_.end(), bytes.begin(), bytes.end());
    return;
  }
  sending_ = std::move(bytes);
  write();
}

void WsLink::write() {
  is_.writing = true;
  stream_.async_write(asio::buffer(sending_), [self = shared_from_this()](ErrorCode error, std::size_t) {
    self->on_written(error, self->sending_.size());
  });
}

void WsLink::on_written(ErrorCode error, std::size_t bytes) {
  is_.writing = false;
  if (error) {
    fail(error);
    return;
  }
  sending_ = std::exchange(queued_, {});
  if (!sending_.empty()) {
    write();
  } else if (close_code_) {
    start_closing();
  }
  if (owner_ != nullptr) owner_->on_link_sent(bytes);
}

void WsLink::close(CloseCode code) {
  if (close_code_ || is_.ended) return;
  close_code_ = code;
  if (!is_.writing) {
    start_closing();
  } else {
    // Until the rest is sent, what still comes is read and forgotten, so that a dead peer is noticed.
    set_reading(true);
  }
}

void WsLink::start_closing() {
  is_.closing = true;
  const ListenerState* const listener = socket().listener();
  deadlines_.close = shard_.now() + (listener != nullptr ? listener->settings.linger : ListenerSettings().linger);
  arm_timer(shard_.now());
  // NOLINTNEXTLINE(bugprone-unchecked-optional-access): nobody closes without a code
  const websocket::close_code code = *close_code_;
  const bool going = context_->stopping() && code == websocket::close_code::normal;
  stream_.async_close(going ? websocket::close_code::going_away : code,
                      [self = shared_from_this()](ErrorCode) { self->abort(); });
}

void WsLink::go_away() {
  if (!is_.upgraded) {
    abort();
    return;
  }
  close(websocket::close_code::going_away);
  report_closed(asio::error::operation_aborted);
}

void WsLink::abort() {
  cancel();
  socket().close();
  report_closed(asio::error::operation_aborted);
}

void WsLink::fail(ErrorCode error) {
  report_closed(error);
  // The closing handshake ends the connection itself.
  if (!is_.closing) abort();
}

void WsLink::report_closed(ErrorCode error) {
  if (std::exchange(is_.ended, true)) return;
  count_failure(error);
  const bool orderly = error == websocket::error::closed || error == asio::error::eof;
  if (LinkOwner* const owner = std::exchange(owner_, nullptr)) owner->on_link_closed(orderly ? ErrorCode() : error);
}

void WsLink::on_timer(TimePoint now) {
  const auto self = shared_from_this();
  deadlines_.armed = TimePoint::max();
  if (now >= deadlines_.close) {
    abort();
    return;
  }
  check_silence(now);
  if (socket().is_open()) arm_timer(now);
}

void WsLink::check_silence(TimePoint now) {
  const auto interval = settings_->ping_interval;
  if (interval.count() == 0 || !is_.reading) return;
  const Duration silence = now - deadlines_.last_heard;
  if (silence >= 2 * interval) {
    probe().ping_timeouts.add();
    report_closed(asio::error::timed_out);
    abort();
  } else if (silence >= interval && !is_.pinging) {
    is_.pinging = true;
    stream_.async_ping({}, [self = shared_from_this()](ErrorCode) { self->is_.pinging = false; });
  }
}

void WsLink::arm_timer(TimePoint now) {
  TimePoint next = deadlines_.close;
  if (const auto interval = settings_->ping_interval; interval.count() != 0) {
    const TimePoint heard = is_.reading ? deadlines_.last_heard : now;
    next = std::min(next, heard + (now - heard >= interval ? 2 * interval : interval));
  }
  if (next >= deadlines_.armed) return;
  deadlines_.armed = next;
  shard_.wheel().arm(*this, next);
}

}  // namespace sluice::ws
