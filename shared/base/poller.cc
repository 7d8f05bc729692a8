// SPDX-License-Identifier: Apache-2.0
#include "shared/base/poller.h"

#include <cerrno>
#include <system_error>
#include <unistd.h>

namespace sluice {

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
}

Poller::~Poller() { ::close(epoll_); }

ErrorCode Poller::add(int fd, Pollable& target, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &target;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0) return {};
  return {errno, boost::system::system_category()};
}

void Poller::modify(int fd, Pollable& target, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &target;
  changed_ = true;
  ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &event);
}

void Poller::remove(int fd, Pollable& target) {
  changed_ = true;
  epoll_event unused{};
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, &unused);
  for (std::size_t i = next_; i < ready_; ++i) {
    if (events_[i].data.ptr == &target) events_[i].data.ptr = nullptr;
  }
}

std::size_t Poller::poll(int timeout_ms) {
  const int count = ::epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
  return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Poller::end_wait(std::size_t found) {
  ready_ = changed_ && found != 0 ? poll(0) : found;
  next_ = 0;
}

void Poller::wait(int timeout_ms) {
  begin_wait();
  end_wait(poll(timeout_ms));
}

void Poller::dispatch() {
  while (next_ < ready_) {
    const epoll_event event = events_[next_++];
    if (event.data.ptr != nullptr) static_cast<Pollable*>(event.data.ptr)->on_ready(event.events);
  }
  ready_ = 0;
  next_ = 0;
}

}  // namespace sluice
