// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "broker/auth/load_error.h"

namespace sluice::auth {

/// A password as a file or a database keeps it.
struct StoredPassword {
  std::string hash;  ///< plain text, hexadecimal digits, or bcrypt's "$2b$10$…"
  std::string salt;  ///< empty for schemes without one
};

/// A `password_hash` of the manual: how passwords are stored, and whether one is right.
///   plain | md5 | sha | sha256 | sha512            digest of the password
///   salt,<digest> | <digest>,salt                  of the salt before or behind the password
///   pbkdf2 | pbkdf2,<macfun>,<iterations>,<dklen>  macfun: md5, sha, sha224, sha256, sha384, sha512
///   bcrypt | salt,bcrypt                           the salt is part of the hash
/// Words may be separated by a comma or by spaces ("salt sha256" in the manual).
/// Thread safety: immutable.
class PasswordHash {
 public:
  static LoadResult<PasswordHash> parse(std::string_view scheme);
  PasswordHash() = default;  ///< plain

  /// True for schemes that take milliseconds: verify and make then belong on a worker.
  [[nodiscard]] bool slow() const { return kind_ == Kind::Pbkdf2 || kind_ == Kind::Bcrypt; }
  [[nodiscard]] bool is_plain() const { return kind_ == Kind::Plain; }
  /// Compares in constant time. A stored value that is not of this scheme is a wrong password.
  [[nodiscard]] bool verify(std::string_view password, const StoredPassword& stored) const;
  /// Hashes with a fresh random salt where the scheme has one.
  [[nodiscard]] StoredPassword make(std::string_view password) const;
  /// True if `hash` has the form of this scheme's stored values; never for plain.
  [[nodiscard]] bool looks_stored(std::string_view hash) const;
  /// True if a stored value needs a salt beside the hash.
  [[nodiscard]] bool salted() const { return place_ != SaltPlace::None || kind_ == Kind::Pbkdf2; }

 private:
  enum class Kind : std::uint8_t { Plain, Digest, Pbkdf2, Bcrypt };
  enum class SaltPlace : std::uint8_t { None, Before, Behind };

  static LoadResult<PasswordHash> parse_pbkdf2(std::string_view scheme);
  [[nodiscard]] std::string compute(std::string_view password, const StoredPassword& stored) const;

  Kind kind_ = Kind::Plain;
  SaltPlace place_ = SaltPlace::None;
  std::string digest_;  ///< OpenSSL's name
  std::uint32_t iterations_ = 0;
  std::uint32_t key_bytes_ = 0;  ///< pbkdf2: dklen; digests: their size
};

}  // namespace sluice::auth
