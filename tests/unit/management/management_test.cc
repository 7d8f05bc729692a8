// SPDX-License-Identifier: Apache-2.0
// The whole of it: the API as bytes on the unix socket, and $SYS.
#include "broker/management/management.h"

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "broker/management/control_plane.h"
#include "tests/support/temp_dir.h"
#include "tests/unit/management/live_core.h"

namespace sluice::management {
namespace {

/// A connection that sends bytes and reads until the server closes, or ten seconds long nothing comes.
class Connection {
 public:
  explicit Connection(const std::filesystem::path& path) : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.c_str(), path.native().size());
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0) << std::strerror(errno);
    const timeval patience{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  }
  ~Connection() { ::close(fd_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void send(std::string_view bytes) const { ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL); }
  std::string read_all() const {
    std::string all;
    while (read_some(all)) {
    }
    return all;
  }
  /// Until `end` has come.
  std::string read_until(std::string_view end) const {
    std::string all;
    while (all.find(end) == std::string::npos && read_some(all)) {
    }
    return all;
  }

 private:
  bool read_some(std::string& all) const {
    std::array<char, 4096> chunk{};
    const ssize_t size = ::recv(fd_, chunk.data(), chunk.size(), 0);
    if (size > 0) all.append(chunk.data(), static_cast<std::size_t>(size));
    return size > 0;
  }
  int fd_;
};

class ManagementTest : public ::testing::Test {
 protected:
  ~ManagementTest() override {
    if (management_) management_->stop();
    live_.stop();
    management_.reset();
  }
  std::string start(std::chrono::seconds sys_interval = std::chrono::seconds(0)) {
    management_ =
        std::make_unique<Management>(live_.deps(), ManagementSettings{.socket = socket_, .sys_interval = sys_interval});
    return management_->start();
  }
  std::string exchange(std::string_view request) const {
    const Connection connection(socket_);
    connection.send(request);
    return connection.read_all();
  }

  test::TempDir dir_;
  const std::filesystem::path socket_ = dir_.path() / "sluice.sock";
  LiveCore live_;
  std::unique_ptr<Management> management_;
};

TEST_F(ManagementTest, AnswersOverTheSocket) {
  ASSERT_EQ(start(), "");
  const std::string answer = exchange("GET /api/v2/management/nodes HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK\r\n")) << answer;
  EXPECT_NE(answer.find("Content-Type: application/json\r\n"), std::string::npos) << answer;
  EXPECT_NE(answer.find(R"("name":"node@test")"), std::string::npos) << answer;
}

TEST_F(ManagementTest, KeepsAConnectionForTheNextRequest) {
  ASSERT_EQ(start(), "");
  const Connection connection(socket_);
  for (int i = 0; i < 3; ++i) {
    connection.send("PUT /api/v2/acl/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    EXPECT_NE(connection.read_until(R"({"code":0,"result":[]})").find("200 OK"), std::string::npos);
  }
}

TEST_F(ManagementTest, RefusesWhatIsTooLargeOrNoHttp) {
  ASSERT_EQ(start(), "");
  EXPECT_TRUE(exchange("nonsense\r\n\r\n").starts_with("HTTP/1.1 400 "));
  EXPECT_TRUE(exchange("GET /" + std::string(9000, 'x') + " HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 431 "));
  EXPECT_TRUE(
      exchange("PUT /api/v2/acl/reload HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n").starts_with("HTTP/1.1 413 "));
}

TEST_F(ManagementTest, SixtyFourConnectionsAreTheMost) {
  ASSERT_EQ(start(), "");
  std::vector<std::unique_ptr<Connection>> open;
  for (std::size_t i = 0; i < ControlPlane::kMaxConnections; ++i) {
    open.push_back(std::make_unique<Connection>(socket_));
    open.back()->send("GET /api/v2/management/nodes HTTP/1.1\r\n\r\n");
    ASSERT_NE(open.back()->read_until("Running").find("200 OK"), std::string::npos);
  }
  EXPECT_EQ(Connection(socket_).read_all(), "") << "closed without an answer";
  open.back()->send("GET /api/v2/none HTTP/1.1\r\n\r\n");
  EXPECT_NE(open.back()->read_until("no such path").find("404"), std::string::npos) << "the others go on";
}

TEST_F(ManagementTest, StopsWithConnectionsOpenAndRemovesTheSocket) {
  ASSERT_EQ(start(), "");
  const Connection idle(socket_);
  management_->stop();
  EXPECT_EQ(idle.read_all(), "");
  EXPECT_FALSE(std::filesystem::exists(socket_));
}

TEST_F(ManagementTest, ASecondServerIsToldWhy) {
  ASSERT_EQ(start(), "");
  Management second(live_.deps(), {.socket = socket_});
  EXPECT_NE(second.start().find("another server is running"), std::string::npos);
  management_->stop();
  live_.stop();
}

TEST_F(ManagementTest, PublishesSysTopics) {
  FakeClient& watcher = live_.join("watcher", 1);
  watcher.subscribe("$SYS/#");
  ASSERT_EQ(start(std::chrono::seconds(1)), "");
  EXPECT_EQ(watcher.await("$SYS/brokers")->payload, "node@test");
  EXPECT_EQ(watcher.await("$SYS/brokers/node@test/version")->payload, "9.8.7");
  EXPECT_TRUE(watcher.await("$SYS/brokers/node@test/sysdescr"));
  EXPECT_TRUE(watcher.await("$SYS/brokers/node@test/datetime"));
  EXPECT_NE(watcher.await("$SYS/brokers/node@test/uptime")->payload.find(" seconds"), std::string::npos);
  EXPECT_EQ(watcher.await("$SYS/brokers/node@test/stats/clients/count")->payload, "1");
  EXPECT_TRUE(watcher.await("$SYS/brokers/node@test/metrics/packets/publish/received"));
  FakeClient& late = live_.join("late");
  late.subscribe("$SYS/brokers/+/version");
  EXPECT_TRUE(late.await("$SYS/brokers/node@test/version")->retain);
}

TEST_F(ManagementTest, AnIntervalOfZeroPublishesNothing) {
  ASSERT_EQ(start(), "");
  // The first tick comes before any connection is served, and what it posted before what is posted now.
  exchange("GET /api/v2/management/nodes HTTP/1.1\r\nConnection: close\r\n\r\n");
  on_shard(live_.shard(0), [] {});
  EXPECT_EQ(live_.core().retainer.count(), 0U);
}

TEST_F(ManagementTest, ANodeNameThatNoTopicCanHaveIsRefused) {
  ManagementDeps deps = live_.deps();
  deps.node = "node#1";
  Management bad(std::move(deps), {.socket = socket_});
  EXPECT_NE(bad.start().find("node.name"), std::string::npos);
  live_.stop();
}

}  // namespace
}  // namespace sluice::management
