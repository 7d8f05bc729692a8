// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_hash.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <crypt.h>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace sluice::auth {

namespace {

constexpr std::uint32_t kMostIterations = 100'000'000;
constexpr std::uint32_t kMostKeyBytes = 512;
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kBcryptSize = 60;
constexpr unsigned long kBcryptCost = 10;

struct Digest {
  std::string_view name;  ///< as the manual spells it
  const char* openssl_name;
  std::uint32_t bytes;
  bool stored;  ///< may be a scheme of its own, not only pbkdf2's
};
constexpr std::array kDigests{Digest{"md5", "MD5", 16, true},        Digest{"sha", "SHA1", 20, true},
                              Digest{"sha256", "SHA256", 32, true},  Digest{"sha512", "SHA512", 64, true},
                              Digest{"sha224", "SHA224", 28, false}, Digest{"sha384", "SHA384", 48, false}};

const Digest* find_digest(std::string_view name) {
  const auto found =
      std::find_if(kDigests.begin(), kDigests.end(), [&](const Digest& each) { return each.name == name; });
  return found == kDigests.end() ? nullptr : &*found;
}

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  for (;;) {
    text.remove_prefix(std::min(text.find_first_not_of(", \t"), text.size()));
    if (text.empty()) return words;
    const std::size_t end = std::min(text.find_first_of(", \t"), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
}

bool parse_number(std::string_view text, std::uint32_t most, std::uint32_t& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out > 0 && out <= most;
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size) {
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i)
    fmt::format_to(std::back_inserter(text), "{:02x}", static_cast<unsigned>(bytes[i]));
  return text;
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

bool is_hexadecimal(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isxdigit(c) != 0; });
}

bool equal(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string random_salt() {
  std::array<unsigned char, kSaltBytes> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return {};
  return hexadecimal(bytes.data(), bytes.size());
}

const EVP_MD* openssl_digest(const std::string& name) { return EVP_get_digestbyname(name.c_str()); }

std::string digest_of(const std::string& name, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), out.data(), &size, openssl_digest(name), nullptr) != 1) return {};
  return hexadecimal(out.data(), size);
}

/// Empty if `setting` is no bcrypt setting, or the password holds a null character, at which it would end.
std::string bcrypt(std::string_view password, const std::string& setting) {
  if (!setting.starts_with("$2") || password.find('\0') != std::string_view::npos) return {};
  const auto memory = std::make_unique<crypt_data>();
  const char* const hash = crypt_r(std::string(password).c_str(), setting.c_str(), memory.get());
  if (hash == nullptr || hash[0] == '*') return {};
  return hash;
}

std::string bcrypt_setting() {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const char* const made =
      crypt_gensalt_rn("$2b$", kBcryptCost, nullptr, 0, setting.data(), static_cast<int>(setting.size()));
  return made == nullptr ? std::string() : std::string(made);
}

LoadError unknown_scheme(std::string_view scheme) {
  return {.what = fmt::format("'{}' is not a password hash; there are plain, md5, sha, sha256, sha512, each with salt "
                              "before or behind it (salt,sha256), pbkdf2,<macfun>,<iterations>,<dklen> and bcrypt",
                              scheme)};
}

}  // namespace

LoadResult<PasswordHash> PasswordHash::parse(std::string_view scheme) {
  auto words = split_words(scheme);
  PasswordHash result;
  if (!words.empty() && words[0] == "pbkdf2") return parse_pbkdf2(scheme);
  if (words.size() == 2 && words[0] == "salt") {
    result.place_ = SaltPlace::Before;
    words.erase(words.begin());
  } else if (words.size() == 2 && words[1] == "salt") {
    result.place_ = SaltPlace::Behind;
    words.pop_back();
  }
  if (words.size() != 1) return unknown_scheme(scheme);

  const bool salted = result.place_ != SaltPlace::None;
  if (words[0] == "plain" && !salted) return result;
  if (words[0] == "bcrypt" && result.place_ != SaltPlace::Behind) {
    result.kind_ = Kind::Bcrypt;
    result.place_ = SaltPlace::None;
    return result;
  }
  const Digest* digest = find_digest(words[0]);
  if (digest == nullptr || !digest->stored) return unknown_scheme(scheme);
  result.kind_ = Kind::Digest;
  result.digest_ = digest->openssl_name;
  result.key_bytes_ = digest->bytes;
  return result;
}

LoadResult<PasswordHash> PasswordHash::parse_pbkdf2(std::string_view scheme) {
  auto words = split_words(scheme);
  if (words.size() == 1) words = {"pbkdf2", "sha256", "1000", "20"};
  if (words.size() != 4) return LoadError{.what = "expected pbkdf2,<macfun>,<iterations>,<dklen>"};
  PasswordHash result;
  const Digest* digest = find_digest(words[1]);
  if (digest == nullptr) {
    return LoadError{
        .what = fmt::format("'{}' is not a macfun of pbkdf2; there are md5, sha, sha224, sha256, sha384 and sha512",
                            words[1])};
  }
  if (!parse_number(words[2], kMostIterations, result.iterations_)) {
    return LoadError{.what = fmt::format("'{}' is not a number of iterations from 1 to {}", words[2], kMostIterations)};
  }
  if (!parse_number(words[3], kMostKeyBytes, result.key_bytes_)) {
    return LoadError{.what = fmt::format("'{}' is not a key length from 1 to {} bytes", words[3], kMostKeyBytes)};
  }
  result.kind_ = Kind::Pbkdf2;
  result.digest_ = digest->openssl_name;
  return result;
}

std::string PasswordHash::compute(std::string_view password, const StoredPassword& stored) const {
  switch (kind_) {
    case Kind::Plain:
      return std::string(password);
    case Kind::Bcrypt:
      return bcrypt(password, stored.hash);
    case Kind::Digest: {
      std::string text(password);
      if (place_ == SaltPlace::Before) text.insert(0, stored.salt);
      if (place_ == SaltPlace::Behind) text += stored.salt;
      return digest_of(digest_, text);
    }
    case Kind::Pbkdf2: {
      std::vector<unsigned char> key(key_bytes_);
      const auto* salt = reinterpret_cast<const unsigned char*>(stored.salt.data());
      if (PKCS5_PBKDF2_HMAC(password.data(), static_cast<int>(password.size()), salt,
                            static_cast<int>(stored.salt.size()), static_cast<int>(iterations_),
                            openssl_digest(digest_), static_cast<int>(key.size()), key.data()) != 1) {
        return {};
      }
      return hexadecimal(key.data(), key.size());
    }
  }
  return {};
}

bool PasswordHash::verify(std::string_view password, const StoredPassword& stored) const {
  if (kind_ == Kind::Plain) return equal(password, stored.hash);
  if (!looks_stored(stored.hash)) return false;
  const std::string computed = compute(password, stored);
  if (computed.empty()) return false;
  return equal(computed, kind_ == Kind::Bcrypt ? stored.hash : lower_case(stored.hash));
}

StoredPassword PasswordHash::make(std::string_view password) const {
  StoredPassword stored;
  if (kind_ == Kind::Bcrypt) stored.hash = bcrypt_setting();
  if (salted()) stored.salt = random_salt();
  stored.hash = compute(password, stored);
  return stored;
}

bool PasswordHash::looks_stored(std::string_view hash) const {
  switch (kind_) {
    case Kind::Plain:
      return false;
    case Kind::Digest:
    case Kind::Pbkdf2:
      return hash.size() == std::size_t{2} * key_bytes_ && is_hexadecimal(hash);
    case Kind::Bcrypt:
      return hash.size() == kBcryptSize && hash.starts_with("$2") && hash[3] == '$' && hash[6] == '$';
  }
  return false;
}

}  // namespace sluice::auth
