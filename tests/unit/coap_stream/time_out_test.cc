// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/stream_probe.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

class TimeOut : public StreamTest {};

TEST_F(TimeOut, WhoDoesNotSendACsmIsClosed) {
  connect();
  sent();
  arrive(from_hex("0000"));  // a sign of life does not help
  pass(settings.hello_timeout - seconds(2));
  EXPECT_FALSE(wire->shut);
  arrive(from_hex("0000"));
  pass(seconds(4));
  EXPECT_THAT(sent(), ElementsAre("7.05 |no CSM came in time"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(TimeOut, SilenceIsAskedAboutAndThenEnds) {
  const auto before = stream_probe().timeouts.value();
  connect_introduced();
  pass(settings.ping_interval - seconds(2));
  EXPECT_THAT(sent(), IsEmpty());
  pass(seconds(4));
  EXPECT_THAT(sent(), SizeIs(1));
  EXPECT_FALSE(wire->shut);
  pass(settings.pong_timeout + seconds(2));
  EXPECT_TRUE(wire->shut);
  EXPECT_THAT(gone, ElementsAre(peer));
  EXPECT_EQ(stream_probe().timeouts.value(), before + 1);
}

TEST_F(TimeOut, AnySignOfLifeWillDo) {
  connect_introduced();
  pass(settings.ping_interval + seconds(2));
  EXPECT_THAT(sent(), SizeIs(1));
  arrive(from_hex("0000"));
  pass(settings.pong_timeout + seconds(2));
  EXPECT_FALSE(wire->shut);
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(TimeOut, WithoutAnIntervalNobodyIsAsked) {
  settings.ping_interval = Duration::zero();
  connect_introduced();
  pass(std::chrono::hours(48));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(TimeOut, AMessageThatTricklesInIsNotWaitedForForEver) {
  connect_introduced();
  const Bytes message = Frame(codes::kPut).payload(std::string(100, 'x')).bytes();
  arrive(std::span(message).first(10));
  pass(settings.message_timeout - seconds(3));
  arrive(std::span(message).subspan(10, 10));
  EXPECT_FALSE(wire->shut);
  pass(seconds(6));
  EXPECT_THAT(sent(), ElementsAre("7.05 |the rest of a message did not come in time"));
  EXPECT_TRUE(wire->shut);
}

TEST_F(TimeOut, AMessageThatIsWholeInTimeLeavesNothingBehind) {
  connect_introduced();
  const Bytes message = Frame(codes::kPut).payload(std::string(100, 'x')).bytes();
  arrive(std::span(message).first(10));
  arrive(std::span(message).subspan(10));
  pass(settings.message_timeout + seconds(3));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(carrier->known(peer));
}

TEST_F(TimeOut, WhileWeDoNotReadThereIsNoSilence) {
  settings.max_pending = 2;
  connect_introduced();
  arrive(join({get("01"), get("02"), get("03")}));
  EXPECT_TRUE(wire->paused);
  pass(settings.ping_interval + seconds(2));
  pass(settings.pong_timeout + seconds(2));
  pass(settings.message_timeout + seconds(2));
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_TRUE(carrier->known(peer));
}

}  // namespace
}  // namespace sluice::coap
