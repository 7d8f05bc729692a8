// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/engine.h"

#include <algorithm>
#include <ctime>
#include <stdexcept>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <utility>

#include "bench/sluice_bench/client.h"

namespace sluice::bench {

Engine::Engine(const Settings& settings, const Target& target, std::size_t index)
    : input(kBufferBytes),
      settings_(settings),
      target_(target),
      index_(index),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (epoll_ < 0 || wake_ < 0) throw std::runtime_error("no descriptors left for an event loop");
  output.reserve(kBufferBytes);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event);
}

Engine::~Engine() {
  stop();
  clients_.clear();
  ::close(wake_);
  ::close(epoll_);
}

void Engine::start() {
  thread_ = std::thread([this] { run(); });
}

void Engine::stop() {
  if (!thread_.joinable()) return;
  stopping_ = true;
  post([](Engine&) {});
  thread_.join();
}

void Engine::post(std::function<void(Engine&)> task) {
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  const std::uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

std::string Engine::take_error() {
  const std::lock_guard lock(mutex_);
  return std::exchange(error_, {});
}

void Engine::report_error(const std::string& text) {
  const std::lock_guard lock(mutex_);
  if (error_.empty()) error_ = text;
}

Client& Engine::adopt(std::unique_ptr<Client> client) {
  clients_.push_back(std::move(client));
  return *clients_.back();
}

void Engine::set_driver(DriverSlot slot, std::unique_ptr<Driver> driver) {
  drivers_[static_cast<std::size_t>(slot)] = std::move(driver);
}

void Engine::watch(int fd, Client& client, std::uint32_t events, bool known) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &client;
  ::epoll_ctl(epoll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event);
}

void Engine::run() {
  ::prctl(PR_SET_TIMERSLACK, 1);  // a paced message must not wait for its neighbours
  while (!stopping_) wait(run_drivers());
}

Nanos Engine::run_drivers() {
  Nanos deadline = kNever;
  for (auto& driver : drivers_) {
    if (driver != nullptr) deadline = std::min(deadline, driver->turn(*this, now_ns()));
  }
  return deadline;
}

void Engine::wait(Nanos deadline) {
  timespec timeout{};
  if (deadline != kNever) {
    const Nanos left = std::max<Nanos>(deadline - now_ns(), 0);
    timeout.tv_sec = left / kSecond;
    timeout.tv_nsec = left % kSecond;
  }
  std::array<epoll_event, kBatch> events;
  const int ready =
      ::epoll_pwait2(epoll_, events.data(), static_cast<int>(kBatch), deadline == kNever ? nullptr : &timeout, nullptr);
  for (std::size_t i = 0; i < static_cast<std::size_t>(std::max(ready, 0)); ++i) {
    auto* client = static_cast<Client*>(events[i].data.ptr);
    if (client != nullptr) {
      client->on_ready(events[i].events);
    } else {
      run_tasks();
    }
  }
}

void Engine::run_tasks() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t got = ::read(wake_, &count, sizeof count);
  std::vector<std::function<void(Engine&)>> tasks;
  {
    const std::lock_guard lock(mutex_);
    tasks.swap(tasks_);
  }
  for (auto& task : tasks) task(*this);
}

}  // namespace sluice::bench
