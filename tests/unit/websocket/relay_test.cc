// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/websocket/fixture.h"

namespace sluice::ws::test {
namespace {

std::string pattern(std::size_t size) {
  std::string result(size, '\0');
  for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>(i * 7 + (i >> 9));
  return result;
}

Shard& other(Server& server, const Shard& shard) { return server.shards.at(1 - shard.index()); }

/// Moves and says so; the echo checks on which shard it runs.
void move(Server& server, Peer& peer, const std::function<void()>& then = [] {}) {
  Shard& target = other(server, *peer.shard);
  peer.transport->move_to(target, [&peer, &target, then] {
    EXPECT_EQ(Shard::current(), &target);
    peer.shard = &target;
    then();
  });
}

TEST(WsRelay, BytesKeepTheirOrderOnTheOtherShard) {
  Server server;
  bool moved = false;
  server.on_bytes = [&](Peer& peer, const std::string& bytes) {
    write_text(*peer.transport, bytes);
    if (!std::exchange(moved, true)) move(server, peer);
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  const std::string all = pattern(200'000);
  for (int round = 0; round < 5; ++round) {
    client.send(all);
    EXPECT_EQ(client.receive(all.size()), all) << round;
  }
}

TEST(WsRelay, MovingWithEveryMessageLosesNothing) {
  Server server;
  server.on_bytes = [&](Peer& peer, const std::string& bytes) {
    EXPECT_EQ(write_text(*peer.transport, bytes), bytes.size());
    move(server, peer);
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  std::string all;
  for (int i = 0; i < 300; ++i) {
    const std::string one = "message " + std::to_string(i) + ";";
    client.send(one);
    all += one;
  }
  EXPECT_EQ(client.receive(all.size()), all);
}

TEST(WsRelay, CloseArrivesBehindTheBytes) {
  Server server;
  Mailbox<std::string> got;
  server.on_accept = [&](Peer& peer) {
    peer.transport->start(peer);
    move(server, peer);
  };
  server.on_bytes = [&](Peer&, const std::string& bytes) { got.put(bytes); };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("last words");
  client.stream.close(websocket::close_code::normal);
  const auto why = server.closed.take();
  ASSERT_TRUE(why);
  EXPECT_FALSE(*why);
  EXPECT_EQ(got.take(), "last words");
}

TEST(WsRelay, SlowReaderBlocksTheOwnerOnTheOtherShard) {
  WsSettings settings;
  settings.max_backlog_bytes = 64 * 1024;
  Server server(settings);
  const std::string all = pattern(8'000'000);
  std::size_t written = 0;
  Mailbox<std::size_t> blocked;
  const auto fill = [&](Peer& peer) {
    written += write_text(*peer.transport, std::string_view(all).substr(written));
    blocked.put(written);
  };
  server.on_bytes = [&](Peer& peer, const std::string&) { move(server, peer, [&] { fill(peer); }); };
  server.on_writable = fill;
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("go");
  EXPECT_EQ(blocked.take(), settings.max_backlog_bytes);
  EXPECT_EQ(client.receive(all.size()), all);
}

TEST(WsRelay, BytesUnderWayAreBoundedWhileTheOwnerIsBusy) {
  Server server;
  std::size_t received = 0;
  Mailbox<Peer*> moved;
  Mailbox<std::size_t> done;
  const std::string all = pattern(16'000'000);
  server.on_accept = [&](Peer& peer) {
    peer.transport->start(peer);
    move(server, peer, [&] { moved.put(&peer); });
  };
  server.on_bytes = [&](Peer&, const std::string& bytes) {
    received += bytes.size();
    if (received == all.size()) done.put(received);
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  ASSERT_TRUE(moved.take());
  client.send(all);
  EXPECT_EQ(done.take(), all.size());
}

TEST(WsRelay, ShutdownFromTheOtherShardSendsEverythingFirst) {
  Server server;
  const std::string farewell = pattern(100'000);
  server.on_bytes = [&](Peer& peer, const std::string&) {
    move(server, peer, [&] {
      EXPECT_EQ(write_text(*peer.transport, farewell), farewell.size());
      peer.transport->shutdown();
      delete &peer;
    });
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  EXPECT_EQ(client.receive(farewell.size()), farewell);
  EXPECT_EQ(client.wait_for_close().second, 1000U);
}

TEST(WsRelay, DestroyingOnTheOtherShardClosesTheSocket) {
  Server server;
  server.on_bytes = [&](Peer& peer, const std::string&) { move(server, peer, [&peer] { delete &peer; }); };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  client.send("x");
  EXPECT_NE(client.wait_for_close().first, websocket::error::closed);
}

TEST(WsRelay, GoingDownReachesTheOwnerOnTheOtherShard) {
  Server server;
  Mailbox<int> moved;
  server.on_accept = [&](Peer& peer) {
    peer.transport->start(peer);
    move(server, peer, [&] { moved.put(1); });
  };
  server.start();
  Client client(server);
  ASSERT_FALSE(client.handshake());
  ASSERT_TRUE(moved.take());
  std::thread stopper([&] { server.stop(); });
  EXPECT_EQ(client.wait_for_close().second, 1001U);
  EXPECT_TRUE(server.closed.take());
  stopper.join();
}

}  // namespace
}  // namespace sluice::ws::test
