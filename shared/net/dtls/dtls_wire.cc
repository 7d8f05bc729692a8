// SPDX-License-Identifier: Apache-2.0
#include "shared/net/dtls/dtls_wire.h"

#include <algorithm>

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "shared/net/dtls/dtls_packet.h"
#include "shared/net/dtls/dtls_probe.h"

namespace sluice {
namespace {

DtlsWire& wire_of(BIO* bio) { return *static_cast<DtlsWire*>(::BIO_get_data(bio)); }

int read_record(BIO* bio, char* into, int room) {
  ::BIO_clear_retry_flags(bio);
  DtlsWire& wire = wire_of(bio);
  if (wire.input.empty()) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t size = std::min(wire.input.size(), static_cast<std::size_t>(room));
  std::copy_n(reinterpret_cast<const char*>(wire.input.data()), size, into);
  wire.input = {};
  return static_cast<int>(size);
}

int write_datagram(BIO* bio, const char* bytes, int size) {
  ::BIO_clear_retry_flags(bio);
  DtlsWire& wire = wire_of(bio);
  const auto datagram = std::as_bytes(std::span(bytes, static_cast<std::size_t>(size)));
  for (auto rest = datagram; const auto record = take_record(rest);) {
    if (record->epoch == 1) wire.next_number = std::max(wire.next_number, record->sequence + 1);
  }
  wire.sent = true;
  wire.below->send(wire.path, datagram);
  return size;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

int create(BIO* bio) {
  ::BIO_set_init(bio, 1);
  return 1;
}

/// Lives as long as the process.
const BIO_METHOD* wire_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const made = ::BIO_meth_new(::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "datagrams of a port");
    ::BIO_meth_set_read(made, read_record);
    ::BIO_meth_set_write(made, write_datagram);
    ::BIO_meth_set_ctrl(made, control);
    ::BIO_meth_set_create(made, create);
    return made;
  }();
  return method;
}

void on_information(const SSL* ssl, int where, int value) {
  if ((where & SSL_CB_ALERT) == 0) return;
  const bool received = (where & SSL_CB_READ) != 0;
  (received ? dtls_probe().alerts_received : dtls_probe().alerts_sent).add();
  DtlsWire& wire = wire_of(::SSL_get_rbio(ssl));
  (received ? wire.alert_received : wire.alert_sent) = value & 0xFF;
}

void on_message(int written, int, int type, const void*, std::size_t, SSL* ssl, void*) {
  if (written != 0 || (type != SSL3_RT_HANDSHAKE && type != SSL3_RT_ALERT)) return;
  wire_of(::SSL_get_rbio(ssl)).noticed = true;
}

}  // namespace

void DtlsWire::begin(const DatagramPath& way, std::span<const std::byte> record) {
  path = way;
  input = record;
  noticed = false;
  sent = false;
  next_number = 0;
  alert_received = kNoAlert;
  alert_sent = kNoAlert;
}

bool attach_wire(ssl_st* ssl, DtlsWire& wire) {
  BIO* const bio = ::BIO_new(wire_method());
  if (bio == nullptr) return false;
  ::BIO_set_data(bio, &wire);
  ::SSL_set_bio(ssl, bio, bio);
  return true;
}

void watch_dtls(ssl_ctx_st* context) {
  ::SSL_CTX_set_info_callback(context, on_information);
  ::SSL_CTX_set_msg_callback(context, on_message);
}

}  // namespace sluice
