// SPDX-License-Identifier: Apache-2.0
#include "broker/management/cli/socket_path.h"

#include <cstring>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sluice::ctl {
namespace {

TEST(FindSocket, TheOptionWinsOverTheEnvironment) {
  EXPECT_EQ(find_socket("/a", "/b", "/x/build/bin/sluicectl"), "/a");
  EXPECT_EQ(find_socket("", "/b", "/x/build/bin/sluicectl"), "/b");
}

TEST(FindSocket, OfTheBuildTreeIfItIsThere) {
  const test::TempDir dir;
  const auto binary = dir.path() / "build" / "bin" / "sluicectl";
  EXPECT_EQ(find_socket("", "", binary), "data/sluice.sock");
  std::filesystem::create_directories(dir.path() / "data");
  const auto socket = dir.path() / "data" / "sluice.sock";
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, socket.c_str(), socket.native().size());
  ASSERT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  EXPECT_EQ(find_socket("", "", binary), socket);
  ::close(fd);
}

}  // namespace
}  // namespace sluice::ctl
