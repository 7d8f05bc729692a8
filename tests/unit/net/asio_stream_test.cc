// SPDX-License-Identifier: Apache-2.0
// AsioStream under Beast, plain and TLS, on a shard.
#include "shared/net/asio_stream.h"

#include <future>
#include <string>

#include <boost/asio/buffer.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/stream_traits.hpp>

#include "shared/net/net_probe.h"
#include "tests/unit/net/net_fixture.h"

namespace sluice::test {
namespace {

static_assert(boost::beast::is_async_stream<AsioStream>::value);

/// Accepts into AsioStreams; everything with them happens on their shard.
class AsioStreamTest : public NetTest, public ::testing::WithParamInterface<bool> {
 protected:
  ~AsioStreamTest() override {
    listener->stop();
    if (stream_) run([this](AsioStream&) { stream_.reset(); });
  }

  std::unique_ptr<Client> serve(ListenerSettings settings, int receive_buffer = 0) {
    std::promise<void> ready;
    auto opened = Listener::open(shards, std::move(settings), [this, &ready](Shard& shard, AcceptedSocket socket) {
      stream_.emplace(shard, std::move(socket));
      ready.set_value();
    });
    EXPECT_TRUE(opened.has_value());
    listener = std::move(*opened);
    listener->start();
    auto client = std::make_unique<Client>(listener->bound(), receive_buffer);
    if (GetParam()) {
      EXPECT_EQ(client->start_tls({}), "");
    }
    ready.get_future().get();
    return client;
  }

  static ListenerSettings settings() { return GetParam() ? secure() : plain(); }

  void run(const std::function<void(AsioStream&)>& task) {
    std::promise<void> done;
    stream_->shard().post([this, &task, &done] {
      task(*stream_);
      done.set_value();
    });
    done.get_future().get();
  }

  struct Outcome {
    boost::system::error_code error;
    std::size_t bytes = 0;
  };
  /// Starts a read of `room` bytes at most; the future is ready when its handler has run.
  std::future<Outcome> read_some(std::string& into) {
    auto done = std::make_shared<std::promise<Outcome>>();
    run([&](AsioStream& stream) {
      stream.async_read_some(boost::asio::buffer(into), [done](boost::system::error_code error, std::size_t bytes) {
        done->set_value({error, bytes});
      });
    });
    return done->get_future();
  }
  std::future<Outcome> write(const std::string& from) {
    auto done = std::make_shared<std::promise<Outcome>>();
    run([&](AsioStream& stream) {
      boost::asio::async_write(
          stream, boost::asio::buffer(from),
          [done](boost::system::error_code error, std::size_t bytes) { done->set_value({error, bytes}); });
    });
    return done->get_future();
  }

  std::optional<AsioStream> stream_;
};
INSTANTIATE_TEST_SUITE_P(PlainAndTls, AsioStreamTest, ::testing::Bool(),
                         [](const auto& tls) { return tls.param ? "Tls" : "Plain"; });

TEST_P(AsioStreamTest, CarriesBytesBothWays) {
  const auto client = serve(settings());
  std::string buffer(64, '\0');
  auto pending = read_some(buffer);
  client->send("hello");
  EXPECT_EQ(pending.get().bytes, 5U);
  EXPECT_EQ(buffer.substr(0, 5), "hello");
  EXPECT_EQ(write("world").get().bytes, 5U);
  EXPECT_EQ(client->read(5), "world");
}

TEST_P(AsioStreamTest, AReadThatSucceedsAtOnceStillCompletesLater) {
  const auto client = serve(settings());
  client->send("ab");
  std::string one(1, '\0');
  EXPECT_EQ(read_some(one).get().bytes, 1U);
  // The second byte is here already, in the kernel or in OpenSSL.
  bool inside = true;
  bool called_inside = false;
  std::promise<void> done;
  run([&](AsioStream& stream) {
    stream.async_read_some(boost::asio::buffer(one), [&](boost::system::error_code, std::size_t) {
      called_inside = inside;
      done.set_value();
    });
    inside = false;
  });
  done.get_future().get();
  EXPECT_FALSE(called_inside);
  EXPECT_EQ(one, "b");
}

TEST_P(AsioStreamTest, WritesMoreThanTheSocketTakes) {
  ListenerSettings small = settings();
  small.sndbuf = 4096;
  const auto client = serve(small, 4096);
  std::string block(1024 * 1024, '\0');
  for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<char>(i * 13 + i / 241);
  auto pending = write(block);
  EXPECT_EQ(client->read(block.size()), block);
  EXPECT_EQ(pending.get().bytes, block.size());
}

TEST_P(AsioStreamTest, GathersBuffers) {
  const auto client = serve(settings());
  const std::string a = "ga", b = "", c = "ther";
  std::promise<std::size_t> done;
  run([&](AsioStream& stream) {
    const std::array<boost::asio::const_buffer, 3> parts{boost::asio::buffer(a), boost::asio::buffer(b),
                                                         boost::asio::buffer(c)};
    stream.async_write_some(parts, [&done](boost::system::error_code, std::size_t bytes) { done.set_value(bytes); });
  });
  EXPECT_EQ(done.get_future().get(), 6U);
  EXPECT_EQ(client->read(6), "gather");
}

TEST_P(AsioStreamTest, TheEndOfThePeerIsEof) {
  const auto client = serve(settings());
  std::string buffer(8, '\0');
  auto pending = read_some(buffer);
  // Half-closed: a socket that is closed with unread session tickets in it would send a reset.
  ::shutdown(client->fd(), SHUT_WR);
  EXPECT_EQ(pending.get().error, boost::asio::error::eof);
}

TEST_P(AsioStreamTest, CloseEndsAPendingRead) {
  const auto client = serve(settings());
  std::string buffer(8, '\0');
  auto pending = read_some(buffer);
  run([](AsioStream& stream) { stream.close(); });
  EXPECT_EQ(pending.get().error, boost::asio::error::operation_aborted);
  EXPECT_TRUE(client->ended());
  EXPECT_EQ(read_some(buffer).get().error, boost::asio::error::bad_descriptor);
  EXPECT_EQ(listener->probe().current.load(), 0);
}

TEST_P(AsioStreamTest, ShutdownSaysGoodbyeInOrder) {
  const auto client = serve(settings());
  EXPECT_EQ(write("last words").get().bytes, 10U);
  run([](AsioStream& stream) { stream.shutdown(); });
  EXPECT_EQ(client->read(10), "last words");
  EXPECT_TRUE(client->at_end());
}

TEST_P(AsioStreamTest, SendTimeoutEndsAWrite) {
  ListenerSettings small = settings();
  small.sndbuf = 4096;
  small.send_timeout = std::chrono::milliseconds(100);
  const auto client = serve(small, 4096);
  const std::string block(8 * 1024 * 1024, 'w');
  EXPECT_EQ(write(block).get().error, boost::asio::error::operation_aborted);
  EXPECT_EQ(listener->probe().send_timeouts.load(), 1U);
}

TEST_P(AsioStreamTest, RateLimitSlowsReadingDown) {
  ListenerSettings slow = settings();
  slow.rate_limit = {.burst = 2048, .per_second = 10240};
  const auto client = serve(slow);
  const auto start = Clock::now();
  client->send(std::string(10240, 'r'));
  std::string buffer(10240, '\0');
  std::size_t got = 0;
  while (got < buffer.size()) {
    const Outcome outcome = read_some(buffer).get();
    ASSERT_FALSE(outcome.error);
    got += outcome.bytes;
  }
  EXPECT_GE(Clock::now() - start, std::chrono::milliseconds(700));
  EXPECT_GE(listener->probe().rate_limited.load(), 1U);
}

}  // namespace
}  // namespace sluice::test
