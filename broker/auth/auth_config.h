// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/check.h"
#include "shared/config/property.h"

namespace sluice::auth {

inline constexpr Property<bool> kAllowAnonymous{.name = "mqtt.allow_anonymous",
                                                .doc = "Clients that no back end knows may connect.",
                                                .def = true,
                                                .reload = Reload::Live};
inline constexpr Property<std::string_view> kAclNomatch{.name = "mqtt.acl_nomatch",
                                                        .doc = "What holds where no rule of the ACL file matches.",
                                                        .def = "allow",
                                                        .choices = "allow|deny",
                                                        .reload = Reload::Live};
inline constexpr Property<std::string_view> kAclFile{
    .name = "mqtt.acl_file",
    .doc = "Rules of who may publish and subscribe where. Read again on SIGHUP and by sluicectl acl reload.",
    .def = "etc/acl.conf",
    .reload = Reload::Live};
inline constexpr Property<bool> kCacheAcl{
    .name = "mqtt.cache_acl",
    .doc = "Remember decisions about a client; only used where its rules name 16 topics or more.",
    .def = true,
    .reload = Reload::NewConnections};
inline constexpr Property<std::uint32_t> kAclCacheSize{.name = "mqtt.acl_cache_size",
                                                       .doc = "Decisions remembered per client at most.",
                                                       .def = 32,
                                                       .min = 1,
                                                       .max = 65536,
                                                       .reload = Reload::NewConnections};
inline constexpr Property<ConfigDuration> kAclCacheTtl{.name = "mqtt.acl_cache_ttl",
                                                       .doc = "How long a decision is remembered.",
                                                       .def = std::chrono::minutes(1),
                                                       .min = std::chrono::seconds(1),
                                                       .max = std::chrono::hours(24),
                                                       .reload = Reload::NewConnections};
inline constexpr Property<std::string_view> kPskFile{
    .name = "psk.file",
    .doc = "Pre-shared keys for TLS and DTLS: one identity:hexkey a line. Empty: none. Read again on SIGHUP.",
    .reload = Reload::Live};
inline constexpr Property<std::uint32_t> kWorkerThreads{
    .name = "auth.worker_threads",
    .doc = "Threads for slow password hashes and back ends that block.",
    .def = 1,
    .min = 1,
    .max = 256};
inline constexpr Property<std::uint32_t> kWorkerQueue{
    .name = "auth.worker_queue",
    .doc = "Clients that may wait for those threads; a further one is refused as if the server were busy.",
    .def = 10000,
    .min = 1,
    .max = 10'000'000};

inline constexpr AnyProperty kAuthRows[] = {&kAllowAnonymous, &kAclNomatch,    &kAclFile,
                                            &kCacheAcl,       &kAclCacheSize,  &kAclCacheTtl,
                                            &kPskFile,        &kWorkerThreads, &kWorkerQueue};
inline constexpr PropertyTable kAuthTable{"Who may", kAuthRows};

// emq_auth_username. `$id` is a number that ties a name to its password.
inline constexpr Property<std::string_view> kUserName{
    .name = "auth.user.$id.username", .doc = "Name of a user.", .reload = Reload::Live};
inline constexpr Property<std::string_view> kUserPassword{
    .name = "auth.user.$id.password",
    .doc = "Password of the user, as text or in the form of auth.user.password_hash.",
    .reload = Reload::Live,
    .secret = Secret::Yes};
inline constexpr Property<bool> kUserSuperuser{
    .name = "auth.user.$id.superuser", .doc = "No ACL holds for this user.", .reload = Reload::Live};
inline constexpr Property<std::string_view> kNamedUserPassword{.name = "auth.username.$name",
                                                               .doc = "The same in one line: name and password.",
                                                               .reload = Reload::Live,
                                                               .secret = Secret::Yes};
inline constexpr Property<std::string_view> kUserPasswordHash{
    .name = "auth.user.password_hash",
    .doc =
        "How passwords of users are kept: plain, md5, sha, sha256, sha512, one of these with salt before or behind it, "
        "bcrypt, or pbkdf2,sha256,iterations,length.",
    .def = "salt,sha256",
    .reload = Reload::Live,
    .check = check_password_hash};

inline constexpr AnyProperty kAuthUsernameRows[] = {&kUserName, &kUserPassword, &kUserSuperuser, &kNamedUserPassword,
                                                    &kUserPasswordHash};
inline constexpr PropertyTable kAuthUsernameTable{"Users by name (etc/plugins/emq_auth_username.conf)",
                                                  kAuthUsernameRows};

// emq_auth_clientid.
inline constexpr Property<std::string_view> kClientId{
    .name = "auth.client.$id.clientid", .doc = "A client id.", .reload = Reload::Live};
inline constexpr Property<std::string_view> kClientPassword{
    .name = "auth.client.$id.password",
    .doc = "Its password, as text or in the form of auth.client.password_hash.",
    .reload = Reload::Live,
    .secret = Secret::Yes};
inline constexpr Property<bool> kClientSuperuser{
    .name = "auth.client.$id.superuser", .doc = "No ACL holds for this client.", .reload = Reload::Live};
inline constexpr Property<std::string_view> kClientPasswordHash{
    .name = "auth.client.password_hash",
    .doc = "How passwords of client ids are kept, as auth.user.password_hash.",
    .def = "salt,sha256",
    .reload = Reload::Live,
    .check = check_password_hash};

inline constexpr AnyProperty kAuthClientidRows[] = {&kClientId, &kClientPassword, &kClientSuperuser,
                                                    &kClientPasswordHash};
inline constexpr PropertyTable kAuthClientidTable{"Users by client id (etc/plugins/emq_auth_clientid.conf)",
                                                  kAuthClientidRows};

}  // namespace sluice::auth
