// SPDX-License-Identifier: Apache-2.0
// The client against libcoap's server, over real sockets, plain and DTLS.
#include <future>

#include "shared/coap/codec/uri.h"
#include "shared/coap/endpoint.h"
#include "shared/net/dtls/dtls_port.h"
#include "shared/net/udp/udp_listener.h"
#include "tests/support/program.h"
#include "tests/unit/coap_client/notebook.h"

namespace sluice::coap::testing {
namespace {

using test::kPatience;

class ForeignServer : public ::testing::Test, private DtlsEvents {
 protected:
  template <class F>
  auto on_shard(F task) {
    std::packaged_task<std::invoke_result_t<F>()> packaged(std::move(task));
    auto result = packaged.get_future();
    shards_.at(0).post([&packaged] { packaged(); });
    return result.get();
  }
  ForeignServer() {
    parameters_.ack_timeout = std::chrono::milliseconds(500);
    parameters_.max_retransmit = 6;
    shards_.start();
  }
  ~ForeignServer() override {
    on_shard([this] { endpoint_.reset(); });
    if (listener_) listener_->stop();
    shards_.stop();
  }

  /// It says nothing when it is ready: until then requests are lost, and sent again.
  void run_server(const std::string& options) {
    server_port_ = test::free_port();
    program_ = std::make_unique<test::Program>("coap-server-openssl -A 127.0.0.1 -p " + std::to_string(server_port_) +
                                               " " + options);
  }
  void open(bool dtls) {
    UdpSettings udp;
    udp.name = "test";
    udp.key = "test.bind.udp";
    udp.address = "127.0.0.1:0";
    auto opened = UdpListener::open(shards_, udp);
    ASSERT_TRUE(opened.has_value()) << opened.error();
    listener_ = std::move(*opened);
    path_.remote = *SocketAddress::parse("127.0.0.1:" + std::to_string(server_port_ + (dtls ? 1 : 0)));
    listener_->start([&](Shard& shard) -> DatagramEvents& { return dtls ? over_dtls(shard) : over_udp(shard); });
    on_shard([] {});
  }
  DatagramEvents& over_udp(Shard& shard) {
    endpoint_ = std::make_unique<DatagramEndpoint>(shard, listener_->on(shard), parameters_, ServerSettings(), none_);
    return endpoint_->events();
  }
  DatagramEvents& over_dtls(Shard& shard) {
    DtlsSettings settings;
    settings.name = "test";
    settings.psk_key = [](std::string_view) { return std::vector<std::byte>(); };
    auto context = DtlsContext::create("test", settings);
    EXPECT_TRUE(context.has_value());
    port_ = std::make_unique<DtlsPort>(shard, *context);
    endpoint_ = std::make_unique<DatagramEndpoint>(shard, *port_, parameters_, ServerSettings(), none_);
    port_->start(listener_->on(shard), endpoint_->events(), this);
    return *port_;
  }
  void on_association_opened(const DatagramPath&) override { opened_.set_value(); }

  RequestId ask(Code method, std::string_view path, std::string_view body = "", bool observe = false) {
    return on_shard([&] {
      Outgoing request;
      request.method = method;
      EXPECT_TRUE(add_path(request.options, path));
      request.body.bytes = bytes_of(body);
      request.observe = observe;
      return endpoint_->requester().request(endpoint_->messages().peer_at(path_), request, notebook_);
    });
  }

  ShardGroup shards_{1};
  Parameters parameters_;
  FakeHandler none_;
  std::uint16_t server_port_ = 0;
  std::unique_ptr<test::Program> program_;
  std::unique_ptr<UdpListener> listener_;
  std::unique_ptr<DtlsPort> port_;
  std::unique_ptr<DatagramEndpoint> endpoint_;
  DatagramPath path_;
  std::promise<void> opened_;
  Notebook notebook_;
};

TEST_F(ForeignServer, AnswersAtOnceAndLater) {
  run_server("");
  open(false);
  ask(codes::kGet, ".well-known/core");
  EXPECT_EQ(notebook_.entry(0).substr(0, 9), "2.05 </>;");
  ask(codes::kGet, "nowhere");
  EXPECT_EQ(notebook_.entry(1), "4.04 Not Found");
  on_shard([&] {
    Outgoing request;
    request.method = codes::kGet;
    EXPECT_TRUE(add_path(request.options, "async"));
    request.options.add(Option::UriQuery, "1");
    endpoint_->requester().request(endpoint_->messages().peer_at(path_), request, notebook_);
  });
  EXPECT_EQ(notebook_.entry(2), "2.05 done");
}

TEST_F(ForeignServer, TakesAndGivesBackALargeBodyInBlocks) {
  run_server("-d 10");
  open(false);
  const std::string body = large_text(20'000);
  ask(codes::kPut, "example_data", body);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.01");
  ask(codes::kGet, "example_data");
  EXPECT_EQ(notebook_.entry(1), "2.05 " + body);
}

TEST_F(ForeignServer, NotifiesAndStopsWhenItIsTold) {
  run_server("");
  open(false);
  const RequestId clock = ask(codes::kGet, "time", "", true);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.05");
  EXPECT_EQ(notebook_.entry(2).substr(0, 4), "2.05") << "one each second";
  EXPECT_TRUE(on_shard([&] { return endpoint_->requester().deregister(clock); }));
  EXPECT_TRUE(test::eventually([&] { return on_shard([&] { return endpoint_->requester().size(); }) == 0; }));
  const std::size_t last = notebook_.size();
  EXPECT_EQ(notebook_.entry(last - 1).substr(0, 4), "2.05");
}

TEST_F(ForeignServer, AnotherOneChangesWhatIsObservedInBlocks) {
  run_server("");
  open(false);
  const std::string first = large_text(5000);
  const std::string second = large_text(7000);
  ask(codes::kPut, "example_data", first);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.01");
  ask(codes::kGet, "example_data", "", true);
  EXPECT_EQ(notebook_.entry(1), "2.05 " + first);
  ask(codes::kPut, "example_data", second);
  std::vector<std::string> both{notebook_.entry(2), notebook_.entry(3)};
  EXPECT_EQ(std::ranges::count(both, "2.05 " + second), 1) << both[0].substr(0, 40) << " / " << both[1].substr(0, 40);
}

TEST_F(ForeignServer, SpeaksDtlsWithAKey) {
  run_server("-k secret");
  open(true);
  DtlsCredentialSettings settings;
  settings.psk_identity = "sensor";
  const auto key = bytes_of("secret");
  settings.psk_key.assign(key.begin(), key.end());
  auto credentials = DtlsCredentials::create("test.client", settings);
  ASSERT_TRUE(credentials.has_value()) << credentials.error();
  on_shard([&] { port_->connect(path_, *credentials); });
  ASSERT_EQ(opened_.get_future().wait_for(kPatience), std::future_status::ready);
  const std::string body = large_text(5000);
  ask(codes::kPut, "example_data", body);
  EXPECT_EQ(notebook_.entry(0).substr(0, 4), "2.01");
  ask(codes::kGet, "example_data");
  EXPECT_EQ(notebook_.entry(1), "2.05 " + body);
  on_shard([&] { port_->shutdown(); });
}

}  // namespace
}  // namespace sluice::coap::testing
