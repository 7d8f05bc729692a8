// SPDX-License-Identifier: Apache-2.0
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include "gateways/websocket/ws_probe.h"
#include "tests/unit/websocket/fixture.h"

namespace sluice::ws::test {
namespace {

std::string pattern(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>(i * 131 + (i >> 8));
  return result;
}

TEST(WsStream, BytesPassWhateverTheFrames) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("one packet");
  EXPECT_EQ(client.receive(10), "one packet");
  // One message in three frames.
  client.stream.write_some(false, boost::asio::buffer("sp", 2));
  client.stream.write_some(false, boost::asio::buffer("li", 2));
  client.stream.write_some(true, boost::asio::buffer("t", 1));
  EXPECT_EQ(client.receive(5), "split");
  client.send("");
  for (const std::size_t size : {1U, 125U, 126U, 511U, 512U, 513U, 1535U, 1537U, 65535U, 65536U, 200000U}) {
    const std::string bytes = pattern(size);
    client.send(bytes);
    EXPECT_EQ(client.receive(size), bytes) << size;
  }
}

TEST(WsStream, OneTurnsOutputIsOneMessage) {
  Server server;
  server.on_bytes = [](Peer& peer, const std::string&) {
    for (const char* part : {"a", "b", "c"}) write_text(*peer.transport, part);
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  boost::beast::flat_buffer buffer;
  client.stream.read(buffer);
  EXPECT_EQ(boost::beast::buffers_to_string(buffer.data()), "abc");
}

TEST(WsStream, TextFrameEndsWith1003) {
  Server server;
  server.start();
  for (const std::string text : {"hello", ""}) {
    Client client(server);
    ASSERT_FALSE(client.handshake());
    client.stream.text(true);
    client.send(text);
    const auto [error, code] = client.wait_for_close();
    EXPECT_EQ(error, websocket::error::closed);
    EXPECT_EQ(code, 1003U);
    const auto why = server.closed.take();
    ASSERT_TRUE(why);
    EXPECT_EQ(*why, websocket::error::bad_data_frame);
  }
}

TEST(WsStream, ATextProtocolGetsText) {
  Server server({}, {}, StreamPort::Frames::Text);
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.stream.text(true);
  client.send("hello");
  boost::beast::flat_buffer buffer;
  client.stream.read(buffer);
  EXPECT_TRUE(client.stream.got_text());
  EXPECT_EQ(boost::beast::buffers_to_string(buffer.data()), "hello");
  client.stream.binary(true);
  client.send("hello");
  EXPECT_EQ(client.wait_for_close().second, 1003U);
}

TEST(WsStream, PingIsAnswered) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  std::string pong;
  client.stream.control_callback([&](websocket::frame_type kind, boost::beast::string_view payload) {
    if (kind == websocket::frame_type::pong) pong = std::string(payload);
  });
  client.stream.ping("are you there");
  client.send("x");
  EXPECT_EQ(client.receive(1), "x");
  EXPECT_EQ(pong, "are you there");
}

TEST(WsStream, SilentPeerIsPingedAndClosed) {
  WsSettings settings;
  settings.ping_interval = std::chrono::milliseconds(100);
  Server server(settings);
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  const auto before = probe().ping_timeouts.value();
  // A client that does not read cannot answer; the kernel still acknowledges.
  const auto why = server.closed.take();
  ASSERT_TRUE(why);
  EXPECT_EQ(*why, boost::asio::error::timed_out);
  EXPECT_EQ(probe().ping_timeouts.value(), before + 1);
}

TEST(WsStream, SilentPeerThatAnswersPingsStays) {
  WsSettings settings;
  settings.ping_interval = std::chrono::milliseconds(100);
  Server server(settings);
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  int pings = 0;
  client.stream.control_callback([&](websocket::frame_type kind, boost::beast::string_view) {
    // Four intervals of silence: without the answers the second would have been the end.
    if (kind == websocket::frame_type::ping && ++pings == 4) {
      client.stream.next_layer().shutdown(tcp::socket::shutdown_both);
    }
  });
  client.wait_for_close();
  EXPECT_EQ(pings, 4);
}

TEST(WsStream, ClientsCloseIsAnsweredAndReportedAsOrderly) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  ErrorCode error;
  client.stream.close(websocket::close_code::normal, error);
  EXPECT_FALSE(error);
  const auto why = server.closed.take();
  ASSERT_TRUE(why);
  EXPECT_FALSE(*why);
}

TEST(WsStream, LostConnectionIsReported) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.stream.next_layer().close();
  EXPECT_TRUE(server.closed.take());
}

TEST(WsStream, UnmaskedFrameEndsWith1002) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  const auto before = probe().protocol_errors.value();
  boost::asio::write(client.stream.next_layer(), boost::asio::buffer("\x82\x01x", 3));
  EXPECT_EQ(client.wait_for_close().second, 1002U);
  EXPECT_TRUE(server.closed.take());
  EXPECT_EQ(probe().protocol_errors.value(), before + 1);
}

TEST(WsStream, MessageOverTheLimitEndsWith1009) {
  WsSettings settings;
  settings.max_message_bytes = 1000;
  Server server(settings);
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send(pattern(1000));
  EXPECT_EQ(client.receive(1000), pattern(1000));
  client.send(pattern(1001));
  EXPECT_EQ(client.wait_for_close().second, 1009U);
}

TEST(WsStream, ShutdownSendsWhatWasAcceptedThenCloses1000) {
  Server server;
  const std::string farewell = pattern(100'000);
  server.on_bytes = [&](Peer& peer, const std::string&) {
    EXPECT_EQ(write_text(*peer.transport, farewell), farewell.size());
    peer.transport->shutdown();
    EXPECT_EQ(write_text(*peer.transport, "late"), 0U);
    delete &peer;
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  EXPECT_EQ(client.receive(farewell.size()), farewell);
  const auto [error, code] = client.wait_for_close();
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(code, 1000U);
}

TEST(WsStream, ShutdownDoesNotWaitForeverForThePeersClose) {
  ListenerSettings listener;
  listener.linger = std::chrono::milliseconds(100);
  Server server({}, listener);
  server.on_bytes = [](Peer& peer, const std::string&) {
    peer.transport->shutdown();
    delete &peer;
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  // Reads the close frame as raw bytes and does not answer it: the end of the stream must come all the same.
  std::string raw;
  ErrorCode error;
  boost::asio::read(client.stream.next_layer(), boost::asio::dynamic_buffer(raw), error);
  EXPECT_EQ(raw, std::string("\x88\x02\x03\xe8", 4));
  EXPECT_TRUE(error == boost::asio::error::eof || error == boost::asio::error::connection_reset) << error.message();
}

TEST(WsStream, DestroyingTheTransportClosesAtOnce) {
  Server server;
  server.on_bytes = [](Peer& peer, const std::string&) { delete &peer; };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  EXPECT_NE(client.wait_for_close().first, websocket::error::closed);
}

TEST(WsStream, GoingDownSays1001AndTellsTheOwner) {
  Server server;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  std::thread stopper([&] { server.stop(); });
  const auto [error, code] = client.wait_for_close();
  stopper.join();
  EXPECT_EQ(error, websocket::error::closed);
  EXPECT_EQ(code, 1001U);
  const auto why = server.closed.take();
  ASSERT_TRUE(why);
  EXPECT_TRUE(*why);
}

TEST(WsStream, OwnersGoodbyeSays1001OnceTheGatewayStopsAccepting) {
  Server server;
  server.on_bytes = [](Peer& peer, const std::string&) {
    peer.transport->shutdown();
    delete &peer;
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  server.gateway.stop_accepting();
  client.send("x");
  EXPECT_EQ(client.wait_for_close().second, 1001U);
}

TEST(WsStream, SlowReaderGetsAShortWriteThenEverythingInOrder) {
  WsSettings settings;
  settings.max_backlog_bytes = 64 * 1024;
  Server server(settings);
  const std::string all = pattern(8'000'000);
  std::size_t written = 0;  // on the peer's shard
  Mailbox<std::size_t> blocked;
  const auto fill = [&](Peer& peer) {
    while (written < all.size()) {
      const std::size_t taken = write_text(*peer.transport, std::string_view(all).substr(written));
      written += taken;
      if (taken == 0 || written < all.size()) break;
    }
    blocked.put(written);
  };
  server.on_bytes = [&](Peer& peer, const std::string&) { fill(peer); };
  server.on_writable = fill;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("go");
  const auto first = blocked.take();
  ASSERT_TRUE(first);
  EXPECT_EQ(*first, settings.max_backlog_bytes);
  EXPECT_EQ(client.receive(all.size()), all);
}

TEST(WsStream, PausedReadingHoldsThePeerBack) {
  Server server;
  std::size_t received = 0;  // on the peer's shard
  Mailbox<std::size_t> done;
  Peer* target = nullptr;
  const std::string all = pattern(16'000'000);
  server.on_bytes = [&](Peer& peer, const std::string& bytes) {
    if (received == 0) {
      target = &peer;
      peer.transport->pause_reading();
      // Well after the client has filled the buffers between; a turn of the shard is enough to see that none come.
      done.put(0);
    }
    received += bytes.size();
    if (received == all.size()) done.put(received);
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  std::thread writer([&] { client.send(all); });
  ASSERT_TRUE(done.take());
  Mailbox<std::size_t> sample;
  target->shard->post([&] { sample.put(received); });
  const auto paused_at = sample.take();
  ASSERT_TRUE(paused_at);
  EXPECT_LE(*paused_at, 64U * 1024U);
  target->shard->post([&] { target->transport->resume_reading(); });
  EXPECT_EQ(done.take(), all.size());
  writer.join();
}

websocket::permessage_deflate deflate_client() {
  websocket::permessage_deflate deflate;
  deflate.client_enable = true;
  deflate.client_max_window_bits = 12;
  return deflate;
}

TEST(WsDeflate, CompressesForAtMostSoManyClients) {
  WsSettings settings;
  settings.deflate.enabled = true;
  settings.deflate.max_clients = 1;
  Server server(settings);
  server.start();
  const auto extension = boost::beast::http::field::sec_websocket_extensions;
  const std::string all = std::string(100'000, 'a') + pattern(100'000);
  Client first(server);
  first.stream.set_option(deflate_client());
  ASSERT_FALSE(first.handshake());
  EXPECT_NE(first.response[extension].find("server_no_context_takeover"), std::string::npos);
  EXPECT_NE(first.response[extension].find("client_max_window_bits=9"), std::string::npos);
  EXPECT_EQ(probe().deflating.value(), 1);
  Client second(server);
  second.stream.set_option(deflate_client());
  ASSERT_FALSE(second.handshake());
  EXPECT_EQ(second.response.count(extension), 0U);
  for (Client* client : {&first, &second}) {
    for (int round = 0; round < 3; ++round) {
      client->send(all);
      EXPECT_EQ(client->receive(all.size()), all);
    }
  }
  first.stream.close(websocket::close_code::normal);
  ASSERT_TRUE(server.closed.take());
  // The place is free again as soon as the connection is gone.
  for (int i = 0; i < 1000 && probe().deflating.value() != 0; ++i) std::this_thread::yield();
  EXPECT_EQ(probe().deflating.value(), 0);
}

TEST(WsDeflate, IsOffByDefault) {
  Server server;
  server.start();
  Client client(server);
  client.stream.set_option(deflate_client());
  ASSERT_FALSE(client.handshake());
  EXPECT_EQ(client.response.count(boost::beast::http::field::sec_websocket_extensions), 0U);
}

}  // namespace
}  // namespace sluice::ws::test
