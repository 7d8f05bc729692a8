// SPDX-License-Identifier: Apache-2.0
// What of DTLS we read and write ourselves. The first byte says what the others are: a datagram, whose records and
// ClientHello lie in it; a script of who asks for cookies and who shows them when; or a script of what becomes of the
// records of an association on their way, with each suite: only what the peer has sealed is opened, and only once.
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <memory>
#include <set>
#include <span>
#include <vector>

#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_context.h"
#include "shared/net/dtls/dtls_cookies.h"
#include "shared/net/dtls/dtls_credentials.h"
#include "shared/net/dtls/dtls_packet.h"
#include "shared/net/dtls/dtls_records.h"
#include "shared/net/dtls/dtls_wire.h"
#include "tests/fuzz/script.h"

namespace sluice {
namespace {

using fuzz::require;

using Bytes = std::vector<std::byte>;

// A datagram.

bool lies_in(std::span<const std::byte> part, std::span<const std::byte> whole) {
  return part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size();
}

/// What the header says, written again.
void check_header(const DtlsRecord& record) {
  const std::uint64_t number = (std::uint64_t{record.epoch} << 48U) | record.sequence;
  require(record.sequence < (std::uint64_t{1} << 48U));
  require(std::to_integer<int>(record.whole[0]) == static_cast<int>(record.type));
  for (unsigned i = 0; i < 8; ++i) require(record.whole[3 + i] == static_cast<std::byte>(number >> (56U - 8U * i)));
  require(record.whole[11] == static_cast<std::byte>(record.payload.size() >> 8U));
  require(record.whole[12] == static_cast<std::byte>(record.payload.size()));
}

void check_answer(const DtlsRecord& hello) {
  std::array<std::byte, kCookie> cookie;
  cookie.fill(std::byte{'c'});
  const HelloVerifyRequest request = hello_verify_request(hello, cookie);
  std::span<const std::byte> rest(request);
  const auto record = take_record(rest);
  require(record && rest.empty() && record->type == DtlsContent::Handshake && record->epoch == 0);
  require(record->sequence == hello.sequence && !begins_client_hello(*record));
  require(std::ranges::equal(record->payload.last(kCookie), cookie));
}

void check_hello(const DtlsRecord& record) {
  const auto hello = parse_client_hello(record);
  if (!hello) return;
  require(begins_client_hello(record) && record.epoch == 0);
  require(record.payload[0] == std::byte{kClientHello} && record.payload[12] == std::byte{kDtlsMajor});
  require(std::ranges::equal(hello->random, record.payload.subspan(14, hello->random.size())));
  require(hello->cookie.size() <= 255 && lies_in(hello->cookie, record.payload));
  check_answer(record);
}

void run_datagram(const Bytes& datagram) {
  std::span<const std::byte> rest(datagram);
  std::size_t taken = 0;
  while (const auto record = take_record(rest)) {
    require(lies_in(record->whole, datagram) && record->whole.data() == datagram.data() + taken);
    require(record->payload.data() == record->whole.data() + kDtlsRecordHeader);
    require(record->payload.size() + kDtlsRecordHeader == record->whole.size());
    taken += record->whole.size();
    require(rest.size() == datagram.size() - taken);
    check_header(*record);
    check_hello(*record);
  }
  require(rest.empty());
}

// Cookies.

class CookieScript {
 public:
  explicit CookieScript(fuzz::ScriptReader& script) : script_(script) {}

  void run() {
    while (!script_.empty()) step();
  }

 private:
  struct Made {
    DatagramPath path;
    DtlsCookies::Cookie cookie;
    TimePoint when;
  };

  static bool same_peer(const DatagramPath& a, const DatagramPath& b) {
    const bool link_local = a.remote.ip[0] == 0xFE && a.remote.ip[1] >= 0x80 && a.remote.ip[1] < 0xC0;
    return a.remote.ip == b.remote.ip && a.remote.port == b.remote.port && (!link_local || a.interface == b.interface);
  }

  void step() {
    const std::uint8_t what = script_.next();
    DatagramPath& path = paths_.at((what >> 4U) % paths_.size());
    switch (what & 7U) {
      case 0:
        return edit(path);
      case 1:
        if (made_.size() == kMost) made_.pop_front();
        return made_.push_back({path, cookies_.make(path, now_), now_});
      case 2:
      case 3:
        return show(path);
      case 4:
        return show_changed();
      case 5:
        return require(!cookies_.good(path, script_.take(script_.next() % (2 * kCookie)), now_));
      case 6:
        now_ += std::chrono::seconds(10) * script_.next();
        return;
      default:
        now_ += std::chrono::milliseconds(100) * script_.next();
        return;
    }
  }

  void edit(DatagramPath& path) {
    const std::uint8_t where = script_.next() % 20;
    const std::uint8_t value = script_.next();
    if (where < 16) path.remote.ip.at(where) = value;
    if (where == 16) path.remote.port = value;
    if (where == 17) path.interface = value;
    if (where == 18) path.local_ip[15] = value;
    if (where == 19) path.remote.ip[0] = 0xFE;
  }

  void show(const DatagramPath& path) {
    if (made_.empty()) return;
    const Made& made = made_.at(script_.next() % made_.size());
    const bool good = cookies_.good(path, made.cookie, now_);
    require(!good || (same_peer(path, made.path) && now_ < made.when + 2 * DtlsCookies::kSecretLife));
    require(good || !same_peer(path, made.path) || now_ > made.when + DtlsCookies::kSecretLife);
    require(!others_.good(path, made.cookie, now_));
  }

  void show_changed() {
    if (made_.empty()) return;
    Made changed = made_.at(script_.next() % made_.size());
    changed.cookie.at(script_.next() % kCookie) ^= std::byte{1} << (script_.next() % 8U);
    require(!cookies_.good(changed.path, changed.cookie, now_));
  }

  static constexpr std::size_t kMost = 8;

  fuzz::ScriptReader& script_;
  TimePoint now_{};
  DtlsCookies cookies_{now_};
  DtlsCookies others_{now_};
  std::array<DatagramPath, 3> paths_{};
  std::deque<Made> made_;
};

// Records.

constexpr std::array kSuites = {"PSK-AES128-GCM-SHA256", "PSK-AES256-GCM-SHA384", "PSK-AES128-CCM",
                                "PSK-AES256-CCM",        "PSK-AES128-CCM8",       "PSK-AES256-CCM8",
                                "PSK-CHACHA20-POLY1305"};
constexpr std::uint64_t kMostSequence = (std::uint64_t{1} << 48U) - 1;

/// One side of a handshake in memory.
class Side final : public DatagramPort {
 public:
  explicit Side(SslPtr ssl) : ssl_(std::move(ssl)) {
    wire_.below = this;
    require(attach_wire(ssl_.get(), wire_));
    ::SSL_set_mtu(ssl_.get(), 1400);
  }
  [[nodiscard]] ssl_st* ssl() { return ssl_.get(); }

  bool go_on(std::span<const std::byte> record) {
    wire_.begin(path_, record);
    const bool finished = ::SSL_do_handshake(ssl_.get()) == 1;
    next_ = std::max(next_, wire_.next_number);
    return finished;
  }
  void hand_over(Side& to) {
    for (const Bytes& datagram : std::exchange(out_, {})) {
      std::span<const std::byte> rest(datagram);
      while (const auto record = take_record(rest)) to.go_on(record->whole);
    }
  }
  [[nodiscard]] DtlsRecords records(std::uint64_t next, ReplayWindow window) const {
    auto records = DtlsRecords::take_over(ssl_.get(), next, window);
    require(records.has_value());
    return *records;
  }
  [[nodiscard]] std::uint64_t next() const { return next_; }

  void send(const DatagramPath&, std::span<const std::byte> bytes) override {
    out_.emplace_back(bytes.begin(), bytes.end());
  }
  std::shared_ptr<const TlsIdentity> identity(const DatagramPath&) const override { return nullptr; }
  bool secure() const override { return false; }
  const SocketAddress& bound() const override { return path_.remote; }

 private:
  DtlsWire wire_;
  DatagramPath path_;
  SslPtr ssl_;
  std::vector<Bytes> out_;
  std::uint64_t next_ = 0;
};

Bytes psk() { return Bytes(16, std::byte{'k'}); }

/// An association of which both sides are known; made once for each suite, without or with records of 512 bytes.
class Association {
 public:
  Association(const char* suite, bool small) : context_(make_context()), credentials_(make_credentials(suite)) {
    if (small) ::SSL_set_tlsext_max_fragment_length(client_.ssl(), TLSEXT_max_fragment_length_512);
    for (int flights = 0; flights < 4; ++flights) {
      client_.go_on({});
      client_.hand_over(server_);
      server_.hand_over(client_);
    }
    require(client_.go_on({}) && server_.go_on({}));
    require(client_.next() > 0 && server_.next() > 0);
  }

  static Association& of(std::size_t suite, bool small) {
    // OpenSSL has to begin before them, so that it ends after them.
    static const bool ready = ::OPENSSL_init_ssl(0, nullptr) == 1;
    require(ready);
    static std::array<std::array<std::unique_ptr<Association>, 2>, kSuites.size()> all;
    auto& its = all.at(suite).at(small ? 1 : 0);
    if (its == nullptr) its = std::make_unique<Association>(kSuites.at(suite), small);
    return *its;
  }

  [[nodiscard]] const Side& server() const { return server_; }
  [[nodiscard]] const Side& client() const { return client_; }

 private:
  static std::shared_ptr<const DtlsContext> make_context() {
    DtlsSettings settings;
    settings.psk_key = [](std::string_view) { return psk(); };
    auto made = DtlsContext::create("fuzz", settings);
    require(made.has_value());
    return *made;
  }
  static std::shared_ptr<const DtlsCredentials> make_credentials(const char* suite) {
    DtlsCredentialSettings settings;
    settings.psk_identity = "fuzz";
    settings.psk_key = psk();
    settings.ciphers = suite;
    auto made = DtlsCredentials::create("fuzz", settings);
    require(made.has_value());
    return *made;
  }

  std::shared_ptr<const DtlsContext> context_;
  std::shared_ptr<const DtlsCredentials> credentials_;
  Side server_{context_->accept()};
  Side client_{credentials_->connect()};
};

class RecordScript {
 public:
  explicit RecordScript(fuzz::ScriptReader& script) : script_(script), choice_(script.next()) {
    if ((choice_ & 0x10U) != 0) close_window(script.next());
  }

  void run() {
    require(sender_.most_content() == receiver_.most_content());
    require(receiver_.most_content() == (small() ? 512U : 16384U));
    while (!script_.empty()) step();
  }

 private:
  struct Sealed {
    std::uint64_t number;
    DtlsContent type;
    Bytes content;
    Bytes datagram;
  };
  enum class Intact : bool { No, Yes };

  /// As after a handshake in which records up to that one have come.
  void close_window(std::uint64_t number) {
    ReplayWindow window;
    window.close_up_to(number);
    receiver_ = association().client().records(1, window);
    highest_ = number;
    for (std::uint64_t seen = 0; seen <= number; ++seen) seen_.insert(seen);
  }

  [[nodiscard]] bool small() const { return (choice_ & 8U) != 0; }
  [[nodiscard]] Association& association() const { return Association::of((choice_ & 7U) % kSuites.size(), small()); }

  void step() {
    const std::uint8_t what = script_.next();
    switch (what & 7U) {
      case 0:
        return seal(size_of_content(), static_cast<DtlsContent>(20 + (what >> 4U) % 4));
      case 1:
        return deliver_one([](Bytes&) {}, Intact::Yes);
      case 2:
        return deliver_one([this](Bytes& datagram) { change(datagram); }, Intact::No);
      case 3:
        return deliver_one([this](Bytes& datagram) { cut(datagram); }, Intact::No);
      case 4:
        return invent();
      case 5:
        return jump(what >> 4U);
      case 6:
        return reflect();
      default:
        return deliver_together();
    }
  }

  std::size_t size_of_content() {
    constexpr std::array<std::size_t, 8> kSizes = {0, 1, 511, 512, 513, 16383, 16384, 16385};
    const std::uint8_t size = script_.next();
    return size < kSizes.size() ? kSizes.at(size) : size;
  }

  void seal(std::size_t size, DtlsContent type) {
    Sealed sealed{next_, type, Bytes(size, static_cast<std::byte>(next_)), Bytes(size + sender_.overhead())};
    const auto record = sender_.seal(ciphers_, type, sealed.content, sealed.datagram);
    require(record.empty() == (next_ > kMostSequence));
    if (record.empty()) return;
    require(record.size() == sealed.datagram.size() && record.data() == sealed.datagram.data());
    ++next_;
    if (sealed_.size() == kMost) sealed_.pop_front();
    sealed_.push_back(std::move(sealed));
  }

  /// As the sender has come to a later number, or goes on from one that it had before.
  void jump(std::uint8_t how) {
    const std::uint8_t by = script_.next();
    if (how == 15) {
      next_ = kMostSequence - by % 4U;
    } else if ((how & 1U) != 0) {
      next_ = std::min(next_, kMostSequence) + (std::uint64_t{1} << (by % 47U));
    } else {
      next_ += by;
    }
    next_ = std::min(next_, kMostSequence + 1);
    sender_ = association().server().records(next_, {});
  }

  template <class F>
  void deliver_one(F on_the_way, Intact intact) {
    if (sealed_.empty()) return;
    const Sealed& sealed = sealed_.at(script_.next() % sealed_.size());
    Bytes datagram = sealed.datagram;
    on_the_way(datagram);
    std::span<const std::byte> rest(datagram);
    const auto record = take_record(rest);
    if (intact == Intact::Yes) require(record && rest.empty());
    if (record) open(*record, intact == Intact::Yes ? &sealed : nullptr);
  }

  void change(Bytes& datagram) {
    const std::size_t at = (std::size_t{script_.next()} << 8U | script_.next()) % datagram.size();
    datagram.at(at) ^= std::byte{1} << (script_.next() % 8U);
  }

  /// A record that is shorter, and says so.
  void cut(Bytes& datagram) {
    const std::size_t left = (std::size_t{script_.next()} << 8U | script_.next()) % datagram.size();
    datagram.resize(left);
    if (left >= kDtlsRecordHeader) set_length(datagram);
  }

  static void set_length(Bytes& datagram) {
    const std::size_t length = datagram.size() - kDtlsRecordHeader;
    datagram[11] = static_cast<std::byte>(length >> 8U);
    datagram[12] = static_cast<std::byte>(length);
  }

  /// Somebody's who has no key.
  void invent() {
    Bytes datagram = {static_cast<std::byte>(20 + script_.next() % 4), std::byte{kDtlsMajor},
                      (choice_ & 0x20U) != 0 ? static_cast<std::byte>(script_.next()) : std::byte{kDtls12Minor},
                      std::byte{0}, std::byte{1}};
    const std::uint64_t number = highest_ + script_.next();
    for (unsigned i = 0; i < 6; ++i) datagram.push_back(static_cast<std::byte>(number >> (40U - 8U * i)));
    datagram.resize(kDtlsRecordHeader);
    const Bytes payload = script_.take(script_.next());
    datagram.insert(datagram.end(), payload.begin(), payload.end());
    set_length(datagram);
    std::span<const std::byte> rest(datagram);
    const auto record = take_record(rest);
    require(record && rest.empty());
    open(*record, nullptr);
  }

  /// What the receiver has sealed itself.
  void reflect() {
    DtlsRecords its = association().client().records(highest_ + 1, {});
    const Bytes content(script_.next());
    Bytes datagram(content.size() + its.overhead());
    if (its.seal(ciphers_, DtlsContent::ApplicationData, content, datagram).empty()) return;
    std::span<const std::byte> rest(datagram);
    open(*take_record(rest), nullptr);
  }

  void deliver_together() {
    Bytes datagram;
    std::vector<const Sealed*> expected;
    for (std::size_t count = script_.next() % 4; count > 0 && !sealed_.empty(); --count) {
      expected.push_back(&sealed_.at(script_.next() % sealed_.size()));
      datagram.insert(datagram.end(), expected.back()->datagram.begin(), expected.back()->datagram.end());
    }
    std::span<const std::byte> rest(datagram);
    for (const Sealed* const sealed : expected) {
      const auto record = take_record(rest);
      require(record.has_value());
      open(*record, sealed);
    }
    require(rest.empty());
  }

  /// `sealed`: what it is, untouched; null: something else.
  void open(const DtlsRecord& record, const Sealed* sealed) {
    Bytes into(record.whole.size());
    const auto content = receiver_.open(ciphers_, record, into);
    const bool expected =
        sealed != nullptr && fresh(sealed->number) && sealed->content.size() <= receiver_.most_content();
    require(content.has_value() == expected);
    if (!content) return;
    require(record.type == sealed->type && record.sequence == sealed->number);
    require(std::ranges::equal(*content, sealed->content));
    seen_.insert(sealed->number);
    highest_ = std::max(highest_, sealed->number);
  }

  [[nodiscard]] bool fresh(std::uint64_t number) const {
    return !seen_.contains(number) && (number > highest_ || highest_ - number < 64);
  }

  static constexpr std::size_t kMost = 80;

  fuzz::ScriptReader& script_;
  std::uint8_t choice_;
  std::uint64_t highest_ = 0;
  std::set<std::uint64_t> seen_;
  std::uint64_t next_ = 1;
  DtlsCiphers ciphers_;
  DtlsRecords sender_ = association().server().records(next_, {});
  DtlsRecords receiver_ = association().client().records(1, {});
  std::deque<Sealed> sealed_;
};

}  // namespace
}  // namespace sluice

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::fuzz::ScriptReader script({data, size});
  switch (script.next() % 3) {
    case 0:
      sluice::run_datagram(script.take(size));
      break;
    case 1:
      sluice::CookieScript(script).run();
      break;
    default:
      sluice::RecordScript(script).run();
      break;
  }
  return 0;
}
