// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "shared/base/shard.h"
#include "shared/metrics/registry.h"
#include "shared/net/dtls/dtls_port.h"
#include "tests/support/eventually.h"

namespace sluice::test {

/// A folder with the files of scripts/make-certs, and with crl.pem (nothing is revoked), revoked.pem (client-cert.pem
/// is), other-cert.pem and other-key.pem (of an authority that nobody trusts); made once per program; ends with '/'.
const std::string& certificates();

std::vector<std::byte> to_bytes(std::string_view text);
std::string to_text(std::span<const std::byte> bytes);
/// 192.0.2.x or, beyond 255 of them, other addresses; port 1000.
DatagramPath path_of(std::uint32_t number);

/// The network below a port: what the port sends waits here for its peer.
class FakePort final : public DatagramPort {
 public:
  void send(const DatagramPath& path, std::span<const std::byte> bytes) override;
  [[nodiscard]] std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  [[nodiscard]] bool secure() const override { return false; }
  [[nodiscard]] const SocketAddress& bound() const override { return bound_; }

  /// The next datagram for `path`; nothing after `patience`.
  std::optional<std::string> receive(const DatagramPath& path, std::chrono::milliseconds patience);
  std::size_t sent();

  std::function<bool(std::string_view)> loses;  ///< true: the network loses this one; set it while nothing is sent
  std::function<void(const DatagramPath&, std::string)> forward;  ///< instead of keeping it

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::map<std::string, std::deque<std::string>> waiting_;
  std::size_t sent_ = 0;
  SocketAddress bound_;
};

/// The owner of a port, which notes what it is told and sends back what it gets.
class EchoOwner final : public DatagramEvents, public DtlsEvents {
 public:
  explicit EchoOwner(DatagramPort& port, bool echoes = true) : port_(port), echoes_(echoes) {}

  /// What was told so far: "opened 192.0.2.1:1000", "data … text", "ended …", "not connected …".
  std::vector<std::string> log();
  bool wait_for(const std::string& entry);
  std::size_t count(const std::string& beginning);

  std::function<void(const Datagram&)> when_data;  ///< instead of sending it back

 private:
  void on_datagram(const Datagram& datagram) override;
  void on_association_ended(const DatagramPath& path) override;
  void on_association_opened(const DatagramPath& path) override;
  void on_connect_failed(const DatagramPath& path, ErrorCode why) override;
  void note(std::string entry);

  DatagramPort& port_;
  const bool echoes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<std::string> log_;
};

/// A shard with a DtlsPort over a FakePort.
class DtlsTest : public ::testing::Test {
 protected:
  DtlsTest();
  ~DtlsTest() override;

  /// Device "sensor" with key "secret key of it", "other" with another one.
  static DtlsSettings by_key();
  /// cert.pem; with `clients`, clients have to show one of our authority.
  static DtlsSettings by_certificate(bool clients = false);
  static std::shared_ptr<const DtlsContext> context(DtlsSettings settings);

  void listen(DtlsSettings settings);

 public:
  /// Runs `task` in a turn of the shard and waits for its end.
  template <class F>
  auto on_shard(F task) {
    std::packaged_task<std::invoke_result_t<F>()> packaged(std::move(task));
    auto result = packaged.get_future();
    shards.at(0).post([&packaged] { packaged(); });
    return result.get();
  }
  /// The network brings a datagram to the port.
  void deliver(const DatagramPath& path, std::string_view bytes);
  [[nodiscard]] std::size_t associations() {
    return on_shard([this] { return port->associations(); });
  }
  [[nodiscard]] std::size_t handshakes() {
    return on_shard([this] { return port->handshakes(); });
  }
  void send(const DatagramPath& path, std::string_view text);

  ShardGroup shards{1};
  FakePort network;
  std::unique_ptr<DtlsPort> port;
  std::unique_ptr<EchoOwner> owner;
};

/// How much a counter has grown since.
class Growth {
 public:
  explicit Growth(std::string name) : name_(std::move(name)), before_(metrics::read(name_)) {}
  [[nodiscard]] std::int64_t operator()() const { return metrics::read(name_) - before_; }

 private:
  std::string name_;
  std::int64_t before_;
};

}  // namespace sluice::test
