// SPDX-License-Identifier: Apache-2.0
#include "bench/sluice_bench/harness.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <latch>
#include <netdb.h>
#include <stdexcept>
#include <thread>

#include "bench/sluice_bench/drivers.h"

namespace sluice::bench {
namespace {

volatile std::sig_atomic_t g_interrupted = 0;

void resolve(const ClientSettings& client, Target& target) {
  const std::uint16_t standard = client.tls.enabled ? 8883 : 1883;
  const std::string port = std::to_string(client.port == 0 ? standard : client.port);
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(client.host.c_str(), port.c_str(), &hints, &found);
  if (failed != 0) throw std::runtime_error(client.host + ": " + ::gai_strerror(failed));
  std::memcpy(&target.address, found->ai_addr, found->ai_addrlen);
  target.address_size = found->ai_addrlen;
  ::freeaddrinfo(found);
}

}  // namespace

void catch_signals() {
  struct sigaction action{};
  action.sa_handler = [](int) { g_interrupted = 1; };
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
}

bool interrupted() { return g_interrupted != 0; }

Harness::Harness(const Settings& settings) : settings_(settings) {
  resolve(settings.client, target_);
  if (settings.client.tls.enabled) target_.tls = make_tls_context(settings.client.tls);
  for (std::size_t i = 0; i < std::max<std::size_t>(settings.threads, 1); ++i) {
    engines_.push_back(std::make_unique<Engine>(settings, target_, i));
  }
  for (auto& engine : engines_) engine->start();
}

Harness::~Harness() { stop(); }

void Harness::create(std::size_t count, const Factory& make) {
  on_each([&](Engine& engine) {
    for (std::size_t i = 0; i < count; ++i) {
      if (engine_of(i, engines_.size()) == engine.index()) engine.adopt(make(engine, i));
    }
  });
}

bool Harness::connect(std::size_t count, const Factory& make) {
  const LoadSettings& load = settings_.load;
  const std::uint64_t before = totals().ready;
  const auto per_engine = static_cast<double>(engines_.size());
  const auto window = std::max<std::size_t>(load.connect_window / engines_.size(), 1);
  on_each([&](Engine& engine) {
    std::vector<Client*> added;
    for (std::size_t i = 0; i < count; ++i) {
      if (engine_of(i, engines_.size()) == engine.index()) added.push_back(&engine.adopt(make(engine, i)));
    }
    const auto interval = static_cast<Nanos>(load.connect_interval_ms * 1e6 * per_engine);
    engine.set_driver(DriverSlot::Connect, std::make_unique<Connector>(std::move(added), window, interval));
  });
  const double extra = load.connect_interval_ms * static_cast<double>(count) / 1e3;
  wait_until(
      [&] {
        const Totals now = totals();
        return now.ready - before >= count || now.refused + now.lost > 0;
      },
      timeout() + extra);
  const Totals now = totals();
  if (now.ready - before >= count) return true;
  return fail(std::to_string(now.ready - before) + " of " + std::to_string(count) + " clients became ready");
}

void Harness::disconnect() {
  on_each([](Engine& engine) {
    engine.set_driver(DriverSlot::Ping, nullptr);
    for (auto& client : engine.clients()) client->disconnect();
  });
  wait_until(
      [&] {
        const Totals now = totals();
        return now.closed + now.lost >= now.connected;
      },
      5);
}

void Harness::on_each(const std::function<void(Engine&)>& task) {
  std::latch done(static_cast<std::ptrdiff_t>(engines_.size()));
  for (auto& engine : engines_) {
    engine->post([&](Engine& self) {
      task(self);
      done.count_down();
    });
  }
  done.wait();
}

void Harness::ping_every(Nanos interval) {
  on_each([&](Engine& engine) {
    engine.set_driver(DriverSlot::Ping,
                      interval > 0 ? std::make_unique<Pinger>(engine.clients().size(), interval) : nullptr);
  });
}

void Harness::stop() {
  for (auto& engine : engines_) engine->stop();
}

bool Harness::wait_until(const std::function<bool()>& done, double seconds) {
  const Nanos deadline = now_ns() + static_cast<Nanos>(seconds * 1e9);
  while (!done()) {
    if (interrupted()) return fail("interrupted");
    if (now_ns() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

bool Harness::sleep(double seconds) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (std::chrono::steady_clock::now() < until) {
    if (interrupted()) return fail("interrupted");
    const std::chrono::duration<double> left = until - std::chrono::steady_clock::now();
    std::this_thread::sleep_for(std::clamp(left, std::chrono::duration<double>(0), std::chrono::duration<double>(0.2)));
  }
  return true;
}

Totals Harness::totals() const {
  Totals sum;
  for (const auto& engine : engines_) sum.add(engine->stats());
  return sum;
}

OrderTally Harness::order() const {
  OrderTally sum;
  for (const auto& engine : engines_) {
    for (const auto& client : engine->clients()) client->tally(sum);
  }
  return sum;
}

Histogram Harness::latency() const {
  Histogram sum;
  for (const auto& engine : engines_) sum.merge(engine->latency);
  return sum;
}

ProcessSample Harness::sample(bool memory) const {
  if (!has_server()) return {.wall_ns = now_ns()};
  return sample_process(settings_.server_pid, memory).value_or(ProcessSample{.wall_ns = now_ns()});
}

bool Harness::fail(const std::string& why) {
  if (error_.empty()) error_ = why;
  collect_errors();
  return false;
}

void Harness::collect_errors() {
  for (auto& engine : engines_) {
    const std::string first = engine->take_error();
    if (!first.empty()) error_ += "; " + first;
  }
}

}  // namespace sluice::bench
