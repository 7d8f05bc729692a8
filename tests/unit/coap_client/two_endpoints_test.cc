// SPDX-License-Identifier: Apache-2.0
// Client and server of ours with a network between them that loses, repeats and reorders.
#include <deque>
#include <random>

#include "tests/unit/coap_client/client_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

/// One end; what it sends lies on the network until the network hands it over.
class End final : public DatagramPort {
 public:
  End(Shard& shard, std::uint32_t number, const Parameters& parameters, RequestHandler& handler)
      : own(path_of(number)), endpoint(shard, *this, parameters, ServerSettings(), handler) {}

  void send(const DatagramPath& path, std::span<const std::byte> bytes) override {
    out.push_back({path, {bytes.begin(), bytes.end()}});
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return false; }
  const SocketAddress& bound() const override { return own.remote; }

  DatagramPath own;
  std::deque<FakePort::Sent> out;
  DatagramEndpoint endpoint;
};

class TwoEndpoints : public ::testing::Test {
 protected:
  TwoEndpoints() { parameters_.max_retransmit = 8; }  // nobody gives up by bad luck

  /// Hands over what lies there, of which `percent` is lost and as much comes twice.
  bool exchange(End& from, End& to, unsigned percent) {
    if (from.out.empty()) return false;
    FakePort::Sent datagram = std::move(from.out.front());
    from.out.pop_front();
    if (random_() % 100 < percent) return true;
    if (random_() % 100 < percent) from.out.push_back(datagram);
    to.endpoint.events().on_datagram({from.own, datagram.bytes, false});
    return true;
  }
  void run(unsigned percent, Duration time) {
    for (Duration passed{}; passed < time; passed += milliseconds(10)) {
      while (exchange(device_, gateway_, percent) || exchange(gateway_, device_, percent)) {
      }
      clock_.pass(milliseconds(10));
    }
  }

  sluice::testing::ManualShard clock_;
  Parameters parameters_;
  FakeHandler resources_;
  FakeHandler none_;
  FakeAsker asker_;
  End device_{clock_.shard(), 1, parameters_, resources_};
  End gateway_{clock_.shard(), 2, parameters_, none_};

 private:
  std::mt19937 random_{4711};
};

TEST_F(TwoEndpoints, BodiesArriveWholeBothWaysWhateverIsLost) {
  const std::string body = large_text(20'000);
  const std::string result = large_text(15'000);
  resources_.serve = [&](const FakeHandler::Seen& seen) {
    device_.endpoint.server().respond(seen.exchange, {codes::kChanged, {}, {bytes_of(result), nullptr}});
  };
  for (const unsigned percent : {0U, 10U, 20U}) {
    asker_ = {};
    resources_.requests.clear();
    Outgoing request;
    request.method = codes::kPost;
    request.body.bytes = bytes_of(body);
    Requester& client = gateway_.endpoint.requester();
    ASSERT_NE(client.request(gateway_.endpoint.messages().peer_at(device_.own), request, asker_), 0U);
    run(percent, seconds(600));
    EXPECT_TRUE(asker_.failures.empty()) << percent;
    EXPECT_TRUE(asker_.bodies() == Lines{result}) << percent;
    ASSERT_EQ(resources_.requests.size(), 1U) << percent;
    EXPECT_TRUE(resources_.requests[0].body == body) << percent;
  }
}

TEST_F(TwoEndpoints, ManyRequestsInARowAreAllAnsweredInTurn) {
  resources_.serve = [&](const FakeHandler::Seen& seen) {
    device_.endpoint.server().respond(seen.exchange, {codes::kContent, {}, {bytes_of("ok"), nullptr}});
  };
  Requester& client = gateway_.endpoint.requester();
  const PeerId device = gateway_.endpoint.messages().peer_at(device_.own);
  Outgoing request;
  request.method = codes::kGet;
  for (std::size_t i = 0; i <= parameters_.max_waiting; ++i) {
    EXPECT_NE(client.request(device, request, asker_), 0U);
  }
  run(10, seconds(300));
  EXPECT_EQ(asker_.answers.size(), parameters_.max_waiting + 1);
  EXPECT_EQ(client.size(), 0U);
}

}  // namespace
}  // namespace sluice::coap::testing
