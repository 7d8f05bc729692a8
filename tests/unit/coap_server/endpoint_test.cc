// SPDX-License-Identifier: Apache-2.0
// The layers together: what goes over the wire.
#include "shared/coap/endpoint.h"

#include "tests/unit/coap_message/message_fixture.h"
#include "tests/unit/coap_server/server_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;
using Lines = std::vector<std::string>;

class Endpoint : public ::testing::Test {
 protected:
  void receive(std::string_view text, std::uint32_t from = 1) {
    const Bytes bytes = hex(text);
    endpoint_.events().on_datagram({path_of(from), bytes, false});
  }
  Lines sent() {
    Lines all;
    for (const auto& datagram : port_.sent) all.push_back(hex(datagram.bytes));
    port_.sent.clear();
    return all;
  }
  sluice::testing::ManualShard clock_;
  FakePort port_;
  FakeHandler handler_;
  Parameters parameters_;
  DatagramEndpoint endpoint_{clock_.shard(), port_, parameters_, ServerSettings(), handler_};
};

TEST_F(Endpoint, ALateAnswerIsASeparateResponse) {
  receive("42 01 12 34 aa bb b1 61");
  clock_.pass(seconds(1));
  EXPECT_EQ(sent(), Lines{"60 00 12 34"});
  receive("42 01 12 34 aa bb b1 61");
  EXPECT_EQ(sent(), Lines{"60 00 12 34"});
  EXPECT_EQ(handler_.requests.size(), 1U);
  endpoint_.server().respond(handler_.requests[0].exchange, {codes::kContent, {}, {bytes_of("late"), nullptr}});
  ASSERT_EQ(port_.sent.size(), 1U);
  const std::string mid = hex(std::span(port_.sent[0].bytes).subspan(2, 2));
  EXPECT_EQ(sent(), Lines{"42 45 " + mid + " aa bb ff 6c 61 74 65"});
  clock_.pass(seconds(4));
  EXPECT_EQ(sent(), Lines{"42 45 " + mid + " aa bb ff 6c 61 74 65"});
  receive("60 00 " + mid);
  clock_.pass(seconds(100));
  EXPECT_EQ(sent(), Lines{});
}

TEST_F(Endpoint, APendingRequestKeepsItsPeer) {
  receive("40 01 12 34");
  clock_.pass(seconds(1000));
  EXPECT_TRUE(handler_.gone.empty());
  endpoint_.server().respond(handler_.requests[0].exchange, {codes::kContent, {}, {}});
  clock_.pass(seconds(200));
  EXPECT_EQ(handler_.gone.size(), 1U);
}

TEST_F(Endpoint, ABadOptionIsToldOnTheWire) {
  receive("40 01 12 34 9c 31 32 33 34 35 36 37 38 39 30 31 32");  // option 9 of twelve bytes
  EXPECT_EQ(sent(), Lines{"60 82 12 34 ff " + hex(bytes_of("option 9 is not understood"))});
  receive("50 01 12 35 91 31");
  EXPECT_EQ(sent(), Lines{"70 00 12 35"});
}

TEST_F(Endpoint, EveryResponseThatComesIsReset) {
  receive("40 01 00 01");
  port_.sent.clear();
  receive("40 45 00 02");
  EXPECT_EQ(sent(), Lines{"70 00 00 02"});
}

TEST_F(Endpoint, TheEndOfAnAssociationFreesWhatIsHalfDone) {
  port_.is_secure = true;
  receive("40 03 00 01 b1 61 d1 03 08 ff 30 31 32 33 34 35 36 37 38 39 30 31 32 33 34 35");
  EXPECT_EQ(sent(), Lines{"60 5f 00 01 d1 0e 08"});
  EXPECT_EQ(endpoint_.server().uploads().count(), 1U);
  endpoint_.events().on_association_ended(path_of(1));
  EXPECT_EQ(endpoint_.server().uploads().count(), 0U);
  EXPECT_EQ(handler_.gone.size(), 1U);
}

}  // namespace
}  // namespace sluice::coap::testing
