// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_engine.h"

#include <algorithm>
#include <sys/time.h>
#include <utility>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_probe.h"

namespace sluice {
namespace {

constexpr std::size_t kLeastFragment = 512;  ///< OpenSSL takes no smaller limit
constexpr unsigned int kMicrosecond = 1'000;
constexpr unsigned int kMostWait = 60U * 1'000'000U;

/// An SSL tells its timer's callback nothing else about itself.
unsigned int next_wait(SSL* ssl, unsigned int before) {
  if (before != 0) return std::min(2 * before, kMostWait);
  const auto* const first = static_cast<const std::chrono::milliseconds*>(SSL_get_app_data(ssl));
  return static_cast<unsigned int>(first->count()) * kMicrosecond;
}

struct AddressFree {
  void operator()(BIO_ADDR* address) const { ::BIO_ADDR_free(address); }
};

}  // namespace

std::unique_ptr<DtlsEngine> DtlsEngine::server(DtlsWire& wire, std::shared_ptr<const DtlsContext> context) {
  SslPtr ssl = context->accept();
  if (ssl == nullptr || !attach_wire(ssl.get(), wire)) return nullptr;
  std::unique_ptr<DtlsEngine> engine(new DtlsEngine(wire, std::move(ssl), context->settings()));
  engine->context_ = std::move(context);
  return engine;
}

std::unique_ptr<DtlsEngine> DtlsEngine::client(DtlsWire& wire, std::shared_ptr<const DtlsCredentials> credentials,
                                               const DtlsSettings& settings) {
  SslPtr ssl = credentials->connect();
  if (ssl == nullptr || !attach_wire(ssl.get(), wire)) return nullptr;
  std::unique_ptr<DtlsEngine> engine(new DtlsEngine(wire, std::move(ssl), settings));
  engine->credentials_ = std::move(credentials);
  return engine;
}

DtlsEngine::DtlsEngine(DtlsWire& wire, SslPtr ssl, const DtlsSettings& settings)
    : wire_(wire), ssl_(std::move(ssl)), retransmit_after_(settings.retransmit_after) {
  ::SSL_set_mtu(ssl_.get(), static_cast<long>(settings.mtu));
  ::SSL_set_max_send_fragment(ssl_.get(), static_cast<long>(std::max(settings.mtu, kLeastFragment)));
  SSL_set_app_data(ssl_.get(), &retransmit_after_);
  ::DTLS_set_timer_cb(ssl_.get(), next_wait);
  dtls_probe().engines.add(1);
}

// OpenSSL forgets the session of an SSL that ends without close_notify; an association is free to do so.
DtlsEngine::~DtlsEngine() {
  dtls_probe().engines.add(-1);
  if (finished()) ::SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

void DtlsEngine::begin_call(const DatagramPath& path, std::span<const std::byte> record) {
  wire_.begin(path, record);
  ::ERR_clear_error();
  ::SSL_alloc_buffers(ssl_.get());
}

void DtlsEngine::end_call() {
  next_number_ = std::max(next_number_, wire_.next_number);
  ::SSL_free_buffers(ssl_.get());
}

bool DtlsEngine::begin(const DatagramPath& path, std::span<const std::byte> hello) {
  const std::unique_ptr<BIO_ADDR, AddressFree> nobody(::BIO_ADDR_new());
  if (nobody == nullptr) return false;
  begin_call(path, hello);
  const bool taken = ::DTLSv1_listen(ssl_.get(), nobody.get()) == 1;
  end_call();
  return taken;
}

DtlsStep DtlsEngine::step(const DatagramPath& path, std::span<const std::byte>& record, std::span<std::byte> into,
                          std::size_t& got) {
  begin_call(path, record);
  const bool was_finished = finished();
  const int result =
      was_finished ? ::SSL_read_ex(ssl_.get(), into.data(), into.size(), &got) : ::SSL_do_handshake(ssl_.get());
  record = wire_.input;
  const int error = result == 1 ? SSL_ERROR_NONE : ::SSL_get_error(ssl_.get(), result);
  end_call();
  switch (error) {
    case SSL_ERROR_NONE:
      return was_finished ? DtlsStep::Data : DtlsStep::Finished;
    case SSL_ERROR_WANT_READ:
      return DtlsStep::Waits;
    case SSL_ERROR_ZERO_RETURN:
      return DtlsStep::Closed;
    default:
      return DtlsStep::Failed;
  }
}

bool DtlsEngine::write(const DatagramPath& path, std::span<const std::byte> content) {
  begin_call(path, {});
  std::size_t wrote = 0;
  const bool sent = ::SSL_write_ex(ssl_.get(), content.data(), content.size(), &wrote) == 1;
  end_call();
  return sent;
}

void DtlsEngine::send_close_notify(const DatagramPath& path) {
  if (!finished()) return;
  begin_call(path, {});
  ::SSL_shutdown(ssl_.get());
  end_call();
}

bool DtlsEngine::handle_timeout(const DatagramPath& path) {
  begin_call(path, {});
  const bool well = DTLSv1_handle_timeout(ssl_.get()) >= 0;
  end_call();
  return well;
}

std::optional<Duration> DtlsEngine::timeout() const {
  timeval left{};
  if (DTLSv1_get_timeout(ssl_.get(), &left) != 1) return std::nullopt;
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec);
}

bool DtlsEngine::bears(const DtlsRecord& record) const {
  return record.epoch == 0 || record.payload.size() >= DtlsRecords::least_payload(ssl_.get());
}

bool DtlsEngine::has_keys() const {
  const OSSL_HANDSHAKE_STATE state = ::SSL_get_state(ssl_.get());
  return state == TLS_ST_SR_CHANGE || state == TLS_ST_CR_CHANGE || finished();
}

bool DtlsEngine::finished() const { return ::SSL_is_init_finished(ssl_.get()) != 0; }
bool DtlsEngine::resumed() const { return ::SSL_session_reused(ssl_.get()) != 0; }
bool DtlsEngine::is_server() const { return context_ != nullptr; }
std::size_t DtlsEngine::room() const { return ::DTLS_get_data_mtu(ssl_.get()); }

std::shared_ptr<const TlsIdentity> DtlsEngine::identity() const { return tls_identity(ssl_.get()); }

bool DtlsEngine::still_known(const TlsIdentity& identity) const {
  if (context_ == nullptr || !resumed() || context_->knows(identity)) return true;
  ::SSL_CTX_remove_session(::SSL_get_SSL_CTX(ssl_.get()), ::SSL_get_session(ssl_.get()));
  return false;
}

std::optional<DtlsRecords> DtlsEngine::take_over(ReplayWindow window) {
  if (!finished() || next_number_ == 0) return std::nullopt;
  return DtlsRecords::take_over(ssl_.get(), next_number_, window);
}

}  // namespace sluice
