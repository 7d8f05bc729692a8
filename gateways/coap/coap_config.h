// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shared/config/listener_keys.h"

namespace sluice::coap {

// Keys of the CoAP gateway: etc/plugins/emq_coap.conf. `$id` is the listener's number.

inline constexpr Property<std::string_view> kBindUdp{.name = "coap.bind.udp.$id",
                                                     .doc = "Port, address:port or off: CoAP over UDP.",
                                                     .reload = Reload::Restart,
                                                     .check = check_listen_address};
inline constexpr Property<std::string_view> kBindDtls{.name = "coap.bind.dtls.$id",
                                                      .doc = "Port, address:port or off: CoAP over DTLS 1.2.",
                                                      .reload = Reload::Restart,
                                                      .check = check_listen_address};
inline constexpr SocketKeys kTcpSocketKeys =
    socket_keys<"coap.bind.tcp.$id">({.acceptors = 4, .max_clients = 102400, .backlog = 1024});
inline constexpr SocketKeys kTlsSocketKeys =
    socket_keys<"coap.bind.tls.$id">({.acceptors = 4, .max_clients = 102400, .backlog = 1024});
inline constexpr TlsKeys kTlsKeys = tls_keys<"coap.dtls">();

inline constexpr Property<std::string_view> kCompat{
    .name = "coap.compat",
    .doc = "strict: as the specifications have it. emq4, emq2: names and codes of those versions where they differ.",
    .def = "strict",
    .choices = "strict|emq4|emq2"};
/// A listener's own; unset: as kCompat.
consteval Property<std::string_view> compat_key(std::string_view name) {
  return {
      .name = name, .doc = "As coap.compat, for this listener. Empty: as coap.compat.", .choices = "|strict|emq4|emq2"};
}
inline constexpr Property<std::string_view> kUdpCompat = compat_key("coap.bind.udp.$id.compat");
inline constexpr Property<std::string_view> kDtlsCompat = compat_key("coap.bind.dtls.$id.compat");
inline constexpr Property<std::string_view> kTcpCompat = compat_key("coap.bind.tcp.$id.compat");
inline constexpr Property<std::string_view> kTlsCompat = compat_key("coap.bind.tls.$id.compat");
inline constexpr Property<std::string_view> kPrefix{
    .name = "coap.prefix.mqtt", .doc = "First segment of the path under which topics are.", .def = "mqtt"};
inline constexpr Property<std::string_view> kHandler{
    .name = "coap.handler.mqtt", .doc = "Accepted for existing files.", .def = "emq_coap_gateway"};
inline constexpr Property<bool> kEnableStats{.name = "coap.enable_stats",
                                             .doc = "Accepted for existing files; statistics are always there."};
inline constexpr Property<std::string_view> kMountpoint{
    .name = "coap.mountpoint", .doc = "Put before every topic of CoAP clients; %c is the client id, %u the user name."};
inline constexpr Property<ConfigDuration> kKeepAlive{
    .name = "coap.keepalive",
    .doc = "Silence after which a client is away: its session goes on without it. Who observes is asked at half of it.",
    .def = std::chrono::seconds(120),
    .min = std::chrono::seconds(1),
    .max = std::chrono::hours(24 * 365)};
inline constexpr Property<ConfigDuration> kSessionExpiry{
    .name = "coap.session.expiry_interval",
    .doc = "How long a client that is away keeps its session, its observations and what waits for them. 0: not at all.",
    .def = std::chrono::hours(2),
    .max = std::chrono::hours(24 * 365)};
inline constexpr Property<std::string_view> kNotifyType{
    .name = "coap.notify_type",
    .doc = "Confirmable notifications: con all, non none but those that RFC 7641 asks for, qos those of QoS 1.",
    .def = "qos",
    .choices = "con|non|qos"};
inline constexpr Property<std::string_view> kSubscribeQos{
    .name = "coap.subscribe_qos",
    .doc = "QoS of an observation that does not say ?qos=. Empty: 1 with compat emq2, else 0.",
    .choices = "|0|1"};
inline constexpr Property<std::uint32_t> kNotifyWindow{
    .name = "coap.notify.window",
    .doc = "Notifications to a client that it has not confirmed yet, at most; 1 is one for each round trip.",
    .def = 16,
    .min = 1,
    .max = 64};
inline constexpr Property<std::uint32_t> kMaxHeld{
    .name = "coap.notify.max_held",
    .doc =
        "Messages of QoS 0 for a client that wait until it has confirmed earlier ones; over it the oldest is dropped.",
    .def = 32,
    .min = 1,
    .max = 10'000};
inline constexpr Property<ConfigDuration> kConInterval{.name = "coap.observe.con_interval",
                                                       .doc = "A notification is confirmable at least that often.",
                                                       .def = std::chrono::hours(24),
                                                       .min = std::chrono::seconds(1),
                                                       .max = std::chrono::hours(24)};

inline constexpr Property<std::uint32_t> kMaxClients{
    .name = "coap.max_clients",
    .doc = "Clients known at the same time, those that are away included.",
    .def = 1'000'000,
    .min = 1,
    .max = 100'000'000};
inline constexpr Property<std::uint32_t> kMaxObservations{
    .name = "coap.max_observations", .doc = "Observations of one client.", .def = 100, .min = 1, .max = 4000};
inline constexpr Property<std::uint32_t> kMaxClientIdLen{
    .name = "coap.max_clientid_len",
    .doc = "Bytes of a client id at most; of a user name and of a password, too.",
    .def = 256,
    .min = 23,
    .max = 65535};
inline constexpr Property<std::uint32_t> kMaxWaitingRequests{
    .name = "coap.max_waiting_requests",
    .doc = "Requests of one client that wait while it is let in; further ones get 4.29.",
    .def = 16,
    .min = 1,
    .max = 10'000};
inline constexpr Property<std::uint32_t> kMaxListed{
    .name = "coap.max_listed", .doc = "Topics in one discovery.", .def = 1000, .min = 1, .max = 100'000};
inline constexpr Property<std::uint32_t> kMaxCreated{.name = "coap.ps.max_created",
                                                     .doc = "Topics of /ps that exist without a value.",
                                                     .def = 100'000,
                                                     .min = 1,
                                                     .max = 10'000'000};

inline constexpr Property<ConfigDuration> kAckTimeout{.name = "coap.ack_timeout",
                                                      .doc = "ACK_TIMEOUT of RFC 7252.",
                                                      .def = std::chrono::seconds(2),
                                                      .min = std::chrono::milliseconds(100),
                                                      .max = std::chrono::minutes(1)};
inline constexpr Property<double> kAckRandomFactor{
    .name = "coap.ack_random_factor", .doc = "ACK_RANDOM_FACTOR of RFC 7252.", .def = 1.5, .min = 1.0, .max = 10.0};
inline constexpr Property<std::uint32_t> kMaxRetransmit{
    .name = "coap.max_retransmit", .doc = "MAX_RETRANSMIT of RFC 7252.", .def = 4, .min = 0, .max = 10};
inline constexpr Property<std::uint32_t> kNstart{
    .name = "coap.nstart",
    .doc = "NSTART of RFC 7252: confirmable messages to one peer at the same time.",
    .def = 1,
    .min = 1,
    .max = 16};
inline constexpr Property<std::uint32_t> kMaxWaitingMessages{
    .name = "coap.max_waiting_messages",
    .doc = "Confirmable messages to one peer that wait because of NSTART; behind them the latest of each observation.",
    .def = 16,
    .min = 1,
    .max = 10'000};
inline constexpr Property<ConfigDuration> kDefaultLeisure{
    .name = "coap.default_leisure",
    .doc = "DEFAULT_LEISURE of RFC 7252: within that an answer to a group's request leaves.",
    .def = std::chrono::seconds(5),
    .max = std::chrono::minutes(5)};
inline constexpr Property<std::uint32_t> kMaxPeers{
    .name = "coap.max_peers",
    .doc = "Peers known at the same time; the idlest is forgotten first.",
    .def = 1'000'000,
    .min = 16,
    .max = 100'000'000};
inline constexpr Property<std::uint32_t> kDedupEntries{
    .name = "coap.dedup.max_entries",
    .doc = "Requests remembered with their answers, in case they come again.",
    .def = 500'000,
    .min = 16,
    .max = 100'000'000};
inline constexpr Property<ByteSize> kDedupBytes{.name = "coap.dedup.max_bytes",
                                                .doc = "Bytes of answers remembered, but for the short ones.",
                                                .def = 64_MB,
                                                .min = 64_KB,
                                                .max = {64ULL * 1024 * 1024 * 1024}};
inline constexpr Property<std::uint32_t> kMaxPending{.name = "coap.max_pending",
                                                     .doc = "Requests that are being worked on at the same time.",
                                                     .def = 200'000,
                                                     .min = 16,
                                                     .max = 10'000'000};
inline constexpr Property<ByteSize> kMaxBodySize{.name = "coap.max_body_size",
                                                 .doc = "Size of a body that comes in blocks at most.",
                                                 .def = 1_MB,
                                                 .min = 1_KB,
                                                 .max = 256_MB};
inline constexpr Property<std::uint32_t> kBlockSize{
    .name = "coap.block_size",
    .doc = "Size of the largest block asked for and sent: 16 to 1024, a power of two.",
    .def = 1024,
    .min = 16,
    .max = 1024};
inline constexpr Property<std::uint32_t> kBlockPerPeer{
    .name = "coap.block.per_peer",
    .doc = "Bodies of one peer that come or go block by block at the same time.",
    .def = 2,
    .min = 1,
    .max = 1000};
inline constexpr Property<ByteSize> kBlockTotal{.name = "coap.block.total_bytes",
                                                .doc = "Bytes of all bodies that come in block by block.",
                                                .def = 64_MB,
                                                .min = 64_KB,
                                                .max = {64ULL * 1024 * 1024 * 1024}};
inline constexpr Property<std::string_view> kEcho{
    .name = "coap.echo",
    .doc =
        "Who has to prove its address (RFC 9175): large: a peer that asks for more than three times of what it sends; "
        "always: every peer, before anything is done for it; off: nobody.",
    .def = "large",
    .choices = "large|always|off"};
inline constexpr Property<std::uint32_t> kMaxDatagram{.name = "coap.max_datagram",
                                                      .doc = "Size of a datagram at most; larger ones are dropped.",
                                                      .def = 2048,
                                                      .min = 256,
                                                      .max = 65535};
inline constexpr Property<ByteSize> kStreamMessage{
    .name = "coap.stream.max_message_size",
    .doc = "Over TCP and TLS: size of a message at most, as our CSM says (RFC 8323); over 1152 it offers BERT.",
    .def = {64 * 1024 + 512},
    .min = {1152},
    .max = 16_MB};
inline constexpr Property<std::uint32_t> kStreamPending{
    .name = "coap.stream.max_pending",
    .doc = "Requests of one connection that are not answered yet; then no more of it is read.",
    .def = 64,
    .min = 1,
    .max = 10'000};
inline constexpr Property<ByteSize> kStreamOutput{
    .name = "coap.stream.max_output",
    .doc = "Bytes that a connection has not taken: at a sixteenth no more of it is read, at all of them it is closed.",
    .def = 4_MB,
    .min = 64_KB,
    .max = {1024ULL * 1024 * 1024}};
inline constexpr Property<ByteSize> kStreamUnfinished{
    .name = "coap.stream.unfinished_bytes",
    .doc = "Bytes of unfinished messages of all connections; over it those with more than a little are closed.",
    .def = 64_MB,
    .min = 64_KB,
    .max = {64ULL * 1024 * 1024 * 1024}};
inline constexpr Property<ConfigDuration> kStreamHello{.name = "coap.stream.hello_timeout",
                                                       .doc = "How long a connection may take for its first CSM.",
                                                       .def = std::chrono::seconds(10),
                                                       .min = std::chrono::milliseconds(100),
                                                       .max = std::chrono::minutes(10)};
inline constexpr Property<ConfigDuration> kStreamMessageTimeout{
    .name = "coap.stream.message_timeout",
    .doc = "How long a message may take from its first byte to its last.",
    .def = std::chrono::seconds(60),
    .min = std::chrono::milliseconds(100),
    .max = std::chrono::hours(1)};
inline constexpr Property<ConfigDuration> kStreamPing{.name = "coap.stream.ping_interval",
                                                      .doc = "Silence after which a connection gets a Ping. 0: never.",
                                                      .def = std::chrono::seconds(120),
                                                      .max = std::chrono::hours(24)};
inline constexpr Property<ConfigDuration> kStreamPong{
    .name = "coap.stream.pong_timeout",
    .doc = "How long a sign of life may take after a Ping; then the connection is closed.",
    .def = std::chrono::seconds(30),
    .min = std::chrono::milliseconds(100),
    .max = std::chrono::hours(1)};
inline constexpr Property<ConfigDuration> kStreamRelease{
    .name = "coap.stream.release_timeout",
    .doc = "How long a connection may take to end after a Release of either side.",
    .def = std::chrono::seconds(10),
    .min = std::chrono::milliseconds(100),
    .max = std::chrono::hours(1)};
inline constexpr Property<std::string_view> kMulticast{
    .name = "coap.multicast",
    .doc =
        "Groups that the UDP listeners on a wildcard address join, with commas: 224.0.1.187, ff02::fd%eth0. Empty: "
        "none.",
    .reload = Reload::Restart};
inline constexpr Property<std::string_view> kAccess{
    .name = "coap.access.$id",
    .doc = "allow or deny, then all or an address or network; in order.",
    .reload = Reload::NewConnections,
    .check = check_access_rule};
inline constexpr Property<std::string_view> kCrlFile{.name = "coap.dtls.crlfile",
                                                     .doc = "Revoked client certificates, PEM. Empty: none are.",
                                                     .reload = Reload::NewConnections};
inline constexpr Property<ConfigDuration> kDtlsSessionTimeout{
    .name = "dtls.session_timeout",
    .doc = "How long a DTLS association lives with nothing heard from its peer.",
    .def = std::chrono::hours(24),
    .min = std::chrono::seconds(1),
    .max = std::chrono::hours(24 * 365)};
inline constexpr Property<std::uint32_t> kDtlsMaxAssociations{.name = "dtls.max_associations",
                                                              .doc = "DTLS associations of one listener at most.",
                                                              .def = 1'000'000,
                                                              .min = 1,
                                                              .max = 100'000'000};
inline constexpr Property<std::uint32_t> kDtlsMaxHandshakes{
    .name = "dtls.max_handshakes",
    .doc = "Unfinished DTLS handshakes of one listener at most; the oldest gives way.",
    .def = 2000,
    .min = 1,
    .max = 1'000'000};

inline constexpr AnyProperty kCoapRows[] = {&kBindUdp,
                                            &kBindDtls,
                                            &kTcpSocketKeys.address,
                                            &kTcpSocketKeys.max_clients,
                                            &kTlsSocketKeys.address,
                                            &kTlsSocketKeys.max_clients,
                                            &kMulticast,
                                            &kAccess,
                                            &kCompat,
                                            &kUdpCompat,
                                            &kDtlsCompat,
                                            &kTcpCompat,
                                            &kTlsCompat,
                                            &kPrefix,
                                            &kHandler,
                                            &kEnableStats,
                                            &kMountpoint,
                                            &kKeepAlive,
                                            &kSessionExpiry,
                                            &kNotifyType,
                                            &kSubscribeQos,
                                            &kNotifyWindow,
                                            &kMaxHeld,
                                            &kConInterval,
                                            &kMaxClients,
                                            &kMaxObservations,
                                            &kMaxClientIdLen,
                                            &kMaxWaitingRequests,
                                            &kMaxListed,
                                            &kMaxCreated,
                                            &kAckTimeout,
                                            &kAckRandomFactor,
                                            &kMaxRetransmit,
                                            &kNstart,
                                            &kMaxWaitingMessages,
                                            &kDefaultLeisure,
                                            &kMaxPeers,
                                            &kDedupEntries,
                                            &kDedupBytes,
                                            &kMaxPending,
                                            &kMaxBodySize,
                                            &kBlockSize,
                                            &kBlockPerPeer,
                                            &kBlockTotal,
                                            &kEcho,
                                            &kMaxDatagram,
                                            &kStreamMessage,
                                            &kStreamPending,
                                            &kStreamOutput,
                                            &kStreamUnfinished,
                                            &kStreamHello,
                                            &kStreamMessageTimeout,
                                            &kStreamPing,
                                            &kStreamPong,
                                            &kStreamRelease,
                                            &kTlsKeys.keyfile,
                                            &kTlsKeys.certfile,
                                            &kTlsKeys.cacertfile,
                                            &kCrlFile,
                                            &kTlsKeys.verify,
                                            &kTlsKeys.fail_if_no_peer_cert,
                                            &kTlsKeys.ciphers,
                                            &kTlsKeys.handshake_timeout,
                                            &kDtlsSessionTimeout,
                                            &kDtlsMaxAssociations,
                                            &kDtlsMaxHandshakes};
inline constexpr KeyAlias kCoapAliases[] = {{"coap.server", "coap.bind.udp.1"},
                                            {"coap.port", "coap.bind.udp.1"},
                                            {"coap.keyfile", "coap.dtls.keyfile"},
                                            {"coap.certfile", "coap.dtls.certfile"}};
inline constexpr PropertyTable kCoapTable{"CoAP gateway (etc/plugins/emq_coap.conf)", kCoapRows, kCoapAliases};

}  // namespace sluice::coap
