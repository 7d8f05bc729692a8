// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/net/net_fixture.h"

#include <array>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

namespace sluice::test {
namespace {

/// The folder lives as long as the program.
struct CertificateFolder {
  CertificateFolder() {
    std::string pattern = ::testing::TempDir() + "sluice-net-XXXXXX";
    path = std::string(::mkdtemp(pattern.data())) + "/";
    const std::string command = std::string(SLUICE_SOURCE_DIR) + "/scripts/make-certs " + path + " > /dev/null";
    if (std::system(command.c_str()) != 0) std::abort();
  }
  ~CertificateFolder() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Psk {
  std::string identity, key;
};

Psk* psk_of(SSL* ssl) { return static_cast<Psk*>(::SSL_get_ex_data(ssl, 0)); }

unsigned int give_psk(SSL* ssl, const char*, char* identity, unsigned int identity_room, unsigned char* key,
                      unsigned int room) {
  const Psk* const psk = psk_of(ssl);
  if (psk == nullptr || psk->identity.size() >= identity_room || psk->key.size() > room) return 0;
  std::strcpy(identity, psk->identity.c_str());
  std::memcpy(key, psk->key.data(), psk->key.size());
  return static_cast<unsigned int>(psk->key.size());
}

}  // namespace

const std::string& certificates() {
  static const CertificateFolder folder;
  return folder.path;
}

bool Recorder::wait(const std::function<bool()>& done) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, kPatience, done);
}

void Recorder::move_to(Shard& target) {
  std::promise<void> arrived;
  shard_->post([this, &target, &arrived] {
    transport_->move_to(target, [this, &target, &arrived] {
      shard_ = &target;
      arrived.set_value();
    });
  });
  arrived.get_future().get();
}

void Recorder::drop() {
  std::promise<void> done;
  shard_->post([this, &done] {
    transport_.reset();
    done.set_value();
  });
  done.get_future().get();
}

void Recorder::on_bytes(std::span<const std::byte> bytes) {
  note([&] { received.append(reinterpret_cast<const char*>(bytes.data()), bytes.size()); });
  if (when_bytes) when_bytes(*transport_);
}
void Recorder::on_writable() {
  note([this] { ++writable; });
}
void Recorder::on_closed(ErrorCode error) {
  note([&] {
    closed = true;
    why = error;
  });
}
void Recorder::note(const std::function<void()>& change) {
  const std::lock_guard lock(mutex_);
  threads.push_back(std::this_thread::get_id());
  change();
  changed_.notify_all();
}

Client::Client(const SocketAddress& server, int receive_buffer) {
  sockaddr_storage address;
  const socklen_t length = server.to_sockaddr(address);
  fd_ = ::socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (receive_buffer != 0) ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
  const timeval patience{std::chrono::seconds(kPatience).count(), 0};
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), length) != 0) {
    ADD_FAILURE() << "connect to " << server.to_string() << ": " << std::strerror(errno);
  }
}

Client::~Client() {
  if (ssl_ != nullptr) delete psk_of(ssl_);
  ::SSL_free(ssl_);
  ::SSL_CTX_free(context_);
  close();
}

void Client::close() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

void Client::send(std::string_view bytes) {
  if (ssl_ != nullptr) {
    ::SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size()));
    return;
  }
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
}

long Client::receive(char* into, std::size_t room) {
  if (ssl_ != nullptr) return ::SSL_read(ssl_, into, static_cast<int>(room));
  return ::recv(fd_, into, room, 0);
}

std::string Client::read(std::size_t count) {
  std::string text(count, '\0');
  std::size_t got = 0;
  while (got < count) {
    const long now = receive(text.data() + got, count - got);
    if (now <= 0) break;
    got += static_cast<std::size_t>(now);
  }
  text.resize(got);
  return text;
}

bool Client::at_end() {
  char byte = 0;
  const long got = receive(&byte, 1);
  if (ssl_ != nullptr) return got <= 0 && ::SSL_get_error(ssl_, static_cast<int>(got)) == SSL_ERROR_ZERO_RETURN;
  return got == 0;
}

bool Client::ended() {
  char byte = 0;
  errno = 0;
  const long got = receive(&byte, 1);
  return got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK);
}

std::string Client::start_tls(const Tls& tls) {
  context_ = ::SSL_CTX_new(::TLS_client_method());
  ::SSL_CTX_load_verify_file(context_, (certificates() + "cacert.pem").c_str());
  ::SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  if (tls.version != 0) {
    ::SSL_CTX_set_min_proto_version(context_, tls.version);
    ::SSL_CTX_set_max_proto_version(context_, tls.version);
  }
  if (tls.certificate) {
    ::SSL_CTX_use_certificate_file(context_, (certificates() + "client-cert.pem").c_str(), SSL_FILETYPE_PEM);
    ::SSL_CTX_use_PrivateKey_file(context_, (certificates() + "client-key.pem").c_str(), SSL_FILETYPE_PEM);
  }
  if (!tls.psk_identity.empty()) ::SSL_CTX_set_psk_client_callback(context_, give_psk);
  ssl_ = ::SSL_new(context_);
  if (!tls.psk_identity.empty()) ::SSL_set_ex_data(ssl_, 0, new Psk{tls.psk_identity, tls.psk});
  if (tls.session != nullptr) ::SSL_set_session(ssl_, tls.session);
  ::SSL_set_fd(ssl_, fd_);
  ::ERR_clear_error();
  if (::SSL_connect(ssl_) == 1) return {};
  const char* const reason = ::ERR_reason_error_string(::ERR_get_error());
  return reason != nullptr ? reason : "connection ended";
}

NetTest::~NetTest() {
  if (listener) listener->stop();
  for (const auto& recorder : recorders_) recorder->drop();
  shards.stop();
}

ListenerSettings NetTest::secure() {
  ListenerSettings settings = plain();
  settings.name = "test:ssl:a";
  settings.key = "listener.ssl.a";
  settings.tls.emplace();
  settings.tls->certfile = certificates() + "cert.pem";
  settings.tls->keyfile = certificates() + "key.pem";
  return settings;
}

void NetTest::listen(ListenerSettings settings) {
  auto opened = Listener::open(shards, std::move(settings), [this](Shard& shard, AcceptedSocket socket) {
    auto recorder = std::make_unique<Recorder>(shard, make_socket_transport(shard, std::move(socket)));
    const std::lock_guard lock(mutex_);
    recorders_.push_back(std::move(recorder));
    changed_.notify_all();
  });
  ASSERT_TRUE(opened.has_value()) << opened.error();
  listener = std::move(*opened);
  listener->start();
}

Recorder& NetTest::accepted() {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, kPatience, [this] { return recorders_.size() > taken_; })) {
    ADD_FAILURE() << "no connection was accepted";
    std::abort();
  }
  Recorder& recorder = *recorders_[taken_++];
  lock.unlock();
  recorder.on_shard([&recorder](Transport&) { recorder.start(); });
  return recorder;
}

}  // namespace sluice::test
