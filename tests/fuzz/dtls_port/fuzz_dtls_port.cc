// SPDX-License-Identifier: Apache-2.0
// A script of what five addresses send to a DTLS server, clients with the right key among them, and of what becomes of
// their datagrams on the way: changed, cut, repeated, from another address, lost, late. Whoever has not shown the
// cookie that was sent to him is sent no more than he sent and begins nothing; the limits hold; the owner sees each
// association begin and end, and in it what its client has said, once; and nobody but its client, silence or a new
// handshake ends one.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <sys/time.h>
#include <vector>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_credentials.h"
#include "shared/net/dtls/dtls_packet.h"
#include "shared/net/dtls/dtls_port.h"
#include "shared/net/dtls/dtls_probe.h"
#include "shared/net/dtls/dtls_wire.h"
#include "tests/fuzz/script.h"
#include "tests/unit/coap_message/manual_shard.h"

namespace sluice {
namespace {

using fuzz::require;

using Bytes = std::vector<std::byte>;

constexpr std::size_t kPeers = 5;
constexpr std::size_t kMtu = 300;
constexpr auto kSlack = 2 * TimingWheel::kCoarse;  ///< by which a timer may be late

sluice::testing::ManualShard& clock_of_all() {
  static sluice::testing::ManualShard shard;
  return shard;
}

}  // namespace

/// OpenSSL's timers go by the time of the script.
extern "C" int gettimeofday(timeval* now, void*) noexcept {
  const auto time = clock_of_all().now().time_since_epoch() + std::chrono::hours(1);
  now->tv_sec = std::chrono::duration_cast<std::chrono::seconds>(time).count();
  now->tv_usec = std::chrono::duration_cast<std::chrono::microseconds>(time % std::chrono::seconds(1)).count();
  return 0;
}

namespace {

bool key_is_known = true;

Bytes key_of(std::string_view identity) {
  if (identity != "sensor" || !key_is_known) return {};
  return Bytes(16, std::byte{'k'});
}

std::shared_ptr<const DtlsContext> make_context(std::size_t associations, std::size_t handshakes) {
  DtlsSettings settings;
  settings.name = "fuzz";
  settings.psk_key = key_of;
  settings.session_timeout = std::chrono::seconds(300);
  settings.handshake_timeout = std::chrono::seconds(10);
  settings.max_associations = associations;
  settings.max_handshakes = handshakes;
  settings.mtu = kMtu;
  auto made = DtlsContext::create("fuzz.bind.dtls.1", settings);
  require(made.has_value());
  return *made;
}

std::shared_ptr<const DtlsCredentials> make_credentials(const char* suite, std::byte key) {
  DtlsCredentialSettings settings;
  settings.psk_identity = "sensor";
  settings.psk_key = Bytes(16, key);
  settings.ciphers = suite;
  auto made = DtlsCredentials::create("fuzz", settings);
  require(made.has_value());
  return *made;
}

/// Records of ours in four kinds, OpenSSL's in one, and a wrong key.
const DtlsCredentials& credentials(std::size_t kind) {
  static const std::array all = {make_credentials("PSK-AES128-CCM8", std::byte{'k'}),
                                 make_credentials("PSK-AES128-GCM-SHA256", std::byte{'k'}),
                                 make_credentials("PSK-AES128-CBC-SHA256", std::byte{'k'}),
                                 make_credentials("PSK-CHACHA20-POLY1305", std::byte{'k'}),
                                 make_credentials("ECDHE-PSK-CHACHA20-POLY1305", std::byte{'k'}),
                                 make_credentials("PSK-AES128-CCM8", std::byte{'x'})};
  return *all.at(kind % all.size());
}

struct SessionFree {
  void operator()(SSL_SESSION* session) const { ::SSL_SESSION_free(session); }
};
using SessionPtr = std::unique_ptr<SSL_SESSION, SessionFree>;

/// A client that keeps to the protocol; its datagrams wait until the script lets them go.
class Client final : public DatagramPort {
 public:
  Client(SslPtr ssl, SSL_SESSION* session, bool small) : ssl_(std::move(ssl)) {
    wire_.below = this;
    require(attach_wire(ssl_.get(), wire_));
    ::SSL_set_mtu(ssl_.get(), 1400);
    if (small) ::SSL_set_tlsext_max_fragment_length(ssl_.get(), TLSEXT_max_fragment_length_512);
    if (session != nullptr) ::SSL_set_session(ssl_.get(), session);
    go_on({});
  }

  /// The content of a record that had one.
  std::string go_on(std::span<const std::byte> record) {
    begin(record);
    std::string text(1024, '\0');
    int result = 0;
    if (::SSL_is_init_finished(ssl_.get()) == 0) {
      result = ::SSL_do_handshake(ssl_.get());
      text.clear();
    } else {
      result = ::SSL_read(ssl_.get(), text.data(), static_cast<int>(text.size()));
      text.resize(static_cast<std::size_t>(std::max(0, result)));
    }
    broken_ = broken_ || (result <= 0 && ::SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ);
    return text;
  }
  /// False: there is no association on its side.
  bool say(const std::string& text) {
    begin({});
    return finished() && ::SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size())) > 0;
  }
  void close() {
    if (!finished()) return;
    broken_ = true;
    begin({});
    ::SSL_shutdown(ssl_.get());
  }
  void on_time() {
    begin({});
    if (DTLSv1_handle_timeout(ssl_.get()) < 0) broken_ = true;
  }
  [[nodiscard]] bool finished() const { return !broken_ && ::SSL_is_init_finished(ssl_.get()) != 0; }
  /// It closes or gives up, and what it sends may say so.
  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] SessionPtr session() const { return SessionPtr(::SSL_get1_session(ssl_.get())); }
  std::vector<Bytes> take_output() { return std::exchange(out_, {}); }

  void send(const DatagramPath&, std::span<const std::byte> bytes) override {
    out_.emplace_back(bytes.begin(), bytes.end());
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return false; }
  const SocketAddress& bound() const override { return path_.remote; }

 private:
  void begin(std::span<const std::byte> record) {
    wire_.begin(path_, record);
    ::ERR_clear_error();
  }

  DtlsWire wire_;
  DatagramPath path_;
  SslPtr ssl_;
  std::vector<Bytes> out_;
  bool broken_ = false;
};

/// A datagram of a client.
struct Flying {
  Bytes bytes;
  bool ends = false;  ///< may hold an alert that ends the association
};

/// An address, and what is known of it.
struct Account {
  std::unique_ptr<Client> client;
  SessionPtr session;
  std::deque<Flying> to_port;
  std::deque<Flying> flown;
  std::deque<Bytes> to_client;

  std::size_t in = 0, out = 0;  ///< bytes, until it is verified
  std::vector<Bytes> cookies;   ///< that were sent to it
  bool verified = false;        ///< it has shown one
  TimePoint came{};             ///< when the last datagram did
  bool open = false;            ///< as the owner was told
  TimePoint spoke{};            ///< when it opened, or the last content came
  bool may_end = false;         ///< what could end it is being delivered, or may lie with the server
  bool ended_early = false;     ///< in this step, for no other reason than a new one
  std::set<std::string> said;   ///< by the client, and not heard yet
  std::set<std::string> told;   ///< to the client
};

bool contains(std::span<const std::byte> bytes, std::span<const std::byte> part) {
  return !std::ranges::search(bytes, part).empty();
}

class Script final : private DatagramPort, private DatagramEvents, private DtlsEvents {
 public:
  explicit Script(std::span<const std::uint8_t> script) : script_(script) {
    key_is_known = true;
    port_.start(*this, *this, this);
  }

  void run() {
    while (!script_.empty()) {
      step();
      end_step();
    }
    const Call call(*this);
    port_.shutdown();
    for (Account& account : accounts_) account.open = false;
    end_step();
    require(port_.associations() == 0 && port_.handshakes() == 0);
  }

 private:
  /// A call of the owner's, from within which nothing is reported.
  class Call {
   public:
    explicit Call(Script& script) : script_(script) { ++script_.calls_; }
    ~Call() { --script_.calls_; }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Script& script_;
  };

  std::uint8_t next() { return script_.next(); }
  Bytes take(std::size_t most) { return script_.take(most); }
  static DatagramPath path_of(std::size_t index) {
    DatagramPath path;
    path.remote.ip[15] = 1;
    path.remote.port = static_cast<std::uint16_t>(1000 + index);
    return path;
  }
  Account& account_of(const DatagramPath& path) { return accounts_.at(path.remote.port - 1000U); }
  static TimePoint now() { return clock_of_all().now(); }

  // The script.

  void step() {
    const std::uint8_t what = next();
    const std::size_t index = (what >> 4U) % kPeers;
    Account& account = accounts_.at(index);
    switch (what & 0x0FU) {
      case 0:
        return deliver(index, {take(next()), false});
      case 1:
        return begin_client(account, next());
      case 2:
        return deliver_next(index, account);
      case 3:
        return deliver_changed(index, account);
      case 4:
        if (account.flown.empty()) return;
        return deliver(index, account.flown.at(next() % account.flown.size()));
      case 5:
        return deliver_from_elsewhere(index, account);
      case 6:
        return hand_to_client(account);
      case 7:
        if (!account.to_client.empty()) account.to_client.pop_front();
        return;
      case 8:
        return clock_of_all().jump(std::chrono::milliseconds(50) * next());
      case 9:
        return clock_of_all().jump(std::chrono::seconds(2) * next());
      case 10:
        return say(account, next());
      case 11:
        return tell(index, next());
      case 12:
        if (!account.client) return;
        account.client->close();
        return collect(account);
      case 13:
        return interfere(index, account, next() % 8U);
      case 14:
        if (!account.client) return;
        account.client->on_time();
        return collect(account);
      default:
        reaction_ = next() % 8U;
        return exchange(index, account);
    }
  }

  void begin_client(Account& account, std::uint8_t how) {
    if (account.client && account.client->finished()) account.session = account.client->session();
    SSL_SESSION* const session = (how & 0x10U) != 0 ? account.session.get() : nullptr;
    account.client = std::make_unique<Client>(credentials(how & 7U).connect(), session, (how & 8U) != 0);
    collect(account);
  }

  void collect(Account& account) {
    for (Bytes& bytes : account.client->take_output()) {
      account.to_port.push_back({std::move(bytes), account.client->broken()});
    }
    while (account.to_port.size() > kMostKept) account.to_port.pop_front();
  }

  void deliver_next(std::size_t index, Account& account) {
    if (account.to_port.empty()) return;
    Flying flying = std::move(account.to_port.front());
    account.to_port.pop_front();
    const bool was_open = account.open;
    deliver(index, flying);
    // It has done what it could.
    if (was_open) flying.ends = false;
    account.flown.push_back(std::move(flying));
    if (account.flown.size() > kMostKept) account.flown.pop_front();
  }

  void deliver_changed(std::size_t index, Account& account) {
    if (account.to_port.empty()) return;
    Bytes bytes = account.to_port.front().bytes;
    const std::uint8_t how = next();
    const std::size_t at = (std::size_t{how & 0x1FU} << 8U | next()) % bytes.size();
    if (how < 0x80) bytes.at(at) ^= static_cast<std::byte>(next() | 1U);
    if (how >= 0x80 && how < 0xA0) bytes.resize(at);
    if (how >= 0xA0 && how < 0xC0) bytes.at(at) = static_cast<std::byte>(next());
    const Bytes more = how >= 0xC0 ? take(next()) : Bytes();
    bytes.insert(how < 0xE0 ? bytes.end() : bytes.begin(), more.begin(), more.end());
    // Of several records one may have come through.
    deliver(index, {std::move(bytes), account.to_port.front().ends});
  }

  void deliver_from_elsewhere(std::size_t index, Account& account) {
    const std::size_t from = next() % kPeers;
    if (account.to_port.empty() || from == index) return;
    deliver(from, {account.to_port.front().bytes, false});
  }

  void hand_to_client(Account& account) {
    if (account.to_client.empty()) return;
    const Bytes datagram = std::move(account.to_client.front());
    account.to_client.pop_front();
    if (!account.client) return;
    std::span<const std::byte> rest(datagram);
    while (const auto record = take_record(rest)) {
      const std::string text = account.client->go_on(record->whole);
      require(text.empty() || account.told.contains(text));
    }
    collect(account);
  }

  /// Everything arrives, until nothing more is said.
  void exchange(std::size_t index, Account& account) {
    for (int datagrams = 0; datagrams < 30 && !(account.to_port.empty() && account.to_client.empty()); ++datagrams) {
      if (account.to_port.empty()) {
        hand_to_client(account);
      } else {
        deliver_next(index, account);
      }
    }
  }

  void say(Account& account, std::uint8_t how) {
    if (!account.client) return;
    reaction_ = how % 8U;
    const std::string text = unique(how >> 3U);
    if (!account.client->say(text)) return;
    account.said.insert(text);
    collect(account);
  }

  void tell(std::size_t index, std::uint8_t how) {
    const Call call(*this);
    const std::string text = unique(std::size_t{how} * 2);
    accounts_.at(index).told.insert(text);
    port_.send(path_of(index), std::as_bytes(std::span(text)));
  }

  std::string unique(std::size_t more) { return std::to_string(++texts_) + ' ' + std::string(more, '.'); }

  void interfere(std::size_t index, Account& account, std::uint8_t how) {
    const Call call(*this);
    if (how < 3) close(index);
    if (how == 3 || how == 4) port_.use(context(narrow_ = how == 4));
    if (how == 5) key_is_known = !key_is_known;
    if (how == 6) {
      port_.shutdown();
      for (Account& each : accounts_) each.open = false;
    }
    if (how == 7 && !account.to_port.empty()) port_.on_datagram({path_of(index), account.to_port.front().bytes, true});
  }

  void close(std::size_t index) {
    const Call call(*this);
    port_.close(path_of(index));
    accounts_.at(index).open = false;
  }

  void deliver(std::size_t index, const Flying& flying) {
    Account& account = accounts_.at(index);
    account.in += flying.bytes.size();
    account.came = now();
    const auto shows = [&](const Bytes& cookie) { return contains(flying.bytes, cookie); };
    const bool shown = std::ranges::any_of(account.cookies, shows);
    account.verified = account.verified || shown;
    account.may_end = account.may_end || flying.ends;
    const std::size_t before = port_.associations() + port_.handshakes();
    const std::uint64_t begun = dtls_probe().handshakes_begun.value();
    // In memory of its own, so that nothing is read behind it.
    const Bytes copy(flying.bytes.begin(), flying.bytes.end());
    port_.on_datagram({path_of(index), copy, false});
    if (shown) return;
    require(dtls_probe().handshakes_begun.value() == begun);
    require(port_.associations() + port_.handshakes() <= before);
  }

  void end_step() {
    clock_of_all().end_turn();
    require(port_.associations() == static_cast<std::size_t>(std::ranges::count(accounts_, true, &Account::open)));
    check_limits();
    for (Account& account : accounts_) {
      require(!account.ended_early);
      require(account.verified || account.out <= account.in);
      require(!account.open || now() < account.came + settings().session_timeout + kSlack);
      // What came before its handshake was finished lies with the server until then.
      if (port_.handshakes() == 0) account.may_end = false;
    }
  }

  void check_limits() {
    require(port_.associations() <= std::max(associations_, settings().max_associations));
    require(port_.handshakes() <= std::max(handshakes_, settings().max_handshakes));
    associations_ = port_.associations();
    handshakes_ = port_.handshakes();
    const TimePoint latest = std::ranges::max_element(accounts_, {}, &Account::came)->came;
    require(handshakes_ == 0 || now() < latest + settings().handshake_timeout + kSlack);
  }
  /// Of this script alone, for the sessions that it remembers; the narrow one has lower limits.
  const std::shared_ptr<const DtlsContext>& context(bool narrow) {
    auto& its = contexts_.at(narrow ? 1 : 0);
    if (its == nullptr) its = narrow ? make_context(2, 1) : make_context(3, 2);
    return its;
  }
  const DtlsSettings& settings() { return context(narrow_)->settings(); }

  // The owner of the port.

  void on_datagram(const Datagram& datagram) override {
    require(calls_ == 0);
    Account& account = account_of(datagram.path);
    require(account.open && datagram.bytes.size() <= kMtu + 1024);
    const std::string text(reinterpret_cast<const char*>(datagram.bytes.data()), datagram.bytes.size());
    require(account.said.erase(text) == 1);
    account.spoke = now();
    react(datagram.path.remote.port - 1000U, text);
  }

  void on_association_opened(const DatagramPath& path) override {
    require(calls_ == 0);
    Account& account = account_of(path);
    require(!account.open && account.verified);
    account.open = true;
    account.ended_early = false;
    account.spoke = now();
    if (reaction_ >= 5) react(path.remote.port - 1000U, "welcome");
  }

  void on_association_ended(const DatagramPath& path) override {
    require(calls_ == 0);
    Account& account = account_of(path);
    require(account.open);
    account.open = false;
    account.ended_early = !account.may_end && now() < account.spoke + settings().session_timeout;
    if (reaction_ == 7) tell(path.remote.port - 1000U, 1);
  }

  void react(std::size_t index, const std::string& text) {
    const Call call(*this);
    if (reaction_ % 5 == 1 || reaction_ % 5 == 2) {
      accounts_.at(index).told.insert(text);
      port_.send(path_of(index), std::as_bytes(std::span(text)));
    }
    if (reaction_ % 5 == 2 || reaction_ % 5 == 3) close(index);
    if (reaction_ % 5 == 4) close((index + 1) % kPeers);
  }

  // The network below it.

  void send(const DatagramPath& path, std::span<const std::byte> bytes) override {
    require(!bytes.empty() && bytes.size() <= kMtu);
    Account& account = account_of(path);
    if (!account.verified) account.out += bytes.size();
    std::span<const std::byte> rest(bytes);
    while (!rest.empty()) {
      const auto record = take_record(rest);
      require(record.has_value());
      const bool asks = record->epoch == 0 && record->type == DtlsContent::Handshake &&
                        record->payload[0] == std::byte{kHelloVerifyRequest};
      if (asks) note_cookie(account, record->payload.last(kCookie));
      require(asks || account.verified);
    }
    account.to_client.emplace_back(bytes.begin(), bytes.end());
    if (account.to_client.size() > kMostKept) account.to_client.pop_front();
  }
  static void note_cookie(Account& account, std::span<const std::byte> cookie) {
    const Bytes bytes(cookie.begin(), cookie.end());
    if (std::ranges::find(account.cookies, bytes) == account.cookies.end()) account.cookies.push_back(bytes);
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return false; }
  const SocketAddress& bound() const override { return bound_; }

  static constexpr std::size_t kMostKept = 24;

  fuzz::ScriptReader script_;
  SocketAddress bound_;
  std::array<std::shared_ptr<const DtlsContext>, 2> contexts_;
  std::array<Account, kPeers> accounts_;
  std::size_t associations_ = 0, handshakes_ = 0;  ///< after the last step
  std::size_t texts_ = 0;
  std::uint8_t reaction_ = 0;  ///< of the owner to what it is told
  bool narrow_ = false;
  int calls_ = 0;
  DtlsPort port_{clock_of_all().shard(), context(false)};
};

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::Script({data, size}).run();
  return 0;
}
