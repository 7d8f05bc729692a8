// SPDX-License-Identifier: Apache-2.0
#include "gateways/coap/client.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "gateways/coap/coap_probe.h"
#include "gateways/coap/code_map.h"
#include "gateways/coap/gateway_shard.h"
#include "gateways/coap/mqtt_requests.h"
#include "gateways/coap/observation_record.h"
#include "gateways/coap/ps_requests.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::coap {
namespace {

/// Of the session in the core, as much as a request looks at.
constexpr std::size_t kSessionBytes = 512;

/// Everything a request can show of who sends it, but for the client id.
std::string proof_of(const Envelope& envelope) {
  const Credentials& who = envelope.command.who;
  std::string proof = who.username ? "u" + *who.username : "-";
  proof += '\0';
  proof += who.password ? "p" + *who.password : "-";
  proof += '\0';
  proof += envelope.peer.psk_identity();
  proof += '\0';
  proof += envelope.peer.distinguished_name();
  return proof;
}

/// A mount point with the client's names in it is the client's own.
std::string scope_of(const Envelope& envelope) {
  std::string mountpoint = envelope.listener == nullptr ? std::string() : envelope.listener->mountpoint;
  if (mountpoint.find('%') == std::string::npos) return mountpoint;
  const Credentials& who = envelope.command.who;
  return fmt::format("{}\n{}\n{}\n", mountpoint, who.client_id, who.username.value_or(""));
}

bool same_secret(const std::string& a, const std::string& b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

Client::Client(GatewayShard& shard, ClientSerial serial, const Envelope& first)
    : shard_(shard),
      serial_(serial),
      one_shot_(first.command.who.one_shot),
      client_id_(first.command.who.client_id),
      proof_(proof_of(first)),
      scope_(scope_of(first)),
      notifier_(shard, serial, client_id_) {
  probe().clients.add(1);
}

Client::~Client() { probe().clients.add(-1); }

bool Client::proves(const Envelope& envelope) const {
  const std::string& token = envelope.command.who.token;
  if (!token.empty()) return !token_.empty() && same_secret(token, token_);
  return same_secret(proof_of(envelope), proof_);
}

void Client::inherit(Client& other) {
  notifier_.observations() = std::exchange(other.notifier_.observations(), {});
  // It stands for the credentials with which it was got.
  if (token_.empty() && proof_ == other.proof_) token_ = other.token_;
}

// Coming in.

void Client::serve(Envelope&& envelope) {
  if (state_ == State::Gone) return shard_.reply(envelope.sender, bare_response(codes::kServiceUnavailable));
  if (handle_) sluice::prefetch(handle_.operator->(), kSessionBytes);
  if (!one_shot_) {
    if (state_ == State::Online && envelope.route != notifier_.route()) end_observations_of_stream();
    notifier_.use_route(envelope);
    if (state_ == State::Online) notifier_.send_held();
  }
  if (state_ == State::Online && !restoring_) {
    serve_waiting();  // nothing overtakes what waits
    if (state_ != State::Online) return shard_.reply(envelope.sender, bare_response(codes::kServiceUnavailable));
    return perform(envelope);
  }
  if (waiting_.size() >= shard_.settings().max_waiting_requests) {
    probe().waiting_refused.add();
    return shard_.reply(envelope.sender, bare_response(codes::kTooManyRequests));
  }
  waiting_.push_back(std::move(envelope));
  if (state_ != State::Online && pending_ == nullptr && waiting_.size() == 1) enter(waiting_.front());
}

void Client::enter(const Envelope& envelope) {
  state_ = State::Entering;
  WheelTimer::cancel();
  const CoapSettings& settings = shard_.settings();
  ConnectRequest request;
  request.client_id = client_id_;
  request.protocol = Protocol::Coap;
  request.clean_start = one_shot_;
  request.session_expiry_seconds =
      one_shot_ ? 0
                : static_cast<std::uint32_t>(std::chrono::ceil<std::chrono::seconds>(settings.session_expiry).count());
  request.username = envelope.command.who.username;
  if (!request.username && !envelope.peer.psk_identity().empty()) {
    request.username = std::string(envelope.peer.psk_identity());
  }
  request.password = envelope.command.who.password;
  request.receive_maximum = settings.notify_window;
  request.peer = envelope.peer;
  request.listener = envelope.listener;
  auto pending = shard_.broker().connect(std::move(request), *this,
                                         [this](ConnectResult result) { on_connected(std::move(result)); });
  if (state_ == State::Entering) pending_ = std::move(pending);
}

void Client::on_connected(ConnectResult result) {
  pending_ = nullptr;
  if (result.reason != Reason::Success) return on_refused(result);
  handle_ = std::move(result.handle);
  state_ = State::Online;
  if (!one_shot_) shard_.now_serves(*this);
  had_session_ = result.session_present;
  if (!result.session_present) notifier_.observations().clear();
  if (result.session_present && notifier_.observations().empty()) restore_observations();
  probe().entered.add();
  arm_keep_alive();
  // The core goes on with the session first; what the requests ask for comes behind that.
  shard_.call_at_turn_end(serial_);
}

void Client::on_refused(const ConnectResult& result) {
  std::vector<Envelope> waiting = std::exchange(waiting_, {});
  if (result.reason == Reason::UseAnotherServer && result.move_to != nullptr) {
    for (Envelope& envelope : waiting) shard_.pass_on(std::move(envelope), result.move_to->index());
  } else {
    probe().refused.add();
    for (const Envelope& envelope : waiting) {
      shard_.reply(envelope.sender, bare_response(code_of_connect(result.reason)));
    }
  }
  vanish();
}

/// The session is older than what is known here of the client.
void Client::restore_observations() {
  restoring_ = true;
  handle_->read_note([&shard = shard_, serial = serial_](const GatewayStore::Value& value) {
    Client* const client = shard.find(serial);
    if (client == nullptr || !client->restoring_) return;
    client->restoring_ = false;
    const bool lost =
        value.state == GatewayStore::Value::State::Unreadable ||
        (holds_observations(value.value) && !read_observations(value.value, client->notifier_.observations()));
    if (lost) {
      log::get("coap").error("the observations of a client cannot be read: client_id={}",
                             log::loggable(client->client_id_));
    }
    shard.call_at_turn_end(serial);
  });
}

void Client::save_observations() {
  if (one_shot_ || shard_.settings().session_expiry.count() == 0) return;
  handle_->put_note(write_observations(notifier_.observations()));
}

void Client::serve_waiting() {
  for (std::vector<Envelope> waiting = std::exchange(waiting_, {}); Envelope & envelope : waiting) {
    if (state_ == State::Online) {
      perform(envelope);
    } else {
      shard_.reply(envelope.sender, bare_response(codes::kServiceUnavailable));
    }
  }
}

void Client::perform(Envelope& envelope) {
  if (envelope.command.resource == Resource::Ps || envelope.command.resource == Resource::WellKnown) {
    serve_ps(*this, envelope);
  } else {
    serve_mqtt(*this, envelope);
  }
  if (state_ != State::Online) return;
  if (one_shot_ && uncommitted_.empty()) return end_session();
  arm_keep_alive();
}

const std::string& Client::make_token() {
  if (!token_.empty()) return token_;
  std::array<unsigned char, 16> random;
  if (::RAND_bytes(random.data(), static_cast<int>(random.size())) != 1) return token_;
  token_ = fmt::format("{:x}-", shard_.index());
  for (const unsigned char byte : random) token_ += fmt::format("{:02x}", byte);
  return token_;
}

bool Client::may_publish() {
  const std::uint32_t most = shard_.settings().max_publish_rate;
  if (most == 0) return true;
  if (shard_.now() - window_begin_ >= std::chrono::seconds(1)) {
    window_begin_ = shard_.now();
    published_ = 0;
  }
  return ++published_ <= most;
}

PacketId Client::next_packet_id() {
  if (++last_packet_id_ == 0) ++last_packet_id_;
  return last_packet_id_;
}

void Client::reply(const ReturnAddress& to, Response response, CommitTicket ticket) {
  if (ticket == 0) return shard_.reply(to, std::move(response));
  uncommitted_.push_back({ticket, to, std::move(response)});
}

void Client::search(const ReturnAddress& asker, std::string_view filter, OnRetained done) {
  const std::uint32_t id = ++last_search_;
  RetainedSearch begun = handle_->read_retained(filter, shard_.settings().max_listed,
                                                [this, id, done = std::move(done)](RetainedList list) {
                                                  finish_search(id);
                                                  done(std::move(list));
                                                });
  if (begun.reason != Reason::Success) return reply(asker, bare_response(code_of(begun.reason)));
  searches_.push_back({id, asker, std::move(begun.pending)});
}

/// It is in the middle of its last call.
void Client::finish_search(std::uint32_t id) {
  const auto found = std::ranges::find(searches_, id, &Search::id);
  over_.push_back(std::move(found->pending));
  searches_.erase(found);
  shard_.call_at_turn_end(serial_);
}

void Client::on_committed(CommitTicket ticket) {
  const auto first_left =
      std::ranges::find_if(uncommitted_, [&](const Uncommitted& one) { return one.ticket > ticket; });
  for (auto one = uncommitted_.begin(); one != first_left; ++one) shard_.reply(one->to, std::move(one->response));
  uncommitted_.erase(uncommitted_.begin(), first_left);
  if (one_shot_ && uncommitted_.empty()) shard_.call_at_turn_end(serial_);
}

// Going.

void Client::arm_keep_alive() {
  asked_ = false;
  heard_ = shard_.now();
  const Duration patience = shard_.settings().keep_alive;
  const bool observes = !notifier_.observations().empty();
  shard_.shard().wheel().arm_coarsely(*this, heard_ + (observes ? patience / 2 : patience));
}

void Client::on_timer(TimePoint now) {
  if (state_ != State::Online) return vanish();  // away for longer than its session lives
  const Duration patience = shard_.settings().keep_alive;
  TimePoint end = heard_ + patience;
  // Who observes need not say anything by itself to be notified [RFC 7641 4.1].
  if (!asked_ && !notifier_.observations().empty()) {
    asked_ = true;
    end = std::max(end, now + patience / 2);  // time to answer, however late this call
    notifier_.ask_for_sign_of_life();
  } else if (now >= end) {
    return go_away(Reason::KeepAliveTimeout);
  }
  shard_.shard().wheel().arm_coarsely(*this, end);
}

void Client::refuse_what_is_open() {
  const auto refuse = [this](const ReturnAddress& asker) {
    shard_.reply(asker, bare_response(codes::kServiceUnavailable));
  };
  for (const Envelope& envelope : std::exchange(waiting_, {})) refuse(envelope.sender);
  for (const Uncommitted& one : std::exchange(uncommitted_, {})) refuse(one.to);
  for (const Search& one : std::exchange(searches_, {})) refuse(one.asker);
}

/// What would be lost if its session ended.
bool Client::has_something_to_keep() const {
  return had_session_ || !token_.empty() || !notifier_.observations().empty();
}

/// The session goes on without it, if there is anything in it.
void Client::go_away(Reason reason) {
  if (state_ != State::Online) return;
  probe().gone_away.add();
  state_ = State::Away;
  restoring_ = false;
  refuse_what_is_open();
  end_observations_of_stream();
  notifier_.drop_route();
  const bool stays = shard_.settings().session_expiry.count() != 0 && has_something_to_keep();
  handle_.close({.kind = CloseKind::Abnormal,
                 .reason = reason,
                 .session_expiry_seconds = stays ? std::nullopt : std::optional<std::uint32_t>(0)});
  if (!stays) return vanish();
  shard_.shard().wheel().arm_coarsely(*this, shard_.now() + shard_.settings().session_expiry);
}

void Client::end_session() {
  if (state_ != State::Online) return;
  handle_.close({.kind = CloseKind::Normal, .reason = Reason::Success, .session_expiry_seconds = 0});
  vanish();
}

void Client::on_session_ended(Reason reason) {
  handle_.forget();
  // Over a restart its observations stay; whoever took the session or ended it leaves nothing to be observed.
  if (reason != Reason::ServerShuttingDown && reason != Reason::SessionTakenOver) {
    for (Observation& one : notifier_.observations().all()) notifier_.send_last(one, codes::kServiceUnavailable);
  }
  vanish();
}

void Client::shut_down() {
  pending_ = nullptr;
  go_away(Reason::ServerShuttingDown);
  vanish();
}

void Client::vanish() {
  if (std::exchange(state_, State::Gone) == State::Gone) return;
  WheelTimer::cancel();
  refuse_what_is_open();
  shard_.bury(*this);
}

// Messages.

DeliveryResult Client::deliver(const Delivery& delivery) {
  return restoring_ ? DeliveryResult::Busy : notifier_.deliver(delivery);
}

void Client::on_outcome(const NotificationTag& tag, Outcome outcome) {
  if (state_ != State::Online) return;
  settle(notifier_.on_outcome(tag, outcome));
}

void Client::settle(const Notifier::Effect& effect) {
  if (effect.connection_ended) end_observations_of_stream();
  if (effect.unreachable) return go_away(Reason::KeepAliveTimeout);
  if (effect.alive) arm_keep_alive();
  for (const PacketId id : effect.acknowledged) handle_->acknowledge(Ack::PubAck, id, Reason::Success);
  if (const Observation* const cancelled = notifier_.observations().by_id(effect.cancelled)) {
    probe().reset.add();
    cancel(*cancelled);
  }
  notifier_.send_held();
  if (state_ == State::Online && notifier_.ready()) handle_->writable();
}

/// Their tokens meant something on that connection only [RFC 8323 7.4].
void Client::end_observations_of_stream() {
  std::vector<std::uint16_t> ended;
  for (const Observation& one : notifier_.observations().all()) {
    if (one.on_stream) ended.push_back(one.id);
  }
  for (const std::uint16_t id : ended) cancel(*notifier_.observations().by_id(id));
}

void Client::cancel(const Observation& observation) {
  const std::string filter = observation.filter;
  const bool kept = !observation.on_stream;
  notifier_.forget(observation.id);
  if (kept) save_observations();
  static_cast<void>(handle_->unsubscribe(std::array<std::string_view, 1>{filter}));
}

void Client::on_turn_end() {
  over_.clear();
  if (state_ != State::Online || restoring_) return;
  serve_waiting();
  if (state_ != State::Online) return;
  for (const std::uint16_t id : notifier_.take_ended()) {
    if (const Observation* const ended = notifier_.observations().by_id(id)) cancel(*ended);
  }
  for (const PacketId id : notifier_.take_acknowledged()) handle_->acknowledge(Ack::PubAck, id, Reason::Success);
  if (one_shot_ && uncommitted_.empty()) return end_session();
  notifier_.send_held();
  if (notifier_.ready()) handle_->writable();
}

}  // namespace sluice::coap
