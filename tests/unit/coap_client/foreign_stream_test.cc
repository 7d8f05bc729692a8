// SPDX-License-Identifier: Apache-2.0
// The client against libcoap's server over TCP and TLS.
#include <algorithm>
#include <cstring>
#include <fcntl.h>
#include <future>
#include <netinet/in.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "shared/coap/codec/uri.h"
#include "shared/coap/stream/endpoint.h"
#include "shared/net/listener_state.h"
#include "shared/net/socket_transport.h"
#include "shared/net/tls_context.h"
#include "tests/support/program.h"
#include "tests/unit/coap_client/notebook.h"

namespace sluice::coap::testing {
namespace {

constexpr std::string_view kKey = "secret";

unsigned int give_key(SSL*, const char*, char* identity, unsigned int, unsigned char* key, unsigned int) {
  std::strcpy(identity, "sensor");
  std::copy(kKey.begin(), kKey.end(), key);
  return kKey.size();
}

/// A connection to `port`, blocking; nothing if nobody listens yet. From another address, so that it cannot come to be
/// with itself.
UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_storage storage;
  const auto* const address = reinterpret_cast<const sockaddr*>(&storage);
  socklen_t length = SocketAddress::parse("127.0.0.2:0")->to_sockaddr(storage);
  EXPECT_EQ(::bind(fd.get(), address, length), 0);
  length = SocketAddress::parse("127.0.0.1:" + std::to_string(port))->to_sockaddr(storage);
  if (::connect(fd.get(), address, length) != 0) fd.reset();
  return fd;
}

class ForeignStream : public ::testing::Test {
 protected:
  template <class F>
  auto on_shard(F task) {
    std::packaged_task<std::invoke_result_t<F>()> packaged(std::move(task));
    auto result = packaged.get_future();
    shards_.at(0).post([&packaged] { packaged(); });
    return result.get();
  }
  ForeignStream() {
    shards_.start();
    on_shard([this] {
      endpoint_ =
          std::make_unique<StreamEndpoint>(shards_.at(0), StreamSettings(), parameters_, ServerSettings(), none_);
    });
  }
  ~ForeignStream() override {
    on_shard([this] { endpoint_.reset(); });
    shards_.stop();
  }

  void run_server(const std::string& options) {
    server_port_ = test::free_port();
    program_ = std::make_unique<test::Program>("coap-server-openssl -A 127.0.0.1 -p " + std::to_string(server_port_) +
                                               " " + options);
  }
  void open(bool tls) {
    UniqueFd fd;
    const auto port = static_cast<std::uint16_t>(server_port_ + (tls ? 1 : 0));
    ASSERT_TRUE(test::eventually([&] { return static_cast<bool>(fd = connect_to(port)); }));
    AcceptedSocket socket;
    if (tls) {
      socket.ssl = shake_hands(fd.get());
      ASSERT_NE(socket.ssl, nullptr);
    }
    ASSERT_EQ(::fcntl(fd.get(), F_SETFL, O_NONBLOCK), 0);
    socket.fd = std::move(fd);
    socket.slot = ListenerSlot::admit(state_);
    on_shard([&] { peer_ = endpoint_->accept(make_socket_transport(shards_.at(0), std::move(socket))); });
    ASSERT_TRUE(peer_);
  }
  SslPtr shake_hands(int fd) {
    tls_.reset(::SSL_CTX_new(::TLS_client_method()));
    ::SSL_CTX_set_max_proto_version(tls_.get(), TLS1_2_VERSION);
    ::SSL_CTX_set_psk_client_callback(tls_.get(), give_key);
    SslPtr ssl(::SSL_new(tls_.get()));
    ::SSL_set_fd(ssl.get(), fd);
    if (::SSL_connect(ssl.get()) != 1) ssl.reset();
    return ssl;
  }

  RequestId ask(Code method, std::string_view path, std::string_view body = "", bool observe = false) {
    return on_shard([&] {
      Outgoing request;
      request.method = method;
      EXPECT_TRUE(add_path(request.options, path));
      request.body.bytes = bytes_of(body);
      request.observe = observe;
      return endpoint_->requester().request(peer_, request, notebook_);
    });
  }

  /// A body that arrives and comes back, and what lies there before.
  void put_and_get(std::size_t size) {
    const std::string body = large_text(size);
    ask(codes::kGet, ".well-known/core");
    EXPECT_EQ(notebook_.entry(0).substr(0, 9), "2.05 </>;");
    ask(codes::kPut, "example_data", body);
    EXPECT_EQ(notebook_.entry(1).substr(0, 4), "2.01");
    ask(codes::kGet, "example_data");
    EXPECT_EQ(notebook_.entry(2), "2.05 " + body);
    EXPECT_EQ(on_shard([&] { return endpoint_->requester().size(); }), 0U);
  }

  ShardGroup shards_{1};
  Parameters parameters_;
  FakeHandler none_;
  SslCtxPtr tls_;
  ListenerStatePtr state_{new ListenerState({}, nullptr, std::make_shared<ListenerProbe>())};
  std::uint16_t server_port_ = 0;
  std::unique_ptr<test::Program> program_;
  std::unique_ptr<StreamEndpoint> endpoint_;
  PeerId peer_;
  Notebook notebook_;
};

TEST_F(ForeignStream, TakesAndGivesBackALargeBody) {
  run_server("");
  open(false);
  put_and_get(20'000);
}

TEST_F(ForeignStream, NotifiesAndStopsWhenItIsTold) {
  run_server("");
  open(false);
  const RequestId clock = ask(codes::kGet, "time", "", true);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.05");
  EXPECT_EQ(notebook_.entry(2).substr(0, 4), "2.05") << "one each second";
  EXPECT_TRUE(on_shard([&] { return endpoint_->requester().deregister(clock); }));
  EXPECT_TRUE(test::eventually([&] { return on_shard([&] { return endpoint_->requester().size(); }) == 0; }));
  EXPECT_EQ(notebook_.entry(notebook_.size() - 1).substr(0, 4), "2.05");
}

TEST_F(ForeignStream, ItsEndEndsWhatIsAsked) {
  run_server("");
  open(false);
  ask(codes::kGet, "time", "", true);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.05");
  const std::size_t heard = notebook_.size();
  program_.reset();
  EXPECT_TRUE(test::eventually([&] { return on_shard([&] { return endpoint_->connections(); }) == 0; }));
  EXPECT_EQ(on_shard([&] { return endpoint_->requester().size(); }), 0U);
  const std::string last = notebook_.entry(notebook_.size() - 1);
  EXPECT_EQ(last, "failed " + std::to_string(static_cast<int>(Failure::PeerGone))) << heard;
}

TEST_F(ForeignStream, SpeaksTlsWithAKey) {
  run_server("-k secret");
  open(true);
  put_and_get(20'000);
}

}  // namespace
}  // namespace sluice::coap::testing
