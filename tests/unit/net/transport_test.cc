// SPDX-License-Identifier: Apache-2.0
// TcpTransport over a real listener and a blocking client.
#include <array>
#include <string>
#include <sys/socket.h>

#include "shared/net/net_probe.h"
#include "shared/net/tcp_transport.h"
#include "tests/unit/net/net_fixture.h"

namespace sluice::test {
namespace {

iovec piece(std::string& text) { return {text.data(), text.size()}; }

std::size_t write_all(Transport& transport, std::string text) {
  const std::array<iovec, 1> pieces{piece(text)};
  return transport.write(pieces);
}

class TcpTransportTest : public NetTest {};

TEST_F(TcpTransportTest, CarriesBytesBothWays) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  client.send("hello");
  ASSERT_TRUE(server.wait_for_bytes(5));
  EXPECT_EQ(server.received, "hello");
  std::string first = "wor";
  std::string second = "ld";
  EXPECT_EQ(server.on_shard([&](Transport& transport) {
    const std::array<iovec, 2> pieces{piece(first), piece(second)};
    return transport.write(pieces);
  }),
            5U);
  EXPECT_EQ(client.read(5), "world");
}

TEST_F(TcpTransportTest, KnowsBothEnds) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  EXPECT_EQ(server.on_shard([](Transport& transport) { return transport.peer().address; }), client.address());
  EXPECT_EQ(server.on_shard([](Transport& transport) { return transport.peer().local; }), listener->bound());
}

TEST_F(TcpTransportTest, TellsOnceThatThePeerClosed) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  client.send("bye");
  client.close();
  ASSERT_TRUE(server.wait_closed());
  EXPECT_EQ(server.received, "bye");
  EXPECT_FALSE(server.why);
  EXPECT_EQ(server.on_shard([](Transport& transport) { return write_all(transport, "late"); }), 0U);
}

TEST_F(TcpTransportTest, TellsOfAReset) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  const linger abort{1, 0};
  ::setsockopt(client.fd(), SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
  client.close();
  ASSERT_TRUE(server.wait_closed());
  EXPECT_EQ(server.why, boost::system::errc::connection_reset);
}

TEST_F(TcpTransportTest, MayBeDestroyedInItsOwnEvents) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  server.on_shard([&server](Transport&) { server.when_bytes = [&server](Transport&) { server.drop_here(); }; });
  client.send("x");
  EXPECT_TRUE(client.at_end());
  EXPECT_EQ(listener->probe().current.load(), 0);
}

TEST_F(TcpTransportTest, AShortWriteIsFollowedByWritable) {
  ListenerSettings settings = plain();
  settings.sndbuf = 4096;
  listen(settings);
  Client client(listener->bound(), 4096);
  Recorder& server = accepted();
  const std::string block(8 * 1024 * 1024, 'b');
  const std::size_t sent = server.on_shard([&](Transport& transport) { return write_all(transport, block); });
  ASSERT_LT(sent, block.size());
  EXPECT_EQ(client.read(sent), block.substr(0, sent));
  ASSERT_TRUE(server.wait([&server] { return server.writable > 0; }));
  EXPECT_GT(server.on_shard([](Transport& transport) { return write_all(transport, "more"); }), 0U);
  EXPECT_EQ(client.read(4), "more");
}

TEST_F(TcpTransportTest, APausedOneReadsNothingUntilItIsResumed) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  server.on_shard([](Transport& transport) { transport.pause_reading(); });
  client.send("held");
  Client second = connect();
  Recorder& other = accepted();
  // Both live on some shard; a byte that went round through each shard's loop shows that "held" had its chance.
  second.send("x");
  ASSERT_TRUE(other.wait_for_bytes(1));
  shards.run_on_all([](Shard&) {});
  EXPECT_EQ(server.on_shard([&server](Transport&) { return server.received; }), "");
  server.on_shard([](Transport& transport) { transport.resume_reading(); });
  ASSERT_TRUE(server.wait_for_bytes(4));
  EXPECT_EQ(server.received, "held");
}

TEST_F(TcpTransportTest, ShutdownDeliversEverythingThenFin) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  const std::string text(200'000, 't');
  std::size_t sent = 0;
  server.on_shard([&](Transport& transport) {
    sent = write_all(transport, text);
    transport.shutdown();
  });
  server.drop();
  // Unread bytes at the server must not turn the end into a reset.
  client.send("ignored");
  EXPECT_EQ(client.read(sent), text.substr(0, sent));
  EXPECT_TRUE(client.at_end());
  EXPECT_FALSE(server.closed);
}

TEST_F(TcpTransportTest, ShutdownGivesUpAPeerThatStays) {
  ListenerSettings settings = plain();
  settings.linger = std::chrono::milliseconds(100);
  listen(settings);
  Client client = connect();
  Recorder& server = accepted();
  server.on_shard([](Transport& transport) { transport.shutdown(); });
  server.drop();
  EXPECT_TRUE(client.at_end());
  EXPECT_TRUE(eventually([this] { return listener->probe().current == 0; }));
}

TEST_F(TcpTransportTest, MovesToAnotherShard) {
  listen(plain());
  Client client = connect();
  Recorder& server = accepted();
  client.send("a");
  ASSERT_TRUE(server.wait_for_bytes(1));
  for (std::size_t round = 0; round < 4; ++round) {
    server.move_to(shards.at(round % 2));
    client.send("b");
    ASSERT_TRUE(server.wait_for_bytes(round + 2));
  }
  const std::vector<std::thread::id> threads = server.threads_so_far();
  EXPECT_NE(threads[threads.size() - 1], threads[threads.size() - 2]);
  client.close();
  EXPECT_TRUE(server.wait_closed());
}

/// Writes until the kernels' buffers at both ends are full: after a short write there may be room again at once.
std::size_t fill(Recorder& server, const std::string& block) {
  constexpr int kRepeats = 50;
  std::size_t sent = 0;
  for (int i = 0; i < kRepeats; ++i) {
    sent += server.on_shard([&](Transport& transport) { return write_all(transport, block); });
  }
  return sent;
}

TEST_F(TcpTransportTest, SendTimeoutClosesWhoReadsNothing) {
  ListenerSettings settings = plain();
  settings.sndbuf = 4096;
  settings.send_timeout = std::chrono::milliseconds(100);
  listen(settings);
  Client client(listener->bound(), 4096);
  Recorder& server = accepted();
  const std::string block(8 * 1024 * 1024, 'b');
  fill(server, block);
  ASSERT_TRUE(server.wait_closed());
  EXPECT_EQ(server.why, boost::system::errc::timed_out);
  EXPECT_EQ(listener->probe().send_timeouts.load(), 1U);
  EXPECT_EQ(listener->probe().current.load(), 0);
}

TEST_F(TcpTransportTest, SendTimeoutOnlyCountsWhenItIsNotToClose) {
  ListenerSettings settings = plain();
  settings.sndbuf = 4096;
  settings.send_timeout = std::chrono::milliseconds(100);
  settings.send_timeout_close = false;
  listen(settings);
  Client client(listener->bound(), 4096);
  Recorder& server = accepted();
  const std::string block(8 * 1024 * 1024, 'b');
  const std::size_t sent = fill(server, block);
  EXPECT_TRUE(eventually([this] { return listener->probe().send_timeouts >= 2; }));
  const int writable_before = server.on_shard([&](Transport&) { return server.writable; });
  EXPECT_EQ(client.read(sent).size(), sent);
  EXPECT_TRUE(server.wait([&] { return server.writable > writable_before; }));
}

TEST_F(TcpTransportTest, RateLimitSlowsReadingDown) {
  ListenerSettings settings = plain();
  settings.rate_limit = {.burst = 4096, .per_second = 40960};
  listen(settings);
  Client client = connect();
  const auto start = Clock::now();
  Recorder& server = accepted();
  client.send(std::string(20480, 'r'));
  ASSERT_TRUE(server.wait_for_bytes(20480));
  // 16 KB beyond the burst at 40 KB a second.
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(350));
  EXPECT_GE(listener->probe().rate_limited.load(), 1U);
}

TEST_F(TcpTransportTest, CountsBytes) {
  listen(plain());
  const std::uint64_t received = net_probe().bytes_received.value();
  const std::uint64_t sent = net_probe().bytes_sent.value();
  Client client = connect();
  Recorder& server = accepted();
  client.send("12345");
  ASSERT_TRUE(server.wait_for_bytes(5));
  server.on_shard([](Transport& transport) { return write_all(transport, "123"); });
  client.read(3);
  EXPECT_EQ(net_probe().bytes_received.value() - received, 5U);
  EXPECT_EQ(net_probe().bytes_sent.value() - sent, 3U);
}

}  // namespace
}  // namespace sluice::test
