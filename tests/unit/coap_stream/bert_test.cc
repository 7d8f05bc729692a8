// SPDX-License-Identifier: Apache-2.0
// Bodies in blocks over streams, through the whole endpoint [RFC 8323 6].
#include "shared/coap/stream/endpoint.h"
#include "tests/unit/coap_stream/stream_fixture.h"

namespace sluice::coap {
namespace {

using ::testing::ElementsAre;

class Bert : public ShardTest, public RequestHandler {
 protected:
  ~Bert() override {
    turn([&] { endpoint.reset(); });
    stop();
  }
  void connect(const Bytes& csm) {
    wire = std::make_shared<Wire>();
    seen_ = 0;
    turn([&] {
      if (!endpoint) endpoint = std::make_unique<StreamEndpoint>(shard(), settings, parameters, server, *this);
      endpoint->accept(std::make_unique<FakeStream>(wire));
    });
    arrive(csm);
    next();
  }
  void arrive(const Bytes& bytes) {
    turn([&] { wire->events->on_bytes(bytes); });
  }
  struct Answer {
    Code code;
    std::optional<Block> block1;
    std::optional<Block> block2;
    std::string payload;
    std::size_t size = 0;
    std::string etag;
  };
  /// The message that went out last, if one did since the last call.
  Answer next() {
    Answer answer;
    turn([&] {
      while (seen_ < wire->sent.size()) {
        const auto rest = std::span<const std::byte>(wire->sent).subspan(seen_);
        const auto pdu = Pdu::parse_frame(rest);
        ASSERT_TRUE(pdu);
        answer.code = pdu->code();
        answer.size = *frame_length(rest);
        if (const auto block = pdu->option(Option::Block1)) answer.block1 = Block::from(*block, Block::Bert::Allowed);
        if (const auto block = pdu->option(Option::Block2)) answer.block2 = Block::from(*block, Block::Bert::Allowed);
        if (const auto etag = pdu->option(Option::ETag)) answer.etag = to_hex(etag->value);
        answer.payload.assign(reinterpret_cast<const char*>(pdu->payload().data()), pdu->payload().size());
        seen_ += answer.size;
      }
    });
    return answer;
  }
  Answer ask(Frame& frame) {
    arrive(frame.bytes());
    return next();
  }
  Answer get_block(std::optional<Block> block) {
    Frame frame(codes::kGet);
    frame.token("01").option(11, "73");
    if (block) frame.parts.options.add(Option::Block2, block->value());
    return ask(frame);
  }
  Answer put_block(Block block, std::string payload) {
    Frame frame(codes::kPut);
    frame.token("01").option(11, "73").payload(std::move(payload));
    frame.parts.options.add(Option::Block1, block.value());
    return ask(frame);
  }
  static std::string pattern(std::size_t size) {
    std::string text(size, ' ');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i * 7 / 5 % 26);
    return text;
  }
  /// Fetches everything, as a client that goes on where it is.
  std::string fetch(std::uint8_t exponent, std::size_t most_message, std::size_t& messages) {
    std::string whole;
    Answer answer = get_block(std::nullopt);
    for (messages = 1; messages < 1000; ++messages) {
      EXPECT_EQ(answer.code, codes::kContent);
      EXPECT_LE(answer.size, most_message);
      if (!answer.block2) return answer.payload;
      EXPECT_EQ(answer.block2->size_exponent, exponent);
      EXPECT_EQ(answer.block2->offset(), whole.size());
      whole += answer.payload;
      if (!answer.block2->more) return whole;
      EXPECT_EQ(answer.payload.size() % answer.block2->size(), 0U);
      answer = get_block(Block{static_cast<std::uint32_t>(whole.size() / answer.block2->size()), false, exponent});
    }
    return whole;
  }

  void on_request(const Request& request) override {
    bodies.emplace_back(reinterpret_cast<const char*>(request.body.data()), request.body.size());
    if (deferring) {
      deferred.push_back(request.exchange);
      return;
    }
    if (request.pdu.code() == codes::kGet) {
      endpoint->server().respond(request.exchange,
                                 {codes::kContent, {}, {std::as_bytes(std::span(representation)), nullptr}});
    } else {
      endpoint->server().respond(request.exchange, {codes::kChanged, {}, {}});
    }
  }
  void on_peer_gone(PeerId) override { ++gone; }

  StreamSettings settings;
  Parameters parameters;
  ServerSettings server;
  std::unique_ptr<StreamEndpoint> endpoint;
  std::shared_ptr<Wire> wire;
  std::string representation;
  std::vector<std::string> bodies;
  std::vector<ExchangeId> deferred;
  bool deferring = false;
  int gone = 0;

 private:
  std::size_t seen_ = 0;
};

Bytes csm_of(std::uint32_t size, bool block_wise = true) {
  Parts parts = make_csm(size);
  if (!block_wise) parts.options.remove(signal_options::kCsmBlockWiseTransfer);
  return encode_frame(parts);
}

TEST_F(Bert, WhatFitsIntoAMessageNeedsNoBlocks) {
  representation = pattern(8000);
  connect(csm_of(9000));
  const Answer answer = get_block(std::nullopt);
  EXPECT_FALSE(answer.block2);
  EXPECT_EQ(answer.payload, representation);
}

TEST_F(Bert, ALargeRepresentationComesInSeveralBlocksAtOnce) {
  representation = pattern(12'903);
  connect(csm_of(6000));
  Answer answer = get_block(std::nullopt);
  EXPECT_EQ(answer.block2, (Block{0, true, 7}));
  EXPECT_EQ(answer.payload, representation.substr(0, 5120));
  EXPECT_LE(answer.size, 6000U);
  const std::string etag = answer.etag;
  EXPECT_EQ(etag.size(), 16U);
  representation = "another one by now";
  answer = get_block(Block{5, false, 7});
  EXPECT_EQ(answer.block2, (Block{5, true, 7}));
  EXPECT_EQ(answer.etag, etag);
  answer = get_block(Block{10, false, 7});
  EXPECT_EQ(answer.block2, (Block{10, false, 7}));
  EXPECT_EQ(answer.payload.size(), 12'903U - 10'240U);
  EXPECT_EQ(answer.etag, etag);
}

TEST_F(Bert, EverySizeArrivesWhole) {
  for (const std::uint32_t size : {1153U, 1200U, 2175U, 2176U, 3000U, 66'048U, 1'000'000U}) {
    connect(csm_of(size));
    for (const std::size_t bytes : {0U, 1U, 1023U, 1024U, 1025U, 2048U, 10'240U, 10'241U, 200'000U}) {
      representation = pattern(bytes);
      std::size_t messages = 0;
      EXPECT_EQ(fetch(7, std::min<std::size_t>(size, settings.max_message_size), messages), representation)
          << size << " " << bytes;
    }
  }
}

TEST_F(Bert, WithoutItBlocksAreSmall) {
  representation = pattern(5000);
  std::size_t messages = 0;
  connect(csm_of(1152));
  EXPECT_EQ(fetch(6, 1152, messages), representation);
  EXPECT_EQ(messages, 5U);
  connect(csm_of(300));
  EXPECT_EQ(fetch(3, 300, messages), representation);
}

TEST_F(Bert, WhoDoesNotAnnounceBlocksGetsThemWhereNothingElseGoes) {
  connect(csm_of(4000, false));
  representation = pattern(3500);
  EXPECT_EQ(get_block(std::nullopt).payload, representation);
  representation = pattern(5000);
  std::size_t messages = 0;
  EXPECT_EQ(fetch(6, 4000, messages), representation);
}

TEST_F(Bert, AClientMayAskForSmallerBlocks) {
  representation = pattern(5000);
  connect(csm_of(6000));
  const Answer answer = get_block(Block{2, false, 6});
  EXPECT_EQ(answer.block2, (Block{2, true, 6}));
  EXPECT_EQ(answer.payload, representation.substr(2048, 1024));
}

TEST_F(Bert, AskingForItWithoutHavingAnnouncedItGetsOneBlock) {
  representation = pattern(5000);
  connect(csm_of(1152));
  const Answer answer = get_block(Block{0, false, 7});
  EXPECT_EQ(answer.block2, (Block{0, true, 6}));
  EXPECT_EQ(answer.payload.size(), 1024U);
}

TEST_F(Bert, ABlockBehindTheEndIsRefused) {
  representation = pattern(5000);
  connect(csm_of(6000));
  EXPECT_EQ(get_block(Block{5, false, 7}).code, codes::kBadRequest);
}

TEST_F(Bert, ABodyArrivesInSeveralBlocksAtOnce) {  // the figure of [RFC 8323 6.2]
  const std::string body = pattern(8192 + 16'384 + 5683);
  connect(csm_of(66'048));
  Answer answer = put_block({0, true, 7}, body.substr(0, 8192));
  EXPECT_EQ(answer.code, codes::kContinue);
  EXPECT_EQ(answer.block1, (Block{0, true, 7}));
  answer = put_block({8, true, 7}, body.substr(8192, 16'384));
  EXPECT_EQ(answer.code, codes::kContinue);
  EXPECT_EQ(answer.block1, (Block{8, true, 7}));
  answer = put_block({24, false, 7}, body.substr(8192 + 16'384));
  EXPECT_EQ(answer.code, codes::kChanged);
  EXPECT_EQ(answer.block1, (Block{24, false, 7}));
  EXPECT_THAT(bodies, ElementsAre(body));
}

TEST_F(Bert, BlocksThatDoNotAddUpAreRefused) {
  connect(csm_of(66'048));
  EXPECT_EQ(put_block({0, true, 7}, pattern(1500)).code, codes::kBadRequest);
  EXPECT_EQ(put_block({0, false, 6}, pattern(1500)).code, codes::kBadRequest);
  EXPECT_EQ(put_block({3, true, 7}, pattern(1024)).code, codes::kRequestEntityIncomplete);
  EXPECT_EQ(put_block({0, true, 7}, pattern(2048)).code, codes::kContinue);
  EXPECT_EQ(put_block({3, true, 7}, pattern(1024)).code, codes::kRequestEntityIncomplete);
  EXPECT_TRUE(bodies.empty());
}

TEST_F(Bert, ABodyOverTheLimitIsRefusedHoweverItComes) {
  server.blocks.max_body_size = 5000;
  connect(csm_of(66'048));
  Frame whole(codes::kPut);
  whole.token("01").payload(pattern(5001));
  EXPECT_EQ(ask(whole).code, codes::kRequestEntityTooLarge);
  EXPECT_EQ(put_block({0, true, 7}, pattern(6144)).code, codes::kRequestEntityTooLarge);
  EXPECT_TRUE(bodies.empty());
  Frame fits(codes::kPut);
  fits.token("01").payload(pattern(5000));
  EXPECT_EQ(ask(fits).code, codes::kChanged);
}

TEST_F(Bert, ANotificationOverAMessageBeginsWithItsFirstBlocks) {
  connect(csm_of(3000));
  representation = pattern(7000);
  turn([&] {
    Response notification{codes::kContent, {}, {std::as_bytes(std::span(representation)), nullptr}};
    notification.options.add(Option::Observe);
    const Token token = Token::from(from_hex("0b"));
    EXPECT_EQ(endpoint->server().notify({1, 1}, token, 99, notification, Carrier::Confirm::No, {}), Carrier::Sent::Yes);
  });
  const Answer answer = next();
  EXPECT_EQ(answer.block2, (Block{0, true, 7}));
  EXPECT_EQ(answer.payload, representation.substr(0, 2048));
}

TEST_F(Bert, APongWithCustodyComesAfterWhatTakesItsTime) {
  deferring = true;
  connect(csm_of(3000));
  Frame quiet(codes::kPut);
  quiet.token("01").option(258, "1a").payload("x");  // no answer is wanted
  arrive(join({quiet.bytes(), Frame(codes::kPut).token("02").payload("y").bytes(), from_hex("11e24220")}));
  turn([&] { shard().wheel().advance(shard().now() + std::chrono::seconds(30)); });  // it would be acknowledged
  turn([&] { endpoint->server().respond(deferred[0], {codes::kChanged, {}, {}}); });
  EXPECT_EQ(next().code, Code{});
  turn([&] { endpoint->server().respond(deferred[1], {codes::kChanged, {}, {}}); });
  turn([&] {
    const auto all = describe_all(wire->sent);
    ASSERT_EQ(all.size(), 3U);
    EXPECT_EQ(all[1], "2.04 #02");
    EXPECT_EQ(all[2], "7.03 #42 2=");
  });
}

TEST_F(Bert, AShutdownAnswersWhatIsPendingAndEnds) {
  deferring = true;
  connect(csm_of(3000));
  arrive(get("01"));
  turn([&] { endpoint->shutdown(); });
  EXPECT_EQ(next().code, codes::kRelease);
  arrive(Frame(codes::kRelease).bytes());
  EXPECT_EQ(endpoint->connections(), 1U);
  turn([&] { endpoint->server().respond(deferred[0], {codes::kChanged, {}, {}}); });
  EXPECT_EQ(next().code, codes::kChanged);
  EXPECT_EQ(endpoint->connections(), 0U);
  EXPECT_EQ(gone, 1);
}

}  // namespace
}  // namespace sluice::coap
