// SPDX-License-Identifier: Apache-2.0
// What came before is handled once [RFC 7252 4.5].
#include "shared/coap/message/duplicates.h"

#include "tests/unit/coap_message/message_fixture.h"

namespace sluice::coap::testing {
namespace {

using std::chrono::seconds;
using Lines = std::vector<std::string>;
using Seen = DuplicateCache::Seen;

using Duplicates = MessageTest;

TEST_F(Duplicates, GetTheSameBytesAndAreNotHandedOver) {
  answer_at_once();
  receive("41 02 12 34 77 ff 01");
  const Lines first = sent();
  receive("41 02 12 34 77 ff 01");
  receive("41 02 12 34 77 ff 01");
  EXPECT_EQ(events_.requests.size(), 1U);
  EXPECT_EQ(sent(), (Lines{first[0], first[0]}));
}

TEST_F(Duplicates, AreIgnoredWhereTheyAreNotConfirmable) {
  answer_at_once();
  receive("51 02 12 34 77 ff 01");
  port_.sent.clear();
  receive("51 02 12 34 77 ff 01");
  EXPECT_EQ(events_.requests.size(), 1U);
  EXPECT_EQ(sent(), Lines{});
}

TEST_F(Duplicates, OfWhatIsNotAnsweredYetGetNothing) {
  receive("41 02 12 34 77");
  receive("41 02 12 34 77");
  EXPECT_EQ(sent(), Lines{});
  Parts parts = notification("hi");
  layer().reply(events_.requests.at(0).to, parts);
  const Lines answer = sent();
  receive("41 02 12 34 77");
  EXPECT_EQ(sent(), answer);
}

TEST_F(Duplicates, OfWhatWasRejectedAreRejected) {
  receive("41 02 12 34 77");
  layer().reject(events_.requests.at(0).to);
  receive("41 02 12 34 77");
  EXPECT_EQ(sent(), (Lines{"70 00 12 34", "70 00 12 34"}));
}

TEST_F(Duplicates, AnotherPeerHasItsOwnIds) {
  answer_at_once();
  receive("40 02 12 34", 1);
  receive("40 02 12 34", 2);
  DatagramPath same_host = path_of(1);
  same_host.remote.port = 1234;
  const Bytes request = hex("40 02 12 34");
  layer().on_datagram({same_host, request, false});
  EXPECT_EQ(events_.requests.size(), 3U);
}

TEST_F(Duplicates, AreForgottenAfterTheirLifetime) {
  answer_at_once();
  ASSERT_EQ(parameters_.exchange_lifetime(), seconds(247));
  ASSERT_EQ(parameters_.non_lifetime(), seconds(145));
  receive("40 02 00 01");
  receive("50 02 00 02");
  clock_.jump(seconds(144));
  receive("40 02 00 01");
  receive("50 02 00 02");
  EXPECT_EQ(events_.requests.size(), 2U);
  clock_.jump(seconds(1));
  receive("50 02 00 02");
  EXPECT_EQ(events_.requests.size(), 3U) << "NON_LIFETIME is over";
  clock_.jump(seconds(101));
  receive("40 02 00 01");
  EXPECT_EQ(events_.requests.size(), 3U);
  clock_.jump(seconds(1));
  receive("40 02 00 01");
  EXPECT_EQ(events_.requests.size(), 4U) << "EXCHANGE_LIFETIME is over";
}

TEST_F(Duplicates, AreForgottenAlsoWhenNobodySaysAnything) {
  answer_at_once();
  receive("40 02 00 01");
  EXPECT_EQ(layer().duplicates().size(), 1U);
  clock_.pass(seconds(300));
  EXPECT_EQ(layer().duplicates().size(), 0U);
  EXPECT_EQ(layer().peers(), 0U);
}

TEST_F(Duplicates, AreVoidUnderANewAssociation) {
  port_.is_secure = true;
  answer_at_once();
  receive("40 02 00 01");
  layer().on_association_ended(path_of(1));
  receive("40 02 00 01");
  EXPECT_EQ(events_.requests.size(), 2U);
}

// The id of a long request, which was entitled to a long answer, with a short message behind it.
TEST_F(Duplicates, AShortMessageDoesNotFetchALongAnswerToAForgedAddress) {
  answer_at_once();
  receive("48 02 12 34 01 02 03 04 05 06 07 08");
  EXPECT_EQ(sent().at(0).size(), 3U * 15 - 1);
  receive("40 02 12 34");
  EXPECT_EQ(sent(), Lines{});
  EXPECT_EQ(events_.requests.size(), 1U);
  layer().set_verified(events_.requests[0].peer);
  receive("40 02 12 34");
  EXPECT_EQ(sent().size(), 1U);
}

TEST_F(Duplicates, CostAnUnverifiedPeerCredit) {
  answer_at_once();
  receive("40 02 12 34");  // 4 bytes, answered with 7
  const PeerId peer = events_.requests.at(0).peer;
  EXPECT_EQ(layer().credit(peer), 5U);
  receive("40 02 12 34");
  EXPECT_EQ(layer().credit(peer), 10U);
}

class Cache : public ::testing::Test {
 protected:
  Seen note(DuplicateCache& cache, std::uint32_t slot, MessageId mid, Type type = Type::Confirmable) {
    return cache.note({slot, 1}, mid, type, now_).seen;
  }
  Parameters parameters_;
  TimePoint now_{};
};

TEST_F(Cache, OverItsNumberTheNextToBeForgottenGoes) {
  parameters_.max_duplicates = 3;
  DuplicateCache cache(parameters_);
  EXPECT_EQ(note(cache, 1, 1), Seen::New);
  now_ += seconds(50);
  EXPECT_EQ(note(cache, 1, 2, Type::NonConfirmable), Seen::New);
  now_ += seconds(1);
  EXPECT_EQ(note(cache, 1, 3), Seen::New);
  EXPECT_EQ(note(cache, 1, 4), Seen::New);
  EXPECT_EQ(cache.size(), 3U);
  EXPECT_EQ(cache.forgotten_early(), 1U);
  EXPECT_EQ(note(cache, 1, 1), Seen::Unanswered) << "the one that is not confirmable expires earlier";
  EXPECT_EQ(note(cache, 1, 2), Seen::New);
  EXPECT_EQ(cache.forgotten_early(), 2U);
  EXPECT_EQ(note(cache, 1, 1), Seen::New);
}

TEST_F(Cache, OverItsBytesTheNextToBeForgottenGoes) {
  parameters_.duplicate_bytes = 1000;
  DuplicateCache cache(parameters_);
  const Bytes long_answer(400, std::byte{1});
  const Bytes short_answer(8, std::byte{2});
  for (MessageId mid = 1; mid <= 2; ++mid) {
    static_cast<void>(note(cache, 1, mid));
    cache.set_answer({1, 1}, mid, long_answer);
  }
  static_cast<void>(note(cache, 1, 3));
  cache.set_answer({1, 1}, 3, short_answer);
  EXPECT_EQ(cache.answer_bytes(), 800U) << "a short one lies in its entry";
  cache.set_answer({1, 1}, 3, long_answer);
  EXPECT_EQ(cache.answer_bytes(), 800U);
  EXPECT_EQ(cache.size(), 2U);
  cache.set_answer({1, 1}, 3, short_answer);
  EXPECT_EQ(cache.answer_bytes(), 400U);
  EXPECT_EQ(note(cache, 1, 3), Seen::Answered);
  EXPECT_EQ(note(cache, 1, 2), Seen::Answered);
  EXPECT_EQ(note(cache, 1, 1), Seen::New);
  cache.set_answer({1, 1}, 99, long_answer);  // of nothing that is remembered
  EXPECT_EQ(cache.answer_bytes(), 400U);
}

TEST_F(Cache, CountsTheBytesOfAnAnswerThatIsLongerThanADatagram) {
  DuplicateCache cache(parameters_);
  static_cast<void>(note(cache, 1, 1));
  const Bytes huge(70'000, std::byte{1});
  cache.set_answer({1, 1}, 1, huge);
  EXPECT_EQ(cache.note({1, 1}, 1, Type::Confirmable, now_).answer.size(), huge.size());
  now_ += seconds(248);
  cache.forget_expired(now_);
  EXPECT_EQ(cache.answer_bytes(), 0U);
  EXPECT_EQ(cache.size(), 0U);
}

TEST_F(Cache, ALaterPeerInTheSameSlotIsAnother) {
  DuplicateCache cache(parameters_);
  EXPECT_EQ(cache.note({5, 1}, 9, Type::Confirmable, now_).seen, Seen::New);
  EXPECT_EQ(cache.note({5, 2}, 9, Type::Confirmable, now_).seen, Seen::New);
  EXPECT_EQ(cache.note({6, 1}, 9, Type::Confirmable, now_).seen, Seen::New);
  EXPECT_EQ(cache.note({5, 1}, 9, Type::Confirmable, now_).seen, Seen::Unanswered);
}

TEST_F(Cache, HoldsEveryIdOfManyPeersAndForgetsThemAll) {
  parameters_.max_duplicates = 1'000'000;
  DuplicateCache cache(parameters_);
  for (std::uint32_t slot = 1; slot <= 10; ++slot) {
    for (std::uint32_t mid = 0; mid < 0x10000; ++mid) {
      ASSERT_EQ(note(cache, slot, static_cast<MessageId>(mid)), Seen::New);
    }
  }
  EXPECT_EQ(cache.size(), 655'360U);
  now_ += parameters_.exchange_lifetime();
  EXPECT_EQ(note(cache, 1, 1), Seen::New);
  EXPECT_EQ(cache.size(), 1U);
  EXPECT_EQ(cache.forgotten_early(), 0U);
}

}  // namespace
}  // namespace sluice::coap::testing
