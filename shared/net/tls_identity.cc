// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstring>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "shared/net/tls_context.h"
#include "shared/net/tls_psk.h"

namespace sluice {
namespace {

struct X509Free {
  void operator()(X509* certificate) const { ::X509_free(certificate); }
};
struct BioFree {
  void operator()(BIO* bio) const { ::BIO_free(bio); }
};

/// The last CN; empty when it holds a NUL, with which a name could pretend to be another.
std::string common_name_of(X509_NAME* subject) {
  int index = -1;
  for (int next = -1; (next = ::X509_NAME_get_index_by_NID(subject, NID_commonName, next)) >= 0;) index = next;
  if (index < 0) return {};
  const ASN1_STRING* const value = ::X509_NAME_ENTRY_get_data(::X509_NAME_get_entry(subject, index));
  unsigned char* utf8 = nullptr;
  const int length = ::ASN1_STRING_to_UTF8(&utf8, value);
  if (length < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(length));
  ::OPENSSL_free(utf8);
  return name.find('\0') == std::string::npos ? name : std::string();
}

/// [RFC 2253], with UTF-8 left as it is.
std::string distinguished_name_of(X509_NAME* subject) {
  const std::unique_ptr<BIO, BioFree> bio(::BIO_new(::BIO_s_mem()));
  if (bio == nullptr) return {};
  const unsigned long flags = XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB);
  if (::X509_NAME_print_ex(bio.get(), subject, 0, flags) < 0) return {};
  const char* text = nullptr;
  const long length = ::BIO_get_mem_data(bio.get(), &text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string();
}

}  // namespace

std::shared_ptr<const TlsIdentity> tls_identity(ssl_st* ssl) {
  TlsIdentity identity;
  identity.psk_identity = psk_identity_of(ssl);
  const std::unique_ptr<X509, X509Free> certificate(::SSL_get1_peer_certificate(ssl));
  if (certificate != nullptr && ::SSL_get_verify_result(ssl) == X509_V_OK) {
    X509_NAME* const subject = ::X509_get_subject_name(certificate.get());
    identity.common_name = common_name_of(subject);
    identity.distinguished_name = distinguished_name_of(subject);
  }
  if (identity.psk_identity.empty() && identity.distinguished_name.empty()) return nullptr;
  return std::make_shared<const TlsIdentity>(std::move(identity));
}

}  // namespace sluice
