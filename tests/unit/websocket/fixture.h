// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <gtest/gtest.h>

#include "gateways/websocket/ws_gateway.h"

namespace sluice::ws::test {

using tcp = boost::asio::ip::tcp;
namespace websocket = boost::beast::websocket;

inline constexpr std::chrono::seconds kPatience{20};

/// A value that one thread sets and another waits for.
template <class T>
class Mailbox {
 public:
  void put(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    there_.notify_all();
  }
  std::optional<T> take() {
    std::unique_lock lock(mutex_);
    if (!there_.wait_for(lock, kPatience, [this] { return !values_.empty(); })) return std::nullopt;
    T value = std::move(values_.front());
    values_.pop_front();
    return value;
  }

 private:
  std::mutex mutex_;
  std::condition_variable there_;
  std::deque<T> values_;
};

inline std::size_t write_text(Transport& transport, std::string_view text) {
  const iovec buffer{const_cast<char*>(text.data()), text.size()};
  return transport.write({&buffer, 1});
}

/// The protocol behind the gateway: what it does is said by the test. Everything runs on the connection's shard.
class Peer final : public TransportEvents {
 public:
  Peer(std::unique_ptr<Transport> the_transport, class Server& the_server)
      : transport(std::move(the_transport)), server(the_server) {}

  void on_bytes(std::span<const std::byte> bytes) override;
  void on_writable() override;
  void on_closed(ErrorCode why) override;

  std::unique_ptr<Transport> transport;
  class Server& server;
  Shard* shard = Shard::current();
  std::string mountpoint;  ///< of its listener
};

/// Who a transport says is at its other end; asked on its shard, where it may go at any time.
inline TransportPeer peer_of(Peer& peer) {
  std::promise<TransportPeer> answer;
  peer.shard->post([&] { answer.set_value(peer.transport->peer()); });
  return answer.get_future().get();
}

/// The mount point of its listener; asked on its shard too.
inline std::string mountpoint_of(Peer& peer) {
  std::promise<std::string> answer;
  peer.shard->post([&] { answer.set_value(peer.mountpoint); });
  return answer.get_future().get();
}

/// Two shards, a gateway on a free port of the loopback, and what its connections report.
class Server {
 public:
  explicit Server(WsSettings settings = {}, ListenerSettings listener = {},
                  StreamPort::Frames frames = StreamPort::Frames::Binary) {
    port.add({"mqtt", {"mqtt", "mqttv3.1"}, frames, [this](auto transport, auto traits) {
                EXPECT_EQ(traits->name, "mqtt:ws:test");
                auto* const peer = new Peer(std::move(transport), *this);
                peer->mountpoint = traits->mountpoint;
                on_accept(*peer);
              }});
    listener.name = "mqtt:ws:test";
    listener.key = "listener.ws.test";
    listener.address = "127.0.0.1:0";
    auto traits = std::make_shared<ListenerTraits>();
    traits->name = listener.name;
    EXPECT_EQ(gateway.open(std::move(listener), std::move(settings), std::move(traits)), "");
  }
  ~Server() { stop(); }

  void start() {
    shards.start();
    gateway.start();
    running_ = true;
  }
  void stop() {
    if (!std::exchange(running_, false)) return;
    gateway.stop(std::chrono::milliseconds(200));
    shards.stop();
  }
  std::uint16_t tcp_port() const { return gateway.listeners().front()->bound().port; }

  ShardGroup shards{2};
  StreamPort port;
  WsGateway gateway{shards, port};

  std::function<void(Peer&)> on_accept = [this](Peer& peer) {
    accepted.put(&peer);
    peer.transport->start(peer);
  };
  /// Echo, unless the test says otherwise.
  std::function<void(Peer&, std::string)> on_bytes = [](Peer& peer, const std::string& bytes) {
    write_text(*peer.transport, bytes);
  };
  std::function<void(Peer&)> on_writable = [](Peer&) {};

  Mailbox<Peer*> accepted;
  Mailbox<ErrorCode> closed;

 private:
  bool running_ = false;
};

inline void Peer::on_bytes(std::span<const std::byte> bytes) {
  EXPECT_EQ(Shard::current(), shard);
  server.on_bytes(*this, std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}
inline void Peer::on_writable() {
  EXPECT_EQ(Shard::current(), shard);
  server.on_writable(*this);
}
inline void Peer::on_closed(ErrorCode why) {
  EXPECT_EQ(Shard::current(), shard);
  server.closed.put(why);
  delete this;
}

inline void limit_waiting(tcp::socket& socket) {
  const timeval limit{kPatience.count(), 0};
  ASSERT_EQ(::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
  ASSERT_EQ(::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit), 0);
}

inline tcp::socket connect_tcp(boost::asio::io_context& io, const Server& server) {
  tcp::socket socket(io);
  socket.connect({boost::asio::ip::address_v4::loopback(), server.tcp_port()});
  limit_waiting(socket);
  return socket;
}

/// A blocking WebSocket client.
class Client {
 public:
  explicit Client(const Server& server) : stream(connect_tcp(io, server)) { stream.binary(true); }

  ErrorCode handshake(const std::string& subprotocol = "mqtt") {
    stream.set_option(websocket::stream_base::decorator([subprotocol](websocket::request_type& request) {
      if (!subprotocol.empty()) request.set(boost::beast::http::field::sec_websocket_protocol, subprotocol);
    }));
    ErrorCode error;
    stream.handshake(response, "localhost", "/mqtt", error);
    return error;
  }
  void send(std::string_view bytes) { stream.write(boost::asio::buffer(bytes)); }
  /// Reads messages until so many bytes have come.
  std::string receive(std::size_t size) {
    std::string result;
    while (result.size() < size) {
      boost::beast::flat_buffer buffer;
      ErrorCode error;
      stream.read(buffer, error);
      if (error) {
        ADD_FAILURE() << error.message() << " after " << result.size() << " bytes";
        break;
      }
      EXPECT_TRUE(stream.got_binary());
      result.append(static_cast<const char*>(buffer.data().data()), buffer.size());
    }
    return result;
  }
  /// Reads until the server closes; its close code, or what ended the stream.
  std::pair<ErrorCode, unsigned> wait_for_close() {
    ErrorCode error;
    while (!error) {
      boost::beast::flat_buffer buffer;
      stream.read(buffer, error);
    }
    return {error, stream.reason().code};
  }

  boost::asio::io_context io;
  websocket::stream<tcp::socket> stream;
  websocket::response_type response;
};

}  // namespace sluice::ws::test
