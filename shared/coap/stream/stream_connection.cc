// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/stream/stream_connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "shared/coap/stream/stream_probe.h"
#include "shared/log/log.h"

namespace sluice::coap {
namespace {

constexpr std::size_t kMostTokenSize = 8;

}  // namespace

StreamConnection::StreamConnection(StreamHome& home, PeerId id, std::unique_ptr<Transport> transport)
    : home_(home), id_(id), transport_(std::move(transport)), last_input_(home.shard.now()) {
  stream_probe().connections.add(1);
}

StreamConnection::~StreamConnection() {
  drop_tail();
  stream_probe().connections.add(-1);
}

void StreamConnection::start() {
  transmit(make_csm(home_.settings.max_message_size));
  enter(State::AwaitCsm, last_input_ + home_.settings.hello_timeout);
  transport_->start(*this);
}

// Bytes to messages.

void StreamConnection::on_bytes(std::span<const std::byte> bytes) {
  if (closed_) return;
  last_input_ = home_.shard.now();
  if (state_ == State::Open) waits_until_ = kNever;
  consume(bytes);
}

void StreamConnection::consume(std::span<const std::byte> bytes) {
  if (tail_) {
    Bytes& kept = tail_->bytes;
    kept.insert(kept.end(), bytes.begin(), bytes.end());
    const std::size_t used = feed(kept);
    kept.erase(kept.begin(), kept.begin() + static_cast<std::ptrdiff_t>(used));
    if (kept.capacity() > kSmallTail && kept.capacity() / 4 > kept.size()) kept = Bytes(kept.begin(), kept.end());
    keep_tail(used > 0 ? Unfinished::NewMessage : Unfinished::SameMessage);
  } else if (const std::size_t used = feed(bytes); used < bytes.size() && !closed_) {
    tail_ = std::make_unique<Tail>();
    tail_->bytes.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
    keep_tail(Unfinished::NewMessage);
  }
  if (closed_ || held_ || accepts_input()) return;
  held_ = true;
  stream_probe().held.add();
  transport_->pause_reading();
}

/// Says how many bytes of messages were whole.
std::size_t StreamConnection::feed(std::span<const std::byte> bytes) {
  std::size_t used = 0;
  for (unsigned messages = 0; !closed_ && accepts_input(); ++messages) {
    const auto rest = bytes.subspan(used);
    const std::size_t length = whole_frame(rest);
    if (length == 0) break;
    if (messages == kMessagesPerTurn) {
      later_ = true;
      home_.continue_later(id_);
      break;
    }
    used += length;
    on_frame(rest.first(length));
  }
  return used;
}

/// The length of the message that `rest` begins with; 0: its end has not come, or it has no right to come.
std::size_t StreamConnection::whole_frame(std::span<const std::byte> rest) {
  if (rest.empty()) return 0;
  // Told before anything is kept: a message that is never taken, whatever follows.
  if ((static_cast<std::size_t>(rest.front()) & 0x0FU) > kMostTokenSize) {
    abort(stream_probe().malformed, make_error_code(PduErrc::TokenTooLong).message());
    return 0;
  }
  const auto length = frame_length(rest);
  if (!length) return 0;
  const std::size_t most = std::max(home_.settings.max_message_size, Capabilities::kBaseMessageSize);
  if (*length > most) {
    abort(stream_probe().too_large, fmt::format("a message of {} bytes exceeds Max-Message-Size {}", *length, most));
    return 0;
  }
  return *length <= rest.size() ? *length : 0;
}

/// Counts what is kept, and waits for the rest of it.
void StreamConnection::keep_tail(Unfinished what) {
  if (tail_->bytes.empty() || closed_) return drop_tail();
  home_.unfinished += tail_->bytes.size() - tail_->counted;
  tail_->counted = tail_->bytes.size();
  if (home_.unfinished > home_.settings.unfinished_total && tail_->counted > kSmallTail) {
    abort(stream_probe().no_room, "too many messages are unfinished");
    return;
  }
  if (what == Unfinished::SameMessage) return;
  tail_->since = home_.shard.now();
  arm(tail_->since);
}

void StreamConnection::drop_tail() {
  if (!tail_) return;
  home_.unfinished -= tail_->counted;
  tail_.reset();
}

bool StreamConnection::accepts_input() const {
  if (later_ || state_ == State::Finishing) return false;
  if (!traffic_) return true;
  // Once held, it rests until there is room for more than one message.
  const StreamSettings& settings = home_.settings;
  const std::size_t divisor = held_ ? 2 : 1;
  return traffic_->exchanges.size() < std::max<std::size_t>(settings.max_pending / divisor, 1) &&
         backlog() < std::max<std::size_t>(settings.output_high / divisor, 1);
}

void StreamConnection::go_on() {
  later_ = false;
  home_.shard.at_turn_end(*this);
}

void StreamConnection::resume_if_possible() {
  if (!held_ || !accepts_input()) return;
  if (tail_) consume({});
  if (closed_ || !accepts_input()) return;
  held_ = false;
  last_input_ = home_.shard.now();
  if (tail_) tail_->since = last_input_;
  transport_->resume_reading();
  arm(last_input_);
}

// Messages.

void StreamConnection::on_frame(std::span<const std::byte> frame) {
  stream_probe().received.add();
  const auto pdu = Pdu::parse_frame(frame);
  if (!pdu) return abort(stream_probe().malformed, pdu.error().message());
  if (pdu->code().is_empty()) return;  // keeps the stream alive, nothing else [RFC 8323 3.4]
  if (pdu->code().is_signal()) return on_signal(*pdu);
  if (state_ == State::AwaitCsm) return abort(stream_probe().bad_signals, "the first message is not a CSM");
  if (pdu->code().is_request()) return on_request(*pdu, frame.size());
  if (!home_.events.on_response({id_, *pdu, frame.size(), false})) stream_probe().ignored.add();
}

void StreamConnection::on_request(const Pdu& pdu, std::size_t bytes) {
  // Who has released the connection sends no more requests [RFC 8323 5.5].
  if (state_ == State::Draining) return stream_probe().ignored.add();
  const bool quiet = pdu.option(Option::NoResponse).has_value();
  traffic().exchanges.add(quiet ? ExchangeQueue::Kind::QuietRequest : ExchangeQueue::Kind::Request, pdu.token());
  dispatching_ = true;
  home_.events.on_request({id_, pdu, bytes, false});
  dispatching_ = false;
}

void StreamConnection::on_signal(const Pdu& pdu) {
  if (pdu.code() == codes::kAbort) return on_abort(pdu);
  if (state_ == State::AwaitCsm && pdu.code() != codes::kCsm) {
    return abort(stream_probe().bad_signals, "the first message is not a CSM");
  }
  if (const auto problem = critical_option(pdu)) {
    return abort(stream_probe().bad_signals, problem->diagnosis, pdu.code() == codes::kCsm ? problem->option : 0);
  }
  if (pdu.code() == codes::kCsm) return on_csm(pdu);
  if (pdu.code() == codes::kPing) return on_ping(pdu);
  if (pdu.code() == codes::kPong) return on_pong(pdu);
  if (pdu.code() == codes::kRelease) return on_release(pdu);
  stream_probe().ignored.add();  // a signal that nobody has defined
}

void StreamConnection::on_csm(const Pdu& csm) {
  if (const auto problem = capabilities_.apply(csm)) {
    return abort(stream_probe().bad_signals, problem->diagnosis, problem->option);
  }
  if (state_ == State::AwaitCsm) enter(State::Open, kNever);
}

void StreamConnection::on_ping(const Pdu& ping) {
  const bool custody = ping.option(signal_options::kPingCustody).has_value();
  if (!custody) return transmit(make_pong(ping.token(), Custody::No));
  traffic().exchanges.add(ExchangeQueue::Kind::Ping, ping.token());
  settle();
}

void StreamConnection::on_pong(const Pdu& pong) {
  if (!traffic_) return;
  auto& probes = traffic_->probes;
  const auto found = std::ranges::find(probes, pong.token(), &StreamTraffic::Probe::token);
  if (found == probes.end()) return;
  const Reminder reminder = found->reminder;
  probes.erase(found);
  home_.shard.at_turn_end(*this);
  reminder.sink->on_outcome(id_, reminder.cookie, Outcome::Acknowledged);
}

void StreamConnection::on_release(const Pdu& release) {
  if (state_ == State::Draining) return;
  stream_probe().released.add();
  if (auto& logger = log::get("coap"); logger.should_log(spdlog::level::debug)) {
    const auto elsewhere = release.option(signal_options::kReleaseAlternativeAddress);
    const auto hold_off = release.option(signal_options::kReleaseHoldOff);
    logger.debug("connection released by peer: peer={} alternative={} hold_off_s={} reason={}",
                 peer().address.to_string(), elsewhere.has_value(), hold_off ? hold_off->uint().value_or(0) : 0,
                 diagnosis_of(release));
  }
  enter(State::Draining, home_.shard.now() + home_.settings.release_timeout);
  traffic().exchanges.add(ExchangeQueue::Kind::Release, {});
  settle();
}

void StreamConnection::on_abort(const Pdu& abort) {
  stream_probe().aborted.add();
  log_line("connection aborted by peer", diagnosis_of(abort));
  close();
}

/// Does what waited for the requests that have been answered.
void StreamConnection::settle() {
  while (const auto entry = traffic_->exchanges.next_signal()) {
    if (entry->kind == ExchangeQueue::Kind::Ping) {
      transmit(make_pong(entry->token, Custody::Yes));
    } else {
      enter(State::Finishing, waits_until_);
    }
  }
  home_.shard.at_turn_end(*this);
}

// What goes out.

StreamTraffic& StreamConnection::traffic() {
  if (!traffic_) traffic_ = home_.take_traffic();
  return *traffic_;
}

void StreamConnection::transmit(const Parts& parts) {
  if (closed_) return;
  StreamOutput& output = traffic().output;
  // A turn's output leaves early from some size on, so that it neither grows nor leaves the cache.
  if (!blocked_ && output.pending() >= kFlushAt) blocked_ = !output.write_to(*transport_);
  output.append(parts);
  stream_probe().sent.add();
  home_.shard.at_turn_end(*this);
  if (backlog() <= home_.settings.output_limit) return;
  stream_probe().overflows.add();
  log_line("connection closed", "the peer does not read what it asked for");
  close();
}

bool StreamConnection::too_large_for_peer(const Parts& parts) const {
  if (encoded_frame_size(parts) <= capabilities_.max_message_size) return false;
  stream_probe().unsendable.add();
  log_line("message not sent", "it exceeds the peer's Max-Message-Size");
  return true;
}

void StreamConnection::reply(const Parts& parts) {
  traffic().exchanges.answered(parts.token);
  if (too_large_for_peer(parts)) {
    Parts shorter;
    shorter.code = parts.code.is_success() ? codes::kInternalServerError : parts.code;
    shorter.token = parts.token;
    transmit(shorter);
  } else {
    transmit(parts);
  }
  settle();
}

void StreamConnection::end_quietly() {
  traffic().exchanges.ended_quietly(dispatching_);
  settle();
}

Carrier::Sent StreamConnection::send(const Parts& parts, Carrier::Confirm confirm, Reminder reminder) {
  // After a Release nobody counts on anything new [RFC 8323 5.5].
  if (state_ > State::Open || too_large_for_peer(parts)) return Carrier::Sent::Refused;
  if (backlog() >= home_.settings.output_high) {
    stream_probe().refused.add();
    traffic_->room_wanted = true;
    return Carrier::Sent::Full;
  }
  transmit(parts);
  if (closed_) return Carrier::Sent::Refused;
  if (confirm == Carrier::Confirm::Yes && reminder.sink != nullptr) traffic_->output.remind(reminder);
  return blocked_ ? Carrier::Sent::Waiting : Carrier::Sent::Yes;
}

Carrier::Sent StreamConnection::probe(Reminder reminder) {
  if (state_ > State::Open) return Carrier::Sent::Refused;
  if (traffic().probes.size() >= kMostProbes) {
    traffic_->room_wanted = true;
    return Carrier::Sent::Full;
  }
  const Token token = next_ping_token();
  transmit(make_ping(token));
  if (closed_) return Carrier::Sent::Refused;
  const TimePoint now = home_.shard.now();
  if (reminder.sink != nullptr) traffic_->probes.push_back({token, reminder, now + home_.settings.pong_timeout});
  arm(now);
  return blocked_ ? Carrier::Sent::Waiting : Carrier::Sent::Yes;
}

Token StreamConnection::next_ping_token() {
  const std::uint32_t number = ++last_ping_;
  std::array<std::byte, sizeof number> bytes{};
  std::memcpy(bytes.data(), &number, sizeof number);
  return Token::from(bytes);
}

void StreamConnection::flush() {
  if (!traffic_ || lost_) return;
  if (!blocked_) blocked_ = !traffic_->output.write_to(*transport_);
  while (const auto reminder = traffic_->output.next_taken()) {
    reminder->sink->on_outcome(id_, reminder->cookie, Outcome::Acknowledged);
  }
}

void StreamConnection::on_writable() {
  if (!traffic_) return;
  blocked_ = !traffic_->output.write_to(*transport_);
  home_.shard.at_turn_end(*this);
}

/// Half of what is permitted has to be free: not for every single message.
void StreamConnection::tell_room() {
  if (closed_ || !traffic_ || !traffic_->room_wanted) return;
  if (backlog() >= std::max<std::size_t>(home_.settings.output_high / 2, 1)) return;
  if (traffic_->probes.size() >= kMostProbes) return;
  traffic_->room_wanted = false;
  home_.shard.at_turn_end(*this);
  home_.events.on_room(id_);
}

void StreamConnection::on_turn_end() {
  if (!closed_) resume_if_possible();
  flush();
  tell_room();
  if (state_ == State::Finishing && !closed_ && (!traffic_ || traffic_->output.pending() == 0)) close();
  if (closed_) {
    // What the transport has not taken yet is given up: the peer does not read, or has no use for it.
    if (!lost_) transport_->shutdown();
    return home_.ended(id_);
  }
  if (traffic_ && traffic_->idle()) home_.give_back(std::move(traffic_));
}

// Time and the end.

void StreamConnection::enter(State state, TimePoint until) {
  state_ = state;
  waits_until_ = until;
  arm(home_.shard.now());
}

void StreamConnection::arm(TimePoint now) {
  TimePoint due = waits_until_;
  if (!held_) {
    if (tail_) due = std::min(due, tail_->since + home_.settings.message_timeout);
    if (state_ == State::Open && waits_until_ == kNever && home_.settings.ping_interval > Duration::zero()) {
      due = std::min(due, last_input_ + home_.settings.ping_interval);
    }
  }
  if (traffic_) {
    for (const StreamTraffic::Probe& probe : traffic_->probes) due = std::min(due, probe.deadline);
  }
  if (closed_ || due == kNever) return cancel();
  if (due - now < kCoarseFrom) {
    home_.shard.wheel().arm(*this, due);
  } else {
    home_.shard.wheel().arm_coarsely(*this, due);
  }
}

void StreamConnection::on_timer(TimePoint now) {
  if (closed_) return;
  // While we do not read, there may be a sign of life that we do not see.
  if (state_ == State::Open && held_ && waits_until_ != kNever) waits_until_ = now + home_.settings.pong_timeout;
  if (waits_until_ <= now) {
    if (state_ == State::AwaitCsm) return abort(stream_probe().timeouts, "no CSM came in time");
    if (state_ == State::Open) {
      stream_probe().timeouts.add();
      log_line("connection closed", "no sign of life after a Ping");
    }
    return close();
  }
  if (tail_ && !held_ && tail_->since + home_.settings.message_timeout <= now) {
    return abort(stream_probe().timeouts, "the rest of a message did not come in time");
  }
  expire_probes(now);
  ping_if_silent(now);
  arm(now);
}

void StreamConnection::expire_probes(TimePoint now) {
  while (traffic_ && !traffic_->probes.empty() && traffic_->probes.front().deadline <= now) {
    const Reminder reminder = traffic_->probes.front().reminder;
    traffic_->probes.erase(traffic_->probes.begin());
    home_.shard.at_turn_end(*this);
    reminder.sink->on_outcome(id_, reminder.cookie, Outcome::TimedOut);
  }
}

void StreamConnection::ping_if_silent(TimePoint now) {
  const Duration interval = home_.settings.ping_interval;
  if (closed_ || held_ || state_ != State::Open || waits_until_ != kNever || interval <= Duration::zero()) return;
  if (now - last_input_ < interval) return;
  waits_until_ = now + home_.settings.pong_timeout;
  transmit(make_ping(next_ping_token()));
}

void StreamConnection::release() {
  if (state_ > State::Open) return;
  transmit(make_release());
  if (closed_) return;
  // Who has not introduced itself has nothing to wait for.
  const bool stranger = state_ == State::AwaitCsm;
  enter(stranger ? State::Finishing : State::Releasing, home_.shard.now() + home_.settings.release_timeout);
}

void StreamConnection::abort(const metrics::Counter& counter, std::string_view diagnosis,
                             std::uint16_t bad_csm_option) {
  if (closed_) return;
  counter.add();
  log_line("connection aborted", diagnosis);
  transmit(make_abort(diagnosis, bad_csm_option));
  close();
}

void StreamConnection::close() {
  if (closed_) return;
  closed_ = true;
  cancel();
  home_.shard.at_turn_end(*this);
}

void StreamConnection::on_closed(ErrorCode why) {
  lost_ = true;
  if (why && !closed_)
    log::get("coap").debug("connection lost: peer={} reason={}", peer().address.to_string(), why.message());
  if (!closed_) return close();
  home_.shard.at_turn_end(*this);
}

void StreamConnection::tell_gone() {
  if (!traffic_) return;
  const auto tell = [this](Reminder reminder) { reminder.sink->on_outcome(id_, reminder.cookie, Outcome::PeerGone); };
  while (const auto reminder = traffic_->output.next_left()) tell(*reminder);
  for (const StreamTraffic::Probe& probe : std::exchange(traffic_->probes, {})) tell(probe.reminder);
}

void StreamConnection::log_line(std::string_view what, std::string_view reason) const {
  static log::RateLimit limit(5);
  const auto hushed = limit.admit();
  if (hushed < 0) return;
  log::get("coap").info("{}: peer={} listener={} reason={} ({} like this not shown)", what, peer().address.to_string(),
                        peer().local.to_string(), reason, hushed);
}

}  // namespace sluice::coap
