// SPDX-License-Identifier: Apache-2.0
#include "tests/support/broker_process.h"

#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

#include <gtest/gtest.h>

namespace sluice::test {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartDeadline = 30s;
constexpr int kStopDeadlineMs = 20'000;
constexpr std::string_view kStartLine = "sluice is running:";
constexpr std::string_view kMosquitto = "/usr/sbin/mosquitto";

std::string sluice_binary() {
  if (const char* named = std::getenv("SLUICE_BIN"); named != nullptr) return named;
#ifdef SLUICE_BINARY
  return SLUICE_BINARY;
#else
  throw std::runtime_error("this build has no sluice; name one by SLUICE_BIN or set SLUICE_TEST_PEER=mosquitto");
#endif
}

std::vector<std::string> sluice_arguments(const TempDir& dir, const std::vector<std::string>& options) {
  const std::string folder = dir.path().string();
  std::vector<std::string> settings = {"listener.tcp.external=127.0.0.1:0",
                                       "listener.tcp.internal=off",
                                       "listener.ssl.external=off",
                                       "listener.ws.external=off",
                                       "listener.wss.external=off",
                                       "coap.bind.udp.1=off",
                                       "coap.bind.dtls.1=off",
                                       "listener.api.mgmt=off",
                                       "log.syslog=off",
                                       "node.data_dir=" + folder,
                                       "log.dir=" + folder};
  settings.insert(settings.end(), options.begin(), options.end());
  std::vector<std::string> arguments = {sluice_binary(), "-c", SLUICE_SOURCE_DIR "/etc/sluice.conf"};
  for (const std::string& setting : settings) {
    arguments.emplace_back("-o");
    arguments.push_back(setting);
  }
  return arguments;
}

/// A port that was free a moment ago: mosquitto cannot say which one it took.
std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "free port");
  }
  ::close(fd);
  return ntohs(address.sin_port);
}

/// The environment without variables that Sluice reads as settings.
std::vector<char*> clean_environment() {
  std::vector<char*> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable = *entry;
    if (!variable.starts_with("SLUICE_") && !variable.starts_with("EMQ_")) kept.push_back(*entry);
  }
  kept.push_back(nullptr);
  return kept;
}

}  // namespace

Peer peer() {
  const char* named = std::getenv("SLUICE_TEST_PEER");
  if (named == nullptr || std::string_view(named) == "sluice") return Peer::Sluice;
  if (std::string_view(named) == "mosquitto") return Peer::Mosquitto;
  throw std::runtime_error("SLUICE_TEST_PEER is neither sluice nor mosquitto");
}

BrokerProcess::BrokerProcess(const std::vector<std::string>& options) {
  if (peer() == Peer::Sluice) {
    spawn(sluice_arguments(dir_, options));
  } else {
    const std::string port = std::to_string(free_port());
    const std::string ws_port = std::to_string(free_port());
    listeners_ = {{"mqtt:tcp:external", "127.0.0.1:" + port}, {"mqtt:ws:external", "127.0.0.1:" + ws_port}};
    spawn({std::string(kMosquitto), "-v", "-c",
           dir_.write("mosquitto.conf", "listener " + port + " 127.0.0.1\nlistener " + ws_port +
                                            " 127.0.0.1\nprotocol websockets\nallow_anonymous true\n"
                                            "max_inflight_messages 32\nset_tcp_nodelay true\n")});
  }
  await_start();
}

BrokerProcess::~BrokerProcess() { stop(); }

void BrokerProcess::spawn(const std::vector<std::string>& arguments) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  std::vector<char*> environment = clean_environment();
  std::array<int, 2> pipe_fds{};
  if (::pipe2(pipe_fds.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ == 0) {
    // A test that dies takes its broker with it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(127);
    ::dup2(pipe_fds[1], STDOUT_FILENO);
    ::dup2(pipe_fds[1], STDERR_FILENO);
    ::execve(argv[0], argv.data(), environment.data());
    ::_exit(127);
  }
  ::close(pipe_fds[1]);
  output_fd_ = pipe_fds[0];
  reader_ = std::thread([this] { read_output(output_fd_); });
}

void BrokerProcess::read_output(int fd) {
  std::array<char, 4096> chunk{};
  while (true) {
    const ssize_t got = ::read(fd, chunk.data(), chunk.size());
    if (got < 0 && errno == EINTR) continue;
    const std::lock_guard lock(mutex_);
    if (got > 0) output_.append(chunk.data(), static_cast<std::size_t>(got));
    ended_ = got <= 0;
    changed_.notify_all();
    if (ended_) return;
  }
}

void BrokerProcess::await_start() {
  const std::string_view mark = peer() == Peer::Sluice ? kStartLine : std::string_view(" running\n");
  std::string line;
  {
    std::unique_lock lock(mutex_);
    const auto started = [&] {
      const std::size_t at = output_.find(mark);
      const std::size_t end = at == std::string::npos ? at : output_.find('\n', at);
      if (end != std::string::npos) line = output_.substr(at, end - at);
      return end != std::string::npos || ended_;
    };
    changed_.wait_for(lock, kStartDeadline, started);
  }
  if (line.empty()) {
    // No destructor runs for an object whose constructor throws.
    ::kill(pid_, SIGKILL);
    reap();
    throw std::runtime_error("the broker did not start; it printed:\n" + output());
  }
  if (peer() == Peer::Sluice) parse_start_line(line.substr(mark.size()));
}

void BrokerProcess::parse_start_line(std::string_view line) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(' '), line.size());
    const std::string_view entry = line.substr(0, end);
    const std::size_t split = entry.rfind('=');
    if (split != std::string_view::npos && !entry.starts_with("pid=")) {
      listeners_.emplace(entry.substr(0, split), entry.substr(split + 1));
    }
    line.remove_prefix(std::min(end + 1, line.size()));
  }
}

std::uint16_t BrokerProcess::port(std::string_view listener) const {
  const auto found = listeners_.find(listener);
  if (found == listeners_.end()) throw std::out_of_range("listener " + std::string(listener) + " is not bound");
  return static_cast<std::uint16_t>(std::stoi(found->second.substr(found->second.rfind(':') + 1)));
}

std::string BrokerProcess::output() const {
  const std::lock_guard lock(mutex_);
  return output_;
}

int BrokerProcess::reap() {
  int status = 0;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  reader_.join();
  ::close(output_fd_);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int BrokerProcess::stop() {
  if (pid_ < 0) return exit_code_;
  const int pid_fd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  ::kill(pid_, SIGTERM);
  pollfd ended{.fd = pid_fd, .events = POLLIN, .revents = 0};
  if (::poll(&ended, 1, kStopDeadlineMs) == 0) {
    ADD_FAILURE() << "the broker did not end within " << kStopDeadlineMs << " ms of SIGTERM";
    ::kill(pid_, SIGKILL);
  }
  ::close(pid_fd);
  exit_code_ = reap();
  if (exit_code_ != 0) ADD_FAILURE() << "the broker ended with " << exit_code_ << "; it printed:\n" << output();
  return exit_code_;
}

}  // namespace sluice::test
