// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_port.h"

#include <algorithm>
#include <array>
#include <utility>

#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_probe.h"
#include "shared/net/dtls/dtls_report.h"
#include "shared/net/tls_error.h"

namespace sluice {
namespace {

constexpr std::size_t kMostRecord = (1U << 14) + 256;
/// OpenSSL keeps 17 KB for each record that comes before the keys for it do.
constexpr std::uint32_t kMostEarlyRecords = 8;

void drop_record() { dtls_probe().records_dropped.add(); }

}  // namespace

DtlsPort::DtlsPort(Shard& shard, std::shared_ptr<const DtlsContext> context)
    : shard_(shard),
      context_(std::move(context)),
      cookies_(shard.now()),
      incoming_(kMostRecord),
      outgoing_(kMostRecord) {}

DtlsPort::~DtlsPort() = default;

void DtlsPort::start(DatagramPort& below, DatagramEvents& above, DtlsEvents* associations) {
  wire_.below = &below;
  above_ = &above;
  associations_ = associations;
}

void DtlsPort::use(std::shared_ptr<const DtlsContext> context) { context_ = std::move(context); }

void DtlsPort::connect(const DatagramPath& path, std::shared_ptr<const DtlsCredentials> credentials) {
  if (DtlsAssociation* const next = peers_.next(path)) discard(*next, Report::None);
  auto engine = DtlsEngine::client(wire_, std::move(credentials), context_->settings());
  if (engine == nullptr) {
    ended_.push_back({nullptr, path, Report::ConnectFailed, take_tls_error()});
    return shard_.at_turn_end(*this);
  }
  begin(path, std::move(engine));
}

void DtlsPort::close(const DatagramPath& path) {
  if (DtlsAssociation* const next = peers_.next(path)) discard(*next, Report::None);
  DtlsAssociation* const current = peers_.current(path);
  if (current == nullptr) return;
  send_close_notify(*current);
  discard(*current, Report::None);
}

void DtlsPort::shutdown() {
  std::vector<DtlsAssociation*> all;
  peers_.for_each([&all](DtlsAssociation& association) { all.push_back(&association); });
  for (DtlsAssociation* const association : all) {
    send_close_notify(*association);
    discard(*association, Report::None);
  }
}

void DtlsPort::send(const DatagramPath& path, std::span<const std::byte> bytes) {
  DtlsAssociation* const association = peers_.current(path);
  if (association == nullptr) return dtls_probe().unsent.add();
  if (const std::size_t most = room(*association); bytes.size() > most) {
    dtls_probe().too_large.add();
    return report_dtls_too_large(*context_, path, bytes.size(), most);
  }
  if (bytes.empty()) return;
  if (!send_record(*association, path, DtlsContent::ApplicationData, bytes)) fail(*association);
}

std::shared_ptr<const TlsIdentity> DtlsPort::identity(const DatagramPath& path) const {
  const DtlsAssociation* const association = peers_.current(path);
  return association != nullptr ? association->identity : nullptr;
}

void DtlsPort::on_datagram(const Datagram& datagram) {
  if (above_ == nullptr || datagram.multicast) return drop_record();
  report_ended();
  auto rest = datagram.bytes;
  auto record = take_record(rest);
  if (!record) return drop_record();
  if (begins_client_hello(*record)) return on_hello(datagram, *record);
  while (record) {
    if (!serve(datagram.path, *record)) drop_record();
    if (rest.empty()) return;
    record = take_record(rest);
  }
  drop_record();
}

void DtlsPort::on_hello(const Datagram& datagram, const DtlsRecord& record) {
  const auto hello = parse_client_hello(record);
  // Nobody is sent more than he sent himself.
  if (!hello || datagram.bytes.size() < sizeof(HelloVerifyRequest)) return drop_record();
  if (!cookies_.good(datagram.path, hello->cookie, shard_.now())) {
    if (!hello->cookie.empty()) dtls_probe().bad_cookies.add();
    return ask_for_cookie(datagram.path, record);
  }
  if (DtlsAssociation* const next = peers_.next(datagram.path)) {
    // Repeated: OpenSSL's timer repeats the answer. While we call it ourselves, our call counts.
    if (!next->engine->is_server() || next->engine->random == hello->random) return;
    dtls_probe().handshakes_displaced.add();
    discard(*next, Report::None);
  }
  accept(datagram.path, record, *hello);
}

void DtlsPort::ask_for_cookie(const DatagramPath& path, const DtlsRecord& hello) {
  dtls_probe().cookies_sent.add();
  wire_.below->send(path, hello_verify_request(hello, cookies_.make(path, shard_.now())));
}

void DtlsPort::accept(const DatagramPath& path, const DtlsRecord& record, const ClientHello& hello) {
  const DtlsSettings& settings = context_->settings();
  if (full_for(path)) {
    dtls_probe().refused_full.add();
    return report_dtls_limit(*context_, "max_associations", path, settings.max_associations);
  }
  while (peers_.handshakes() >= std::max<std::size_t>(1, settings.max_handshakes)) displace_oldest();
  auto engine = DtlsEngine::server(wire_, context_);
  if (engine == nullptr || !engine->begin(path, record.whole)) return drop_record();
  engine->random = hello.random;
  begin(path, std::move(engine));
}

void DtlsPort::begin(const DatagramPath& path, std::unique_ptr<DtlsEngine> engine) {
  engine->deadline = shard_.now() + context_->settings().handshake_timeout;
  DtlsAssociation::Owner& owner = *this;
  DtlsAssociation& association = peers_.begin(std::make_unique<DtlsAssociation>(owner, path, std::move(engine)));
  dtls_probe().handshakes_begun.add();
  run(association, path, {});
}

void DtlsPort::displace_oldest() {
  DtlsAssociation& oldest = *peers_.oldest_handshake();
  dtls_probe().handshakes_displaced.add();
  report_dtls_limit(*context_, "max_handshakes", oldest.path, context_->settings().max_handshakes);
  discard(oldest, Report::None);
}

bool DtlsPort::full_for(const DatagramPath& path) const {
  return peers_.associations() >= context_->settings().max_associations && peers_.current(path) == nullptr;
}

bool DtlsPort::serve(const DatagramPath& path, const DtlsRecord& record) {
  DtlsAssociation* const current = peers_.current(path);
  DtlsAssociation* const next = peers_.next(path);
  if (next == nullptr) return current != nullptr && serve(*current, path, record);
  // What a handshake consists of is the new one's; the rest can only be tried.
  const bool for_next = record.epoch == 0 || record.type == DtlsContent::Handshake;
  if (current != nullptr && !for_next && serve(*current, path, record)) return true;
  // An event may have ended it.
  return peers_.next(path) == next && serve(*next, path, record);
}

bool DtlsPort::serve(DtlsAssociation& association, const DatagramPath& path, const DtlsRecord& record) {
  if (association.records) return open(association, *association.records, path, record);
  DtlsEngine& engine = *association.engine;
  if (!engine.bears(record)) return false;
  const bool settling = association.stage == DtlsAssociation::Stage::Settling;
  if (association.stage == DtlsAssociation::Stage::Handshaking) {
    // Nobody knows yet whether it is forged; who sent it sends it again [RFC 6347 4.1].
    if (record.type == DtlsContent::ApplicationData) return false;
    // Once the keys are there nothing is kept: what is forged fails and is gone, and must not count against the client.
    if (record.epoch != 0 && !engine.has_keys() && ++engine.early_records > kMostEarlyRecords) return false;
  }
  if (!run(association, path, record.whole)) return false;
  // It has our last flight, since it goes on; and this record's number is the highest that was good.
  const bool goes_on = settling && record.type == DtlsContent::ApplicationData;
  if (goes_on && association.stage == DtlsAssociation::Stage::Settling) {
    ReplayWindow window;
    window.close_up_to(record.sequence);
    settle(association, window);
  }
  return true;
}

bool DtlsPort::run(DtlsAssociation& association, const DatagramPath& path, std::span<const std::byte> record) {
  bool meant = association.stage == DtlsAssociation::Stage::Handshaking;
  for (;;) {
    std::size_t got = 0;
    const DtlsStep step = association.engine->step(path, record, incoming_, got);
    meant = meant || wire_.noticed || wire_.sent || step != DtlsStep::Waits;
    switch (step) {
      case DtlsStep::Waits:
        arm(association);
        return meant;
      case DtlsStep::Finished:
        if (!finish(association)) return true;
        break;
      case DtlsStep::Data:
        association.engine->data_came = true;
        hear(association, path);
        above_->on_datagram({path, std::span(incoming_).first(got), false});
        if (association.stage == DtlsAssociation::Stage::Ended) return true;
        break;
      case DtlsStep::Closed:
        send_close_notify(association);
        discard(association, Report::Ended);
        return true;
      case DtlsStep::Failed:
        fail(association);
        return true;
    }
  }
}

bool DtlsPort::open(DtlsAssociation& association, DtlsRecords& records, const DatagramPath& path,
                    const DtlsRecord& record) {
  const auto content = records.open(ciphers_, record, incoming_);
  if (!content) return false;
  hear(association, path);
  switch (record.type) {
    case DtlsContent::ApplicationData:
      if (!content->empty()) above_->on_datagram({path, *content, false});
      return true;
    case DtlsContent::Alert:
      return on_alert(association, *content);
    case DtlsContent::Handshake:
      return on_late_handshake(association, *content);
    case DtlsContent::ChangeCipherSpec:
      return false;
  }
  return false;
}

bool DtlsPort::on_alert(DtlsAssociation& association, std::span<const std::byte> alert) {
  if (alert.size() != 2) return false;
  const int level = std::to_integer<int>(alert[0]);
  const int description = std::to_integer<int>(alert[1]);
  dtls_probe().alerts_received.add();
  if (description == SSL_AD_CLOSE_NOTIFY) {
    send_close_notify(association);
    discard(association, Report::Ended);
    return true;
  }
  report_dtls_alert(*context_, association.path, level, description);
  if (level == SSL3_AL_FATAL) discard(association, Report::Ended);
  return true;
}

bool DtlsPort::on_late_handshake(DtlsAssociation& association, std::span<const std::byte> message) {
  // Anything else is late: a Finished once more.
  const std::byte type = message.empty() ? std::byte{0xFF} : message[0];
  const bool asks = type == std::byte{kHelloRequest} || type == std::byte{kClientHello};
  if (asks) send_alert(association, SSL3_AL_WARNING, SSL_AD_NO_RENEGOTIATION);
  return asks;
}

void DtlsPort::hear(DtlsAssociation& association, const DatagramPath& path) {
  association.heard = shard_.now();
  association.path = path;
}

bool DtlsPort::finish(DtlsAssociation& association) {
  DtlsEngine& engine = *association.engine;
  association.identity = engine.identity();
  const bool known = association.identity == nullptr || engine.still_known(*association.identity);
  if (!known || full_for(association.path)) {
    (known ? dtls_probe().refused_full : dtls_probe().handshakes_failed).add();
    report_dtls_failure(*context_, "handshake", association.path, wire_,
                        known ? "there are max_associations" : "the key of the session to resume is gone");
    engine.send_close_notify(association.path);
    discard(association, engine.is_server() ? Report::None : Report::ConnectFailed,
            make_error_code(boost::system::errc::connection_refused));
    return false;
  }
  dtls_probe().handshakes_finished.add();
  if (engine.resumed()) dtls_probe().sessions_resumed.add();
  association.cancel();
  association.stage = DtlsAssociation::Stage::Settling;
  association.heard = shard_.now();
  if (auto old = peers_.promote(association)) retire(std::move(old), Report::Ended);
  report_ended();
  if (associations_ != nullptr && association.stage != DtlsAssociation::Stage::Ended) {
    associations_->on_association_opened(association.path);
  }
  return association.stage != DtlsAssociation::Stage::Ended;
}

void DtlsPort::settle(DtlsAssociation& association, ReplayWindow window) {
  association.stage = DtlsAssociation::Stage::Open;
  association.records = association.engine->take_over(window);
  if (association.records) association.engine.reset();
  association.cancel();
  arm(association);
}

std::size_t DtlsPort::room(const DtlsAssociation& association) const {
  if (!association.records) return association.engine->room();
  const DtlsRecords& records = *association.records;
  return std::min(context_->settings().mtu - records.overhead(), records.most_content());
}

bool DtlsPort::send_record(DtlsAssociation& association, const DatagramPath& path, DtlsContent type,
                           std::span<const std::byte> content) {
  if (!association.records) return association.engine->write(path, content);
  const auto record = association.records->seal(ciphers_, type, content, outgoing_);
  if (!record.empty()) wire_.below->send(path, record);
  return !record.empty();
}

void DtlsPort::send_alert(DtlsAssociation& association, int level, int description) {
  dtls_probe().alerts_sent.add();
  const std::array<std::byte, 2> alert{static_cast<std::byte>(level), static_cast<std::byte>(description)};
  send_record(association, association.path, DtlsContent::Alert, alert);
}

void DtlsPort::send_close_notify(DtlsAssociation& association) {
  if (association.records) return send_alert(association, SSL3_AL_WARNING, SSL_AD_CLOSE_NOTIFY);
  association.engine->send_close_notify(association.path);
}

void DtlsPort::arm(DtlsAssociation& association) {
  TimingWheel& wheel = shard_.wheel();
  if (association.stage == DtlsAssociation::Stage::Handshaking) {
    TimePoint due = association.engine->deadline;
    if (const auto wait = association.engine->timeout()) due = std::min(due, shard_.now() + *wait);
    return wheel.arm(association, due);
  }
  // Moving it for each datagram would cost more than looking at it once too often.
  if (association.armed()) return;
  Duration life = context_->settings().session_timeout;
  const bool settles = association.stage == DtlsAssociation::Stage::Settling && !association.engine->data_came;
  if (settles) life = std::min<Duration>(life, kSettling);
  wheel.arm_coarsely(association, association.heard + life);
}

void DtlsPort::on_association_timer(DtlsAssociation& association) {
  report_ended();
  const TimePoint now = shard_.now();
  if (association.stage == DtlsAssociation::Stage::Handshaking) {
    if (now >= association.engine->deadline) return give_up(association);
    if (!association.engine->handle_timeout(association.path)) return fail(association);
    return arm(association);
  }
  if (now >= association.heard + context_->settings().session_timeout) {
    dtls_probe().session_timeouts.add();
    send_close_notify(association);
    return discard(association, Report::Ended);
  }
  // Nothing but the handshake has come: an empty window lets none of it be repeated to any effect.
  const bool settles = association.stage == DtlsAssociation::Stage::Settling && !association.engine->data_came &&
                       now >= association.heard + kSettling;
  if (settles) return settle(association, ReplayWindow());
  arm(association);
}

void DtlsPort::fail(DtlsAssociation& association) {
  const ErrorCode why = take_tls_error();
  const bool unfinished = association.stage == DtlsAssociation::Stage::Handshaking;
  if (unfinished) dtls_probe().handshakes_failed.add();
  report_dtls_failure(*context_, unfinished ? "handshake" : "association", association.path, wire_, why.message());
  const bool called = unfinished && !association.engine->is_server();
  discard(association, called ? Report::ConnectFailed : unfinished ? Report::None : Report::Ended, why);
}

void DtlsPort::give_up(DtlsAssociation& association) {
  dtls_probe().handshake_timeouts.add();
  wire_.begin(association.path, {});
  report_dtls_failure(*context_, "handshake", association.path, wire_, "not finished within handshake_timeout");
  discard(association, association.engine->is_server() ? Report::None : Report::ConnectFailed,
          make_error_code(boost::system::errc::timed_out));
}

void DtlsPort::discard(DtlsAssociation& association, Report report, ErrorCode why) {
  retire(peers_.take_out(association), report, why);
}

void DtlsPort::retire(std::unique_ptr<DtlsAssociation> association, Report report, ErrorCode why) {
  association->stage = DtlsAssociation::Stage::Ended;
  association->cancel();
  const DatagramPath path = association->path;
  ended_.push_back({std::move(association), path, report, why});
  shard_.at_turn_end(*this);
}

void DtlsPort::report_ended() {
  while (reported_ < ended_.size()) {
    const Ended& ended = ended_[reported_++];
    const auto [path, report, why] = std::tuple(ended.path, ended.report, ended.why);
    if (report == Report::Ended) above_->on_association_ended(path);
    if (report == Report::ConnectFailed && associations_ != nullptr) associations_->on_connect_failed(path, why);
  }
}

void DtlsPort::on_turn_end() {
  report_ended();
  ended_.clear();
  reported_ = 0;
}

}  // namespace sluice
