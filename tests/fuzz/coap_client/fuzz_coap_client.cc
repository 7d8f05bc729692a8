// SPDX-License-Identifier: Apache-2.0
// A script of what is asked of six servers over datagrams, and of what they make of it: good answers, in blocks or as
// notifications, and answers that are changed, forged, repeated, late or never come. Every request ends once, an
// observation when it is over; bodies arrive as they were sent and within their limit; when all is over nothing is
// left.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <optional>
#include <span>
#include <vector>

#include "shared/coap/endpoint.h"
#include "tests/fuzz/script.h"
#include "tests/unit/coap_message/manual_shard.h"

namespace sluice::coap {
namespace {

using fuzz::require;

constexpr std::size_t kPeers = 6;
constexpr std::size_t kMostBody = 2048;

sluice::testing::ManualShard& clock_of_all() {
  static sluice::testing::ManualShard shard;
  return shard;
}

/// Byte `offset` of every body, there and back.
std::byte pattern(std::size_t offset) { return static_cast<std::byte>(offset % 251); }

Bytes body_from(std::size_t offset, std::size_t size) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = pattern(offset + i);
  return bytes;
}

bool is_body_from(std::size_t offset, std::span<const std::byte> bytes) {
  return std::ranges::equal(bytes, body_from(offset, bytes.size()));
}

Parameters parameters() {
  Parameters parameters;
  // Short times: a jump costs by its length.
  parameters.ack_timeout = std::chrono::milliseconds(100);
  parameters.max_latency = std::chrono::milliseconds(1000);
  parameters.max_peers = 4;
  parameters.max_duplicates = 16;
  parameters.duplicate_bytes = 4096;
  parameters.max_waiting = 2;
  return parameters;
}

ClientSettings settings(std::uint8_t choice) {
  ClientSettings settings;
  settings.max_requests = 6;
  settings.max_body_size = kMostBody;
  settings.total_bytes = 3000;
  settings.size_exponent = static_cast<std::uint8_t>((choice & 0x0FU) % 7);
  return settings;
}

/// What the client asked, as its server remembers it.
struct Question {
  Bytes bytes;
  [[nodiscard]] Pdu pdu() const { return *Pdu::parse(bytes); }
};

std::optional<Block> block_of(const Pdu& pdu, Option option) {
  const auto found = pdu.option(option);
  return found ? Block::from(*found) : std::nullopt;
}

class Script final : public DatagramPort, private RequestHandler, private ResponseHandler {
 public:
  explicit Script(std::span<const std::uint8_t> script) : script_(script), choice_(next()) {}

  void run() {
    while (!script_.empty()) {
      step();
      check();
    }
    end();
  }

 private:
  struct Call {
    PeerId peer;
    bool observes = false;     ///< it was asked for
    bool established = false;  ///< an answer has said that more follow
    /// It was to be asked for anew: then what was being fetched for it may be lost, and it stands without an answer.
    bool refreshed = false;
  };
  struct Server {
    std::deque<Question> questions;
    Bytes last_answer;
    MessageId mid = 100;
    MessageId last_mid = 0;  ///< of what came from the client last, whatever it was
    std::uint32_t observe = 5;
  };

  std::uint8_t next() { return script_.next(); }
  Bytes take(std::size_t most) { return script_.take(most); }
  static DatagramPath path_of(std::size_t index) {
    DatagramPath path;
    path.remote.port = static_cast<std::uint16_t>(1000 + index);
    path.remote.ip[15] = 1;
    return path;
  }

  void step() {
    const std::uint8_t what = next();
    const std::size_t index = (what >> 4U) % kPeers;
    Server& server = servers_.at(index);
    switch (what & 0x0FU) {
      case 0:
        return ask(index, next());
      case 1:
        return answer_well(index, server, next());
      case 2:
        return answer_anyhow(index, index);
      case 3:
        return confirm(index, server, next());
      case 4:
        return receive(index, Bytes(server.last_answer));
      case 5:
        return answer_anyhow(index, next() % kPeers);
      case 6:
        only_patterns_ = false;
        return receive(index, take(next()));
      case 7:
        return answer_raw(index, server);
      case 8:
        return clock_of_all().jump(std::chrono::milliseconds(50) * next());
      case 9:
        return clock_of_all().jump(std::chrono::seconds(1) * (next() % 140U));
      case 10:
        return end_one(next());
      case 11:
        if (const auto id = pick(next())) refresh(*id);
        return;
      case 12:
        if ((choice_ & 0x80U) != 0) endpoint_.events().on_association_ended(path_of(index));
        return;
      case 13:
        reaction_ = next() % 8U;
        return;
      case 14:
        return notify(index, server, next());
      default:
        return exchange(index, server, next());
    }
  }

  // The client's owner.

  void ask(std::size_t index, std::uint8_t how) { ask(endpoint_.messages().peer_at(path_of(index)), how); }

  void ask(PeerId peer, std::uint8_t how) {
    constexpr std::array kMethods = {codes::kGet, codes::kPut, codes::kFetch, codes::kPost};
    constexpr std::array<std::size_t, 4> kSizes = {0, 17, 300, 3000};
    Outgoing outgoing;
    outgoing.method = kMethods.at(how & 3U);
    outgoing.options.add(Option::UriPath, "a");
    if (outgoing.method == codes::kPut) outgoing.options.add(Option::IfNoneMatch, "");
    if (how == 0xFF) outgoing.options.add(Option::UriQuery, std::string(1000, 'q'));
    const Bytes body = body_from(0, outgoing.method == codes::kGet ? 0 : kSizes.at((how >> 2U) & 3U));
    outgoing.body.bytes = body;
    outgoing.observe = (how & 0x10U) != 0 && (how & 1U) == 0;
    outgoing.confirm = (how & 0x20U) != 0 ? Carrier::Confirm::No : Carrier::Confirm::Yes;
    if ((how & 0x40U) != 0) outgoing.patience = std::chrono::seconds(3);
    ++quiet_;
    const RequestId id = endpoint_.requester().request(peer, outgoing, *this);
    --quiet_;
    if (id == 0) return;
    require(endpoint_.messages().known(peer));
    require(calls_.emplace(id, Call{peer, outgoing.observe}).second);
  }

  std::optional<RequestId> pick(std::size_t number) {
    if (calls_.empty()) return std::nullopt;
    return std::next(calls_.begin(), static_cast<std::ptrdiff_t>(number % calls_.size()))->first;
  }

  void end_one(std::uint8_t how) {
    const auto id = pick(how >> 1U);
    if (!id) return;
    if ((how & 1U) != 0) return forget(*id);
    deregister(*id);
  }
  void forget(RequestId id) {
    ++quiet_;
    endpoint_.requester().forget(id);
    --quiet_;
    calls_.erase(id);
  }
  void deregister(RequestId id) {
    const bool observes = calls_.at(id).observes;
    const std::size_t before = endpoint_.requester().size();
    ++quiet_;
    const bool asked = endpoint_.requester().deregister(id);
    --quiet_;
    require(!asked || observes);
    if (endpoint_.requester().size() < before) calls_.erase(id);
  }
  void refresh(RequestId id) {
    calls_.at(id).refreshed = true;
    ++quiet_;
    const bool asked = endpoint_.requester().refresh(id);
    --quiet_;
    require(!asked || calls_.at(id).observes);
  }

  void on_answer(const Answer& answer) override {
    require(quiet_ == 0);
    const auto found = calls_.find(answer.request);
    require(found != calls_.end() && found->second.peer == answer.peer);
    require(answer.body.size() <= kMostBody);
    require(!only_patterns_ || !answer.pdu.code().is_success() || is_body_from(0, answer.body));
    require(answer.last || found->second.observes);
    found->second.established = true;
    if (answer.last) calls_.erase(found);
    react(answer.request, answer.peer);
  }

  void on_failure(RequestId request, PeerId peer, Failure why) override {
    require(quiet_ == 0);
    const auto found = calls_.find(request);
    require(found != calls_.end() && found->second.peer == peer);
    require(why != Failure::PeerGone || !endpoint_.messages().known(peer));
    calls_.erase(found);
    react(request, peer);
  }

  void react(RequestId request, PeerId peer) {
    if (reaction_ == 1) ask(peer, 0);
    if (reaction_ == 2) ask(peer, 0x19);
    if (reaction_ == 6) end_one(1);
    if (!calls_.contains(request)) return;
    if (reaction_ == 3) forget(request);
    if (reaction_ == 4) deregister(request);
    if (reaction_ == 5) refresh(request);
  }

  // The servers.

  const Question* question(Server& server) {
    if (server.questions.empty()) return nullptr;
    return &server.questions.at(next() % server.questions.size());
  }

  void receive(std::size_t index, Bytes bytes) {
    endpoint_.events().on_datagram({path_of(index), bytes, false});
    servers_.at(index).last_answer = std::move(bytes);
  }

  Parts parts_for(Server& server, const Pdu& asked, std::uint8_t type) {
    Parts parts;
    parts.type = static_cast<Type>(type % 3);
    parts.mid = parts.type == Type::Acknowledgement ? asked.mid() : ++server.mid;
    parts.token = asked.token();
    return parts;
  }

  /// What a server does that keeps to the protocol; `how`: in which message, and how large its representation is.
  void answer_well(std::size_t index, Server& server, std::uint8_t how) {
    if (server.questions.empty()) return;
    const Question latest = server.questions.back();
    const Pdu asked = latest.pdu();
    Parts parts = parts_for(server, asked, asked.type() == Type::Confirmable ? how : std::uint8_t{1});
    const auto block1 = block_of(asked, Option::Block1);
    if (block1) parts.options.add(Option::Block1, smaller(*block1, how).value());
    if (block1 && block1->more) {
      parts.code = codes::kContinue;
      return receive(index, encode(parts));
    }
    parts.code = codes::kContent;
    const bool observes = asked.option(Option::Observe) && asked.option(Option::Observe)->uint() == 0U;
    if (observes) parts.options.add(Option::Observe, ++server.observe);
    const Bytes payload = add_block2(parts, block_of(asked, Option::Block2), how);
    parts.payload = payload;
    receive(index, encode(parts));
  }

  static Block smaller(Block block, std::uint8_t how) {
    if ((how & 4U) != 0 && block.size_exponent > 0) --block.size_exponent;
    return block;
  }

  /// The block that was asked for, of a representation of one of four sizes.
  static Bytes add_block2(Parts& parts, const std::optional<Block>& wanted, std::uint8_t how) {
    constexpr std::array<std::size_t, 4> kSizes = {0, 15, 1500, 2500};
    const std::size_t size = kSizes.at((how >> 4U) & 3U);
    Block block = wanted.value_or(Block{0, false, static_cast<std::uint8_t>((how & 8U) != 0 ? 2 : 6)});
    if (size <= block.size() && !wanted) return body_from(0, size);
    const std::size_t offset = std::min(block.offset(), size);
    block.more = size > offset + block.size();
    parts.options.add(Option::Block2, block.value());
    parts.options.add(Option::ETag, (how & 0x40U) != 0 ? "one" : "two");
    return body_from(offset, std::min(block.size(), size - offset));
  }

  void notify(std::size_t index, Server& server, std::uint8_t how) {
    const auto registers = [](const Question& asked) {
      const auto observe = asked.pdu().option(Option::Observe);
      return observe && observe->uint() == 0U;
    };
    const auto found = std::ranges::find_if(server.questions, registers);
    if (found == server.questions.end()) return;
    const Pdu asked = found->pdu();
    Parts parts = parts_for(server, asked, how & 1U);
    parts.code = (how & 2U) != 0 && (how & 4U) != 0 ? codes::kNotFound : codes::kContent;
    if ((how & 2U) == 0) parts.options.add(Option::Observe, (how & 4U) != 0 ? server.observe - 1 : ++server.observe);
    const Bytes payload = add_block2(parts, std::nullopt, how);
    parts.payload = payload;
    receive(index, encode(parts));
  }

  /// Good answers until nothing new is asked.
  void exchange(std::size_t index, Server& server, std::uint8_t how) {
    for (int answers = 0; answers < 40; ++answers) {
      const std::size_t before = asked_;
      answer_well(index, server, how);
      if (asked_ == before) return;
    }
  }

  /// Codes and options of the script's choice, under the token of a question to this server or another.
  void answer_anyhow(std::size_t index, std::size_t questioned) {
    constexpr std::array kCodes = {codes::kContent,
                                   codes::kContinue,
                                   codes::kChanged,
                                   codes::kUnauthorized,
                                   codes::kRequestEntityTooLarge,
                                   codes::kRequestEntityIncomplete,
                                   codes::kNotFound,
                                   codes::kServiceUnavailable,
                                   codes::kValid};
    const Question* const its = question(servers_.at(questioned));
    if (its == nullptr) return;
    const Question kept = *its;
    const Pdu asked = kept.pdu();
    const std::uint8_t head = next();
    Parts parts = parts_for(servers_.at(index), asked, head & 3U);
    parts.code = kCodes.at((head >> 2U) % kCodes.size());
    const std::uint8_t which = next();
    if ((which & 1U) != 0) parts.options.add(Option::Observe, std::uint32_t{next()});
    if ((which & 2U) != 0) parts.options.add(Option::ETag, std::uint32_t{next()} % 4);
    if ((which & 4U) != 0) parts.options.add(Option::Size2, std::uint32_t{next()} * 16);
    if ((which & 8U) != 0) parts.options.add(Option::Echo, take(next() % 41U));
    if ((which & 0x10U) != 0) parts.options.add(Option::Block1, block(block_of(asked, Option::Block1)).value());
    if ((which & 0x40U) != 0) parts.options.add(static_cast<Option>(next()), take(next() % 9U));
    Bytes payload;
    if ((which & 0x20U) != 0) {
      const Block block2 = block(block_of(asked, Option::Block2));
      parts.options.add(Option::Block2, block2.value());
      payload = body_from(block2.offset(), block2.more ? block2.size() : next());
    }
    if ((which & 0x80U) != 0) payload = body_from(0, std::size_t{next()} * 12);
    if ((which & 0xA0U) == 0xA0U) only_patterns_ = false;  // it is not the block's
    parts.payload = payload;
    receive(index, encode(parts));
  }

  /// As it was asked, or another.
  Block block(const std::optional<Block>& asked) {
    Block block = asked.value_or(Block{});
    const std::uint8_t how = next();
    if ((how & 7U) != 7) block.size_exponent = static_cast<std::uint8_t>(how & 7U);
    if ((how & 0x30U) != 0) block.number += (how >> 4U) & 3U;
    if ((how & 0x40U) != 0) block.number = Block::kMostNumber - block.number;
    if ((how & 0x80U) != 0) block.number = 0;
    block.more = (how & 8U) != 0;
    return block;
  }

  /// Any bytes behind a header and a token that fit.
  void answer_raw(std::size_t index, Server& server) {
    only_patterns_ = false;
    const Question* const its = question(server);
    if (its == nullptr) return;
    const unsigned type = next() % 4U;
    Bytes bytes = {static_cast<std::byte>(0x48U | (type << 4U)), static_cast<std::byte>(next()), its->bytes[2],
                   its->bytes[3]};
    bytes.insert(bytes.end(), its->bytes.begin() + 4, its->bytes.begin() + 12);
    const Bytes rest = take(next());
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    receive(index, std::move(bytes));
  }

  /// An empty ACK or a Reset, of the last message or of a request.
  void confirm(std::size_t index, Server& server, std::uint8_t how) {
    Parts parts;
    parts.type = (how & 1U) != 0 ? Type::Reset : Type::Acknowledgement;
    parts.mid = server.last_mid;
    if ((how & 2U) != 0) {
      const Question* const its = question(server);
      if (its == nullptr) return;
      parts.mid = its->pdu().mid();
    }
    receive(index, encode(parts));
  }

  void send(const DatagramPath& path, std::span<const std::byte> bytes) override {
    const auto pdu = Pdu::parse(bytes);
    require(pdu.has_value());
    Server& server = servers_.at((path.remote.port - 1000U) % kPeers);
    server.last_mid = pdu->mid();
    if (!pdu->code().is_request()) return;
    require(pdu->token().size == 8);
    check_upload(*pdu);
    const bool repeated = !server.questions.empty() && std::ranges::equal(server.questions.back().bytes, bytes);
    if (repeated) return;
    ++asked_;
    server.questions.push_back({{bytes.begin(), bytes.end()}});
    if (server.questions.size() > kMostQuestions) server.questions.pop_front();
  }

  /// Each part of a body is what belongs there, and no larger than it says.
  void check_upload(const Pdu& pdu) const {
    const auto block1 = block_of(pdu, Option::Block1);
    require(is_body_from(block1 ? block1->offset() : 0, pdu.payload()));
    require(pdu.payload().size() <= Block{0, false, settings(choice_).size_exponent}.size());
    if (!block1) return;
    require(block1->size_exponent <= settings(choice_).size_exponent);
    require(!block1->more || pdu.payload().size() == block1->size());
    require(pdu.option(Option::RequestTag).has_value());
  }

  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return (choice_ & 0x80U) != 0; }
  const SocketAddress& bound() const override { return bound_; }

  /// The other direction: servers may ask, too.
  void on_request(const Request& request) override {
    endpoint_.server().respond(request.exchange, {codes::kContent, {}, {}});
  }
  void on_peer_gone(PeerId peer) override { require(!endpoint_.messages().known(peer)); }

  void check() {
    require(endpoint_.requester().size() == calls_.size());
    require(calls_.size() <= settings(choice_).max_requests);
    require(endpoint_.requester().collected_bytes() <= settings(choice_).total_bytes);
    require(endpoint_.messages().peers() <= parameters_.max_peers);
    for (const auto& [id, call] : calls_) require(endpoint_.messages().known(call.peer));
  }

  /// Nobody answers any more.
  void end() {
    reaction_ = 0;
    for (bool stay = false; const RequestId id : ids()) {
      stay = !stay;
      if (!stay) deregister(id);
    }
    for (int turn = 0; turn < 40; ++turn) {
      clock_of_all().jump(std::chrono::seconds(5));
      check();
    }
    require(endpoint_.requester().collected_bytes() == 0);
    for (const RequestId id : ids()) {
      const Call& call = calls_.at(id);
      require(call.observes && (call.established || call.refreshed));
      forget(id);
    }
    check();
    // Nothing holds a peer any more: there is a place for four others.
    std::vector<PeerId> others;
    for (std::size_t i = 0; i < parameters_.max_peers; ++i) {
      others.push_back(endpoint_.messages().peer_at(path_of(kPeers + i)));
    }
    for (const PeerId other : others) require(endpoint_.messages().known(other));
  }
  [[nodiscard]] std::vector<RequestId> ids() const {
    std::vector<RequestId> all;
    for (const auto& [id, call] : calls_) all.push_back(id);
    return all;
  }

  static constexpr std::size_t kMostQuestions = 6;

  fuzz::ScriptReader script_;
  std::uint8_t choice_;
  SocketAddress bound_;
  std::array<Server, kPeers> servers_;
  std::map<RequestId, Call> calls_;
  std::size_t asked_ = 0;
  int quiet_ = 0;  ///< within a call that reports nothing
  std::uint8_t reaction_ = 0;
  bool only_patterns_ = true;  ///< no server has sent anything but parts of the body
  Parameters parameters_ = parameters();
  DatagramEndpoint endpoint_{clock_of_all().shard(), *this, parameters_, ServerSettings(), *this, settings(choice_)};
};

}  // namespace
}  // namespace sluice::coap

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::coap::Script({data, size}).run();
  return 0;
}
