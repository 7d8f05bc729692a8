// SPDX-License-Identifier: Apache-2.0
#include "broker/auth/password_hash.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

PasswordHash scheme(std::string_view text) {
  auto parsed = PasswordHash::parse(text);
  EXPECT_TRUE(parsed) << text;
  return parsed ? *parsed : PasswordHash();
}

struct Vector {
  const char* scheme;
  const char* password;
  const char* hash;
  const char* salt;
};

// Digests and pbkdf2: Python's hashlib; RFC 6070 for the one named so; bcrypt: the published vectors of jBCrypt.
const Vector kVectors[] = {
    {"plain", "public", "public", ""},
    {"md5", "public", "4c9184f37cff01bcdc32dc486ec36961", ""},
    {"salt,md5", "public", "0d61ca6e301fcf69aac18299f812040d", "NaCl7"},
    {"md5,salt", "public", "2978b85eb21042d67659a0e121190239", "NaCl7"},
    {"sha", "public", "61c9b2b17db77a27841bbeeabff923448b0f6388", ""},
    {"salt,sha", "public", "a2cd9d0cb3eddd9d4c7b43e714efc7fc5574caf9", "NaCl7"},
    {"sha,salt", "public", "04bdb9715f73b1e3a9f8b81e580b292eaaced048", "NaCl7"},
    {"sha256", "public", "efa1f375d76194fa51a3556a97e641e61685f914d446979da50a551a4333ffd7", ""},
    {"salt,sha256", "public", "d985b83cd28802c432aae85386c4be2da3cea6b79ab80d71b1c06d7bfbfef283", "NaCl7"},
    {"salt sha256", "public", "d985b83cd28802c432aae85386c4be2da3cea6b79ab80d71b1c06d7bfbfef283", "NaCl7"},
    {"sha256,salt", "public", "ea7c005603392c6d529424caea9f28a8ec2338e27dc795c77794103bbc5f3d4d", "NaCl7"},
    {"sha512", "public",
     "d32997e9747b65a3ecf65b82533a4c843c4e16dd30cf371e8c81ab60a341de00051da422d41ff29c55695f233a1e06fac8b79aeb0a4d91ae"
     "5d3d18c8e09b8c73",
     ""},
    {"salt , sha512", "public",
     "a20f0651bdb0e0f45889590fb1df51fa2400fe1ce9e9c23776f3c76ac4e6ea474238db1fc7c876070a8fff3d1fced850744460753fc50475"
     "930ca35bdae5bfa0",
     "NaCl7"},
    {"pbkdf2,md5,1,16", "public", "bcf04ac60bb518957466bdb07407bc24", "NaCl7"},
    {"pbkdf2,sha,2,20", "public", "381d89e7cdc08cbef84fe26e2518753c014158ee", "NaCl7"},
    {"pbkdf2,sha224,7,28", "public", "60a251c7e5be2b5421d03421fd8e7cbd2c25fb2f51278aef8c152c64", "NaCl7"},
    {"pbkdf2,sha256,1000,20", "public", "d82c792191880e9f0e187e93284c7b535cae9477", "NaCl7"},
    {"pbkdf2", "public", "d82c792191880e9f0e187e93284c7b535cae9477", "NaCl7"},
    {"pbkdf2,sha384,3,48", "public",
     "a6e6b0d24fab96593cf0be149dcfd317364ba3d410e323eb1d59ce883d8626ca67817a50c6c5a90d295b879551f2b956", "NaCl7"},
    {"pbkdf2 sha512 1000 64", "public",
     "d51c750fe1be989799b806a638de971cc5aeaeaf52cc5f5dc656d562aa0b011f9c0cbb7e46f42cbccc42b2c1cdf64beae99cfedd53ba76b4"
     "ad7f682b12eb64c5",
     "NaCl7"},
    {"pbkdf2,sha,4096,20", "password", "4b007901b765489abead49d926f721d065a429c1", "salt"},  // RFC 6070
    {"bcrypt", "", "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.", ""},
    {"bcrypt", "a", "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe", ""},
    {"salt,bcrypt", "abc", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", ""},
};

TEST(PasswordHash, AcceptsTheRightPassword) {
  for (const Vector& each : kVectors) {
    EXPECT_TRUE(scheme(each.scheme).verify(each.password, {each.hash, each.salt})) << each.scheme;
  }
}

TEST(PasswordHash, RefusesEveryOtherPasswordHashAndSalt) {
  for (const Vector& each : kVectors) {
    const PasswordHash hash = scheme(each.scheme);
    const std::string password = each.password;
    for (const std::string& wrong :
         {password + "x", std::string("Public"), password + std::string(1, '\0'), "x" + password}) {
      // HMAC takes a key and the same key with a null byte behind it for equal.
      if (wrong.back() == '\0' && std::string_view(each.scheme).starts_with("pbkdf2")) continue;
      EXPECT_FALSE(hash.verify(wrong, {each.hash, each.salt})) << each.scheme;
    }
    std::string changed = each.hash;
    changed.back() = changed.back() == '0' ? '1' : '0';
    EXPECT_FALSE(hash.verify(password, {changed, each.salt})) << each.scheme;
    EXPECT_FALSE(hash.verify(password, {std::string(each.hash) + "0", each.salt})) << each.scheme;
    if (*each.salt != '\0') {
      EXPECT_FALSE(hash.verify(password, {each.hash, "NaCl8"})) << each.scheme;
    }
  }
  EXPECT_FALSE(scheme("md5").verify("", {"", ""}));
  EXPECT_FALSE(scheme("bcrypt").verify("", {"", ""}));
  EXPECT_FALSE(scheme("bcrypt").verify("x", {"*0", ""}));
}

TEST(PasswordHash, DigitsMayBeUpperCase) {
  EXPECT_TRUE(scheme("md5").verify("public", {"4C9184F37CFF01BCDC32DC486EC36961", ""}));
}

TEST(PasswordHash, AcceptsEveryVariantOfBcrypt) {
  for (const char* variant : {"a", "b", "y"}) {
    const std::string hash = "$2" + std::string(variant) + "$04$abcdefghijklmnopqrstuuaNoRgelGRsJ2Tm9Zn/HHRlHib6lnzBu";
    EXPECT_TRUE(scheme("bcrypt").verify("public", {hash, ""})) << hash;
    EXPECT_FALSE(scheme("bcrypt").verify("publik", {hash, ""})) << hash;
  }
}

TEST(PasswordHash, MakesWhatItAccepts) {
  for (const char* text : {"plain", "md5", "salt,sha256", "sha512,salt", "pbkdf2,sha256,10,32", "bcrypt"}) {
    const PasswordHash hash = scheme(text);
    const StoredPassword one = hash.make("secret");
    EXPECT_TRUE(hash.verify("secret", one)) << text;
    EXPECT_FALSE(hash.verify("Secret", one)) << text;
    if (hash.salted()) {
      EXPECT_NE(one.salt, hash.make("secret").salt) << text;
    }
  }
  EXPECT_NE(scheme("bcrypt").make("secret").hash, scheme("bcrypt").make("secret").hash);
}

TEST(PasswordHash, KnowsWhichSchemesAreSlow) {
  for (const char* text : {"plain", "md5", "salt,sha512"}) EXPECT_FALSE(scheme(text).slow()) << text;
  for (const char* text : {"pbkdf2", "bcrypt", "salt,bcrypt"}) EXPECT_TRUE(scheme(text).slow()) << text;
}

TEST(PasswordHash, KnowsStoredValues) {
  for (const Vector& each : kVectors) {
    EXPECT_EQ(scheme(each.scheme).looks_stored(each.hash), std::string_view(each.scheme) != "plain") << each.scheme;
    EXPECT_FALSE(scheme(each.scheme).looks_stored("public")) << each.scheme;
  }
  EXPECT_FALSE(scheme("md5").looks_stored("4c9184f37cff01bcdc32dc486ec3696g"));
}

TEST(PasswordHash, RefusesOtherSchemes) {
  for (const std::string_view text :
       {"", "sha1", "md4", "SHA256", "salt", "salt,plain", "plain,salt", "bcrypt,salt", "salt,md5,salt", "sha384",
        "pbkdf2,sha256", "pbkdf2,md4,1,1", "pbkdf2,sha256,0,20", "pbkdf2,sha256,-1,20", "pbkdf2,sha256,1000,0",
        "pbkdf2,sha256,1000,513", "pbkdf2,sha256,1000000000,20", "pbkdf2,sha256,10x,20", "salt,pbkdf2"}) {
    const auto parsed = PasswordHash::parse(text);
    EXPECT_FALSE(parsed) << text;
    if (!parsed) {
      EXPECT_FALSE(parsed.error().what.empty());
    }
  }
}

}  // namespace
}  // namespace sluice::auth
