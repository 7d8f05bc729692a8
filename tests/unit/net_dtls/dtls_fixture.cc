// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/net_dtls/dtls_fixture.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

namespace sluice::test {
namespace {

constexpr const char* kMoreCertificates =
    "cd $DIR && exec >/dev/null 2>&1; : >index; echo 01 >number; "
    "printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=index\\ncrlnumber=number\\ndefault_md=sha256\\n' >ca.cnf; "
    "openssl ca -config ca.cnf -gencrl -crldays 30 -keyfile cakey.pem -cert cacert.pem -out crl.pem && "
    "openssl ca -config ca.cnf -keyfile cakey.pem -cert cacert.pem -revoke client-cert.pem && "
    "openssl ca -config ca.cnf -gencrl -crldays 30 -keyfile cakey.pem -cert cacert.pem -out revoked.pem && "
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=other "
    "-keyout other-key.pem -out other-cert.pem";

/// The folder lives as long as the program.
struct CertificateFolder {
  CertificateFolder() {
    std::string pattern = ::testing::TempDir() + "sluice-dtls-XXXXXX";
    path = std::string(::mkdtemp(pattern.data())) + "/";
    run(std::string(SLUICE_SOURCE_DIR) + "/scripts/make-certs " + path + " > /dev/null");
    run("DIR=" + path + "; " + kMoreCertificates);
  }
  ~CertificateFolder() { std::filesystem::remove_all(path); }
  static void run(const std::string& command) {
    if (std::system(command.c_str()) != 0) std::abort();
  }
  std::string path;
};

}  // namespace

const std::string& certificates() {
  static const CertificateFolder folder;
  return folder.path;
}

std::vector<std::byte> to_bytes(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text.data(), text.size()));
  return {bytes.begin(), bytes.end()};
}

std::string to_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

DatagramPath path_of(std::uint32_t number) {
  DatagramPath path;
  path.remote = SocketAddress::parse_ip("192.0.2.0").value();
  path.remote.ip[13] = static_cast<std::uint8_t>(number >> 16);
  path.remote.ip[14] = static_cast<std::uint8_t>((number >> 8) + 2);
  path.remote.ip[15] = static_cast<std::uint8_t>(number);
  path.remote.port = 1000;
  return path;
}

void FakePort::send(const DatagramPath& path, std::span<const std::byte> bytes) {
  std::string text = to_text(bytes);
  if (loses && loses(text)) return;
  if (forward) return forward(path, std::move(text));
  const std::lock_guard lock(mutex_);
  ++sent_;
  waiting_[path.remote.to_string()].push_back(std::move(text));
  arrived_.notify_all();
}

std::optional<std::string> FakePort::receive(const DatagramPath& path, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  auto& queue = waiting_[path.remote.to_string()];
  if (!arrived_.wait_for(lock, patience, [&queue] { return !queue.empty(); })) return std::nullopt;
  std::string text = std::move(queue.front());
  queue.pop_front();
  return text;
}

std::size_t FakePort::sent() {
  const std::lock_guard lock(mutex_);
  return sent_;
}

std::vector<std::string> EchoOwner::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

bool EchoOwner::wait_for(const std::string& entry) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, [&] { return std::find(log_.begin(), log_.end(), entry) != log_.end(); });
}

std::size_t EchoOwner::count(const std::string& beginning) {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(log_.begin(), log_.end(), [&](const std::string& entry) { return entry.starts_with(beginning); }));
}

void EchoOwner::on_datagram(const Datagram& datagram) {
  note("data " + datagram.path.remote.to_string() + " " + to_text(datagram.bytes));
  if (when_data) return when_data(datagram);
  if (echoes_) port_.send(datagram.path, datagram.bytes);
}
void EchoOwner::on_association_ended(const DatagramPath& path) { note("ended " + path.remote.to_string()); }
void EchoOwner::on_association_opened(const DatagramPath& path) { note("opened " + path.remote.to_string()); }
void EchoOwner::on_connect_failed(const DatagramPath& path, ErrorCode) {
  note("not connected " + path.remote.to_string());
}
void EchoOwner::note(std::string entry) {
  const std::lock_guard lock(mutex_);
  log_.push_back(std::move(entry));
  changed_.notify_all();
}

DtlsTest::DtlsTest() { shards.start(); }

DtlsTest::~DtlsTest() {
  on_shard([this] { port.reset(); });
  shards.stop();
}

DtlsSettings DtlsTest::by_key() {
  DtlsSettings settings;
  settings.name = "test:dtls:1";
  settings.psk_key = [](std::string_view identity) {
    if (identity == "sensor") return to_bytes("secret key of it");
    if (identity == "other") return to_bytes("another key");
    return std::vector<std::byte>();
  };
  return settings;
}

DtlsSettings DtlsTest::by_certificate(bool clients) {
  DtlsSettings settings;
  settings.name = "test:dtls:1";
  settings.certfile = certificates() + "cert.pem";
  settings.keyfile = certificates() + "key.pem";
  if (!clients) return settings;
  settings.cacertfile = certificates() + "cacert.pem";
  settings.verify_peer = true;
  settings.fail_if_no_peer_cert = true;
  return settings;
}

std::shared_ptr<const DtlsContext> DtlsTest::context(DtlsSettings settings) {
  auto made = DtlsContext::create("test.bind.dtls.1", std::move(settings));
  if (made.has_value()) return *made;
  ADD_FAILURE() << made.error();
  std::abort();
}

void DtlsTest::listen(DtlsSettings settings) {
  auto its_context = context(std::move(settings));
  on_shard([this, &its_context] {
    port = std::make_unique<DtlsPort>(shards.at(0), its_context);
    owner = std::make_unique<EchoOwner>(*port);
    port->start(network, *owner, owner.get());
  });
}

void DtlsTest::deliver(const DatagramPath& path, std::string_view bytes) {
  on_shard([this, &path, bytes] { port->on_datagram({path, std::as_bytes(std::span(bytes)), false}); });
}

void DtlsTest::send(const DatagramPath& path, std::string_view text) {
  on_shard([this, &path, text] { port->send(path, std::as_bytes(std::span(text))); });
}

}  // namespace sluice::test
