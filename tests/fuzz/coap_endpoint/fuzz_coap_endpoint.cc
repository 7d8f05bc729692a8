// SPDX-License-Identifier: Apache-2.0
// A script of what six addresses send to an endpoint over datagrams, with a handler that answers at once, later, at
// length, with an error or never: whatever they do, every datagram that leaves is a message, what is kept stays within
// its bounds, and an address that nobody has verified gets no more than three times what it sent (and challenges).
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <span>
#include <string>

#include "shared/coap/endpoint.h"
#include "tests/fuzz/script.h"
#include "tests/unit/coap_message/manual_shard.h"

namespace sluice::coap {
namespace {

using fuzz::require;

constexpr std::size_t kPeers = 6;
constexpr std::size_t kChallenge = 18 + 8;  // what 4.01 with Echo takes with the longest token

sluice::testing::ManualShard& clock_of_all() {
  static sluice::testing::ManualShard shard;
  return shard;
}

Parameters parameters() {
  Parameters parameters;
  parameters.max_peers = 4;
  parameters.max_duplicates = 16;
  parameters.duplicate_bytes = 4096;
  parameters.max_waiting = 3;
  return parameters;
}

ServerSettings settings(std::uint8_t choice) {
  ServerSettings settings;
  settings.blocks.max_body_size = 4096;
  settings.blocks.total_bytes = 8192;
  settings.blocks.size_exponent = choice & 7U;
  if (settings.blocks.size_exponent == Block::kBert) settings.blocks.size_exponent = 6;
  settings.max_pending = 4;
  settings.echo = static_cast<EchoPolicy>((choice >> 3U) % 2);
  return settings;
}

class Script final : public DatagramPort, private RequestHandler, private OutcomeSink {
 public:
  explicit Script(std::span<const std::uint8_t> script)
      : choice_(script.empty() ? std::uint8_t{0} : script.front()), script_(script) {
    secure_ = (next() & 0x80U) != 0;
    large_.resize(3000, std::byte{'L'});
    bound_.port = 5683;
  }

  void run() {
    while (!script_.empty()) {
      step();
      check();
    }
    for (const ExchangeId exchange : waiting_) answer(exchange, 0);
    clock_of_all().jump(std::chrono::minutes(10));
    check();
  }

 private:
  /// What went to and came from an address.
  struct Account {
    PeerId peer;
    std::size_t in = 0;
    std::size_t out = 0;
    std::size_t datagrams = 0;
    bool verified = false;
    Bytes last_sent;
    Bytes last_echo;
  };

  std::uint8_t next() { return script_.next(); }
  static DatagramPath path_of(std::size_t index) {
    DatagramPath path;
    path.remote.port = static_cast<std::uint16_t>(1000 + index);
    path.remote.ip[15] = 1;
    return path;
  }

  void step() {
    const std::uint8_t what = next();
    const std::size_t index = (what >> 4U) % kPeers;
    Account& account = accounts_[index];
    switch (what & 0x0FU) {
      case 8:
        return clock_of_all().jump(std::chrono::milliseconds(50) * next());
      case 9:
        return clock_of_all().jump(std::chrono::seconds(2) * next());
      case 10:
        if (waiting_.empty()) return;
        answer(waiting_.front(), next());
        return waiting_.pop_front();
      case 11:
        return notify(account, next());
      case 12:
        return confirm(index, account, next());
      case 13:
        if (secure_) endpoint_.events().on_association_ended(path_of(index));
        return;
      case 14:
        if (account.peer && endpoint_.messages().known(account.peer) &&
            endpoint_.messages().credit(account.peer) >= 4) {
          static_cast<void>(endpoint_.messages().probe(account.peer, {this, index}));
        }
        return;
      case 15:
        return receive(index, account, account.last_echo, false);
      default:
        return receive_next(index, account, (what & 7U) == 7);
    }
  }

  void receive_next(std::size_t index, Account& account, bool multicast) {
    mode_ = next() % 8;
    const std::size_t size = next();
    receive(index, account, script_.take(size), multicast);
  }

  void receive(std::size_t index, Account& account, const Bytes& bytes, bool multicast) {
    account.in += bytes.size();
    ++account.datagrams;
    from_ = index;
    last_ = bytes;
    endpoint_.events().on_datagram({path_of(index), bytes, multicast});
  }

  /// An ACK or a Reset of what was sent last; its id is random, so that no script could know it.
  void confirm(std::size_t index, Account& account, std::uint8_t how) {
    if (account.last_sent.size() < 4) return;
    Bytes bytes{std::byte{(how & 1U) != 0 ? std::uint8_t{0x60} : std::uint8_t{0x70}}, std::byte{0},
                account.last_sent[2], account.last_sent[3]};
    if ((how & 2U) != 0) bytes[1] = std::byte{0x45};
    receive(index, account, bytes, false);
  }

  void notify(Account& account, std::uint8_t how) {
    if (!account.peer || endpoint_.messages().credit(account.peer) < 2 * large_.size()) return;
    const Confirm confirm = (how & 1U) != 0 ? Confirm::Yes : Confirm::No;
    const std::span<const std::byte> body(large_.data(), (how & 2U) != 0 ? large_.size() : 10);
    Response response{codes::kContent, {}, {body, nullptr}};
    response.options.add(Option::Observe, std::uint32_t{how});
    static_cast<void>(endpoint_.server().notify(account.peer, {}, representation_, response, confirm, {this, how}));
  }

  void answer(ExchangeId exchange, std::uint8_t how) {
    Response response{codes::kContent, {}, {}};
    switch (how % 5) {
      case 0:
        response.body.bytes = std::span(large_).first(5);
        break;
      case 1:
        response.body.bytes = large_;
        break;
      case 2:
        response.code = codes::kNotFound;
        response.body.bytes = std::span(large_).first(200);
        break;
      case 3:
        response.code = codes::kChanged;
        break;
      default:
        response.code = codes::kValid;
        response.options.add(Option::ETag, "e");
        break;
    }
    endpoint_.server().respond(exchange, response);
    if ((how & 0x80U) != 0) endpoint_.server().respond(exchange, response);
  }

  void on_request(const Request& request) override {
    accounts_[from_].peer = request.peer;
    representation_ = request.representation;
    require(request.body.size() <= 4096);
    if (mode_ < 5) return answer(request.exchange, mode_);
    if (mode_ == 6 && !waiting_.empty()) {
      answer(waiting_.front(), 1);
      waiting_.pop_front();
    }
    waiting_.push_back(request.exchange);
  }
  void on_peer_gone(PeerId peer) override { require(!endpoint_.messages().known(peer)); }
  void on_outcome(PeerId peer, Cookie cookie, Outcome outcome) override {
    require((outcome == Outcome::PeerGone) != endpoint_.messages().known(peer));
    if (outcome == Outcome::Acknowledged && (cookie & 4U) != 0) {
      Parts parts;
      parts.code = codes::kContent;
      static_cast<void>(endpoint_.messages().send(peer, parts, Confirm::Yes, {this, cookie & 3U}));
    }
  }

  void send(const DatagramPath& path, std::span<const std::byte> bytes) override {
    const auto pdu = Pdu::parse(bytes);
    require(pdu.has_value());
    Account& account = accounts_[path.remote.port - 1000U];
    // Short confirmable messages may be repeated without credit: they are few, and only they can show who is there.
    if (pdu->type() != Type::Confirmable || bytes.size() > 64) account.out += bytes.size();
    account.last_sent.assign(bytes.begin(), bytes.end());
    if (const auto echo = pdu->option(Option::Echo)) {
      const auto asked = Pdu::parse(last_);
      if (!asked || !asked->code().is_request()) return;
      Parts again{asked->type(), asked->code(), static_cast<MessageId>(asked->mid() + 1), asked->token(), {}, {}};
      for (const OptionView& option : asked->options()) {
        if (!option.is(Option::Echo)) again.options.add(Option{option.number}, option.value);
      }
      again.options.add(Option::Echo, echo->value);
      again.payload = asked->payload();
      account.last_echo = encode(again);
    }
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return secure_; }
  const SocketAddress& bound() const override { return bound_; }

  void check() {
    require(endpoint_.messages().peers() <= parameters_.max_peers);
    require(endpoint_.messages().duplicates().size() <= parameters_.max_duplicates);
    require(endpoint_.messages().duplicates().answer_bytes() <= parameters_.duplicate_bytes);
    require(endpoint_.server().uploads().bytes() <= 8192);
    require(endpoint_.server().pending() <= 4);
    for (auto& [index, account] : accounts_) {
      account.verified = account.verified || endpoint_.messages().verified(account.peer);
      require(account.verified || account.out <= 3 * account.in + kChallenge * account.datagrams);
    }
  }

  using Confirm = Carrier::Confirm;

  const std::uint8_t choice_;  ///< of settings; it is the first step, too
  fuzz::ScriptReader script_;
  bool secure_ = false;
  SocketAddress bound_;
  Bytes large_;
  Bytes last_;
  std::size_t from_ = 0;
  std::uint8_t mode_ = 0;
  std::uint64_t representation_ = 0;
  std::map<std::size_t, Account> accounts_;
  std::deque<ExchangeId> waiting_;
  Parameters parameters_ = parameters();
  DatagramEndpoint endpoint_{clock_of_all().shard(), *this, parameters_, settings(choice_), *this};
};

}  // namespace
}  // namespace sluice::coap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::coap::Script({data, size}).run();
  return 0;
}
