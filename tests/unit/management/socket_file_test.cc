// SPDX-License-Identifier: Apache-2.0
#include "broker/management/socket_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace sluice::management {
namespace {

class SocketFileTest : public ::testing::Test {
 protected:
  mode_t mode() const {
    struct stat found{};
    EXPECT_EQ(::stat(path_.c_str(), &found), 0);
    return found.st_mode;
  }

  test::TempDir dir_;
  const std::filesystem::path path_ = dir_.path() / "data" / "sluice.sock";
};

TEST_F(SocketFileTest, IsASocketForThisUserOnly) {
  const mode_t before = ::umask(0);
  const auto file = SocketFile::open(path_);
  ::umask(before);
  ASSERT_TRUE(file) << file.error();
  EXPECT_TRUE(S_ISSOCK(mode()));
  EXPECT_EQ(mode() & 0777, 0600U);
}

TEST_F(SocketFileTest, IsRemovedAtTheEnd) {
  {
    ASSERT_TRUE(SocketFile::open(path_));
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(SocketFileTest, IsRefusedWhileAnotherServerHasIt) {
  const auto first = SocketFile::open(path_);
  ASSERT_TRUE(first);
  const auto second = SocketFile::open(path_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().find("another server is running"), std::string::npos) << second.error();
  EXPECT_TRUE(std::filesystem::is_socket(path_)) << "the first one's socket stays";
}

TEST_F(SocketFileTest, ReplacesWhatADeadServerLeft) {
  {
    const auto file = SocketFile::open(path_);
    ASSERT_TRUE(file);
    std::filesystem::create_hard_link(path_, dir_.path() / "left");
  }
  std::filesystem::rename(dir_.path() / "left", path_);
  ASSERT_TRUE(std::filesystem::is_socket(path_));
  EXPECT_TRUE(SocketFile::open(path_));
}

TEST_F(SocketFileTest, LeavesAFileAloneThatIsNoSocket) {
  std::filesystem::create_directories(path_.parent_path());
  dir_.write("data/sluice.sock", "precious");
  const auto file = SocketFile::open(path_);
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("no socket"), std::string::npos) << file.error();
  EXPECT_TRUE(std::filesystem::is_regular_file(path_));
}

TEST_F(SocketFileTest, NamesAPathThatIsTooLong) {
  const auto file = SocketFile::open(dir_.path() / std::string(120, 'x'));
  ASSERT_FALSE(file);
  EXPECT_NE(file.error().find("node.data_dir"), std::string::npos) << file.error();
}

}  // namespace
}  // namespace sluice::management
