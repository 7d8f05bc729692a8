// SPDX-License-Identifier: Apache-2.0
#include "shared/net/tls_files.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "shared/net/tls_error.h"

namespace sluice {

std::string file_complaint(const std::string& key, const std::string& file, const std::string& why) {
  return key + ": cannot use " + file + ": " + why;
}

// OpenSSL's own words for that are poor.
std::string why_unreadable(const std::string& file) {
  if (file.empty()) return "no file is given";
  std::FILE* const opened = std::fopen(file.c_str(), "re");
  if (opened == nullptr) return std::strerror(errno);
  std::fclose(opened);
  return {};
}

std::string load_certificate(ssl_ctx_st* context, const std::string& key, const std::string& certfile,
                             const std::string& keyfile) {
  if (std::string why = why_unreadable(certfile); !why.empty()) {
    return file_complaint(key + ".certfile", certfile, why);
  }
  if (::SSL_CTX_use_certificate_chain_file(context, certfile.c_str()) != 1) {
    return file_complaint(key + ".certfile", certfile, "no usable PEM certificate: " + take_tls_reason());
  }
  if (std::string why = why_unreadable(keyfile); !why.empty()) return file_complaint(key + ".keyfile", keyfile, why);
  // A wrong passphrase must fail instead of asking the terminal.
  ::SSL_CTX_set_default_passwd_cb(context, [](char*, int, int, void*) { return 0; });
  const std::string foreign = "it is not the key of the certificate in " + certfile;
  if (::SSL_CTX_use_PrivateKey_file(context, keyfile.c_str(), SSL_FILETYPE_PEM) != 1) {
    const std::string why = take_tls_reason();
    const bool other = why.find("mismatch") != std::string::npos;
    return file_complaint(key + ".keyfile", keyfile,
                          other ? foreign : "no usable PEM key without a passphrase: " + why);
  }
  // A key of another algorithm is taken above without a word, beside the certificate's own place.
  if (::SSL_CTX_check_private_key(context) == 1) return {};
  ::ERR_clear_error();
  return file_complaint(key + ".keyfile", keyfile, foreign);
}

std::string load_authorities(ssl_ctx_st* context, const std::string& key, const std::string& cacertfile) {
  if (std::string why = why_unreadable(cacertfile); !why.empty()) {
    return file_complaint(key + ".cacertfile", cacertfile, why + " (verify_peer needs it)");
  }
  STACK_OF(X509_NAME)* const names = ::SSL_load_client_CA_file(cacertfile.c_str());
  if (names == nullptr || ::SSL_CTX_load_verify_file(context, cacertfile.c_str()) != 1) {
    ::sk_X509_NAME_pop_free(names, ::X509_NAME_free);
    return file_complaint(key + ".cacertfile", cacertfile, "no usable PEM certificate: " + take_tls_reason());
  }
  ::SSL_CTX_set_client_CA_list(context, names);
  return {};
}

std::string load_revocations(ssl_ctx_st* context, const std::string& key, const std::string& crlfile) {
  if (std::string why = why_unreadable(crlfile); !why.empty()) return file_complaint(key + ".crlfile", crlfile, why);
  X509_STORE* const store = ::SSL_CTX_get_cert_store(context);
  X509_LOOKUP* const lookup = ::X509_STORE_add_lookup(store, ::X509_LOOKUP_file());
  if (lookup == nullptr || ::X509_load_crl_file(lookup, crlfile.c_str(), X509_FILETYPE_PEM) < 1) {
    return file_complaint(key + ".crlfile", crlfile, "no usable PEM revocation list: " + take_tls_reason());
  }
  ::X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
  return {};
}

}  // namespace sluice
