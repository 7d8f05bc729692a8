// SPDX-License-Identifier: Apache-2.0
#include "tests/integration/ctl/ctl_process.h"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <system_error>
#include <unistd.h>

namespace sluice::test {
namespace {

struct Pipe {
  Pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe2");
    reader = fds[0];
    writer = fds[1];
  }
  int reader;
  int writer;
};

/// Reads both to their ends.
void drain(std::array<std::pair<int, std::string*>, 2> sources) {
  for (std::size_t open = sources.size(); open > 0;) {
    std::array<pollfd, 2> waits{{{sources[0].first, POLLIN, 0}, {sources[1].first, POLLIN, 0}}};
    ::poll(waits.data(), waits.size(), -1);
    for (std::size_t i = 0; i < sources.size(); ++i) {
      if (waits[i].revents == 0 || sources[i].first < 0) continue;
      std::array<char, 4096> chunk{};
      const ssize_t size = ::read(sources[i].first, chunk.data(), chunk.size());
      if (size > 0) {
        sources[i].second->append(chunk.data(), static_cast<std::size_t>(size));
      } else {
        ::close(sources[i].first);
        sources[i].first = -1;
        --open;
      }
    }
  }
}

}  // namespace

CtlOutcome run_ctl(const std::filesystem::path& directory, const std::vector<std::string>& arguments) {
  std::vector<char*> argv{const_cast<char*>(SLUICECTL_BINARY)};
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  const Pipe out;
  const Pipe err;
  const pid_t child = ::fork();
  if (child < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (child == 0) {
    ::unsetenv("SLUICE_SOCKET");
    if (::chdir(directory.c_str()) != 0) ::_exit(127);
    ::dup2(out.writer, STDOUT_FILENO);
    ::dup2(err.writer, STDERR_FILENO);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }
  ::close(out.writer);
  ::close(err.writer);
  CtlOutcome outcome;
  drain({{{out.reader, &outcome.out}, {err.reader, &outcome.err}}});
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) outcome.status = WEXITSTATUS(status);
  return outcome;
}

}  // namespace sluice::test
