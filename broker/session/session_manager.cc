// SPDX-License-Identifier: Apache-2.0
#include "broker/session/session_manager.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>

#include "broker/session/gateway_store.h"
#include "broker/session/mountpoint.h"
#include "broker/session/retained_replay.h"
#include "broker/session/retained_search.h"
#include "broker/session/session_probe.h"
#include "broker/session/session_restorer.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

/// Nobody can guess it: who knows the id of an anonymous client can take its session over.
std::string assigned_client_id() {
  std::array<std::uint64_t, 2> random{};
  if (::getentropy(random.data(), sizeof(random)) != 0) throw std::system_error(errno, std::generic_category());
  return fmt::format("sluice_{:016x}{:016x}", random[0], random[1]);
}

/// For what the authentication chain, which logs its own refusals, has no part in.
void log_refused(const ConnectRequest& request, Reason reason) {
  static log::RateLimit limit(10);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("session").info("client refused: client_id={} peer={} reason={} ({} like this not shown)",
                           log::loggable(request.client_id), request.peer.address.to_string(), reason_name(reason),
                           hushed);
}

/// Two devices with one client id throw each other out again and again: that has to be seen.
void log_taken_over(const ClientSession& session, const ConnectRequest& request) {
  static log::RateLimit limit(10);
  const std::int64_t hushed = limit.admit();
  if (hushed < 0) return;
  log::get("session").info(
      "client disconnected: client_id={} peer={} reason=\"session taken over\" by={}; "
      "if this goes on, two clients have the same client id ({} like this not shown)",
      log::loggable(session.client_id()), session.info().address.to_string(), request.peer.address.to_string(), hushed);
}

bool is_mqtt3(Protocol protocol) { return protocol == Protocol::Mqtt31 || protocol == Protocol::Mqtt311; }

hooks::ClientInfo info_of(const ConnectRequest& request, UnixMillis now) {
  return {.client_id = request.client_id,
          .username = request.username ? std::string_view(*request.username) : std::string_view(),
          .address = request.peer.address,
          .protocol = request.protocol,
          .clean_start = request.clean_start,
          .keep_alive_seconds = request.keep_alive_seconds,
          .connected_at = now,
          .listener = request.listener ? std::string_view(request.listener->name) : std::string_view()};
}

/// Of the sessions from `slot` on, some in each turn.
void check_queues(SessionContext& context, std::uint32_t slot) {
  constexpr std::uint32_t kPerTurn = 4096;
  slot = context.core.table.visit(context.shard.index(), slot, kPerTurn,
                                  [](ClientSession& session) { session.on_new_limits(); });
  if (slot != 0) context.shard.post([&context, slot] { check_queues(context, slot); });
}

void apply_certificate(ConnectRequest& request) {
  if (!request.listener) return;
  switch (request.listener->cert_username) {
    case CertUsername::None:
      return;
    case CertUsername::CommonName:
      if (!request.peer.common_name().empty()) request.username = std::string(request.peer.common_name());
      return;
    case CertUsername::DistinguishedName:
      if (!request.peer.distinguished_name().empty()) request.username = std::string(request.peer.distinguished_name());
      return;
  }
}

}  // namespace

/// A connect that waits for a back end's answer.
class SessionManager::Pending final : public PendingConnect {
 public:
  Pending(SessionManager& manager, SessionContext& context, ConnectRequest request, DeliverySink& sink,
          OnConnected done)
      : manager_(manager), context_(context), request_(std::move(request)), sink_(sink), done_(std::move(done)) {}

  /// True if the answer is still to come.
  bool begin() {
    auth::Credentials credentials{request_.client_id, request_.username,
                                  request_.password,  request_.peer,
                                  request_.protocol,  request_.listener ? request_.listener->name : std::string()};
    bool answered = false;
    answered_ = &answered;
    auth::PendingAuth waiting = manager_.core_.access.authenticate(
        std::move(credentials), [this](const auth::AuthResult& result) { on_answer(result); });
    if (answered) return false;  // this object may not be used any more than to be destroyed
    answered_ = nullptr;
    waiting_ = std::move(waiting);
    return true;
  }

 private:
  void on_answer(const auth::AuthResult& result) {
    if (answered_ != nullptr) *answered_ = true;
    // The callback may destroy this object: everything that is needed moves out of it first.
    SessionManager& manager = manager_;
    SessionContext& context = context_;
    const ConnectRequest request = std::move(request_);
    DeliverySink& sink = sink_;
    const OnConnected done = std::move(done_);
    if (result.allowed) {
      manager.establish(context, request, sink, done, result.superuser);
    } else {
      manager.refuse(context, request, done, result.reason);
    }
  }

  SessionManager& manager_;
  SessionContext& context_;
  ConnectRequest request_;
  DeliverySink& sink_;
  OnConnected done_;
  auth::PendingAuth waiting_;
  bool* answered_ = nullptr;
};

/// A connect that waits until the client's session, if an earlier server left it, has been read.
class SessionManager::AwaitedRestore final : public PendingConnect {
 public:
  static std::unique_ptr<PendingConnect> begin(SessionManager& manager, SessionContext& context, ConnectRequest request,
                                               DeliverySink& sink, OnConnected done) {
    const std::string client_id = request.client_id;
    auto waiting = std::make_unique<AwaitedRestore>(manager, std::move(request), sink, std::move(done));
    const auto go_on = [self = waiting->self_] {
      if (*self != nullptr) (*self)->go_on(self);
    };
    if (!manager.core_.restorer->ready(client_id, context.shard, go_on)) return waiting;
    return manager.connect_restored(std::move(waiting->request_), sink, std::move(waiting->done_));
  }

  AwaitedRestore(SessionManager& manager, ConnectRequest request, DeliverySink& sink, OnConnected done)
      : manager_(manager), request_(std::move(request)), sink_(sink), done_(std::move(done)) {}
  ~AwaitedRestore() override { *self_ = nullptr; }

 private:
  using Self = std::shared_ptr<AwaitedRestore*>;

  void go_on(const Self& self) {
    // The answer may destroy this object before the call returns.
    auto next = manager_.connect_restored(std::move(request_), sink_, std::move(done_));
    if (*self != nullptr) next_ = std::move(next);
  }

  SessionManager& manager_;
  ConnectRequest request_;
  DeliverySink& sink_;
  OnConnected done_;
  std::unique_ptr<PendingConnect> next_;
  const Self self_ = std::make_shared<AwaitedRestore*>(this);  ///< null once this is gone; of the shard's thread
};

SessionManager::SessionManager(SessionCore& core, const auth::PskStore& psk) : core_(core), psk_(psk) {}

std::unique_ptr<PendingConnect> SessionManager::connect(ConnectRequest request, DeliverySink& sink, OnConnected done) {
  SessionContext& context = context_of(*Shard::current());
  apply_certificate(request);
  if (const Reason refused = check_identity(context, request); refused != Reason::Success) {
    log_refused(request, refused);
    refuse(context, request, done, refused);
    return nullptr;
  }
  if (core_.restorer != nullptr && !core_.restorer->sessions_are_there()) {
    return AwaitedRestore::begin(*this, context, std::move(request), sink, std::move(done));
  }
  return connect_restored(std::move(request), sink, std::move(done));
}

std::unique_ptr<PendingConnect> SessionManager::connect_restored(ConnectRequest request, DeliverySink& sink,
                                                                 OnConnected done) {
  SessionContext& context = context_of(*Shard::current());
  if (Shard* const home = elsewhere(context, request.client_id)) {
    done({.reason = Reason::UseAnotherServer, .handle = {}, .client_id = {}, .move_to = home});
    return nullptr;
  }
  if (request.authenticated) {
    establish(context, request, sink, done, false);
    return nullptr;
  }
  auto pending = std::make_unique<Pending>(*this, context, std::move(request), sink, std::move(done));
  if (!pending->begin()) return nullptr;
  return pending;
}

Reason SessionManager::check_identity(SessionContext& context, ConnectRequest& request) const {
  if (request.client_id.empty()) {
    // [MQTT-3.1.3-8] in 3.1.1; 3.1 knows no empty id at all.
    if (request.protocol == Protocol::Mqtt31 || (request.protocol == Protocol::Mqtt311 && !request.clean_start)) {
      return Reason::ClientIdentifierNotValid;
    }
    // Cut where longer ones are refused: 64 random bits are left in the shortest, of 23 characters.
    request.client_id = assigned_client_id().substr(0, context.settings.max_clientid_len);
  }
  return request.client_id.size() > context.settings.max_clientid_len ? Reason::ClientIdentifierNotValid
                                                                      : Reason::Success;
}

Shard* SessionManager::elsewhere(SessionContext& context, std::string_view client_id) const {
  const std::optional<SessionRef> existing = core_.registry.find(client_id);
  if (!existing) return nullptr;
  const std::uint32_t where = core_.table.shard_of(*existing);
  if (where == SessionTable::kNowhere || where == context.shard.index()) return nullptr;
  return &core_.contexts[where]->shard;
}

void SessionManager::refuse(SessionContext& context, const ConnectRequest& request, const OnConnected& done,
                            Reason reason) const {
  core_.hooks.client_connected.run(info_of(request, context.wall_now()), reason);
  done({.reason = reason, .handle = {}, .client_id = {}});
}

Reason SessionManager::check_storage(const ConnectRequest& request, std::uint32_t expiry) const {
  const storage::Storage* const storage = core_.storage;
  if (storage == nullptr) return Reason::Success;
  const std::optional<SessionRef> existing = core_.registry.find(request.client_id);
  const bool kept = existing && core_.table.durable_id(*existing) != 0;
  const bool begins = expiry > 0 && (!kept || request.clean_start);
  // What comes back writes, too, though it adds nothing that stays.
  if (begins ? storage->takes_sessions() : !kept || storage->takes_changes()) return Reason::Success;
  storage::probe().refused_sessions.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "client refused: client_id={} reason=\"its session is to be kept, and the store takes nothing: see its alarm\" "
        "({} like this not shown)",
        log::loggable(request.client_id), hushed);
  }
  return Reason::ServerBusy;
}

void SessionManager::establish(SessionContext& context, const ConnectRequest& request, DeliverySink& sink,
                               const OnConnected& done, bool superuser) {
  if (Shard* const home = elsewhere(context, request.client_id)) {
    done({.reason = Reason::UseAnotherServer, .handle = {}, .client_id = {}, .move_to = home});
    return;
  }
  const std::uint32_t expiry = request.session_expiry_seconds.value_or(
      is_mqtt3(request.protocol) && !request.clean_start ? context.settings.expiry_seconds : 0);
  if (const Reason refused = check_storage(request, expiry); refused != Reason::Success) {
    refuse(context, request, done, refused);
    return;
  }
  ClientSession* session = take_existing(context, request);
  const bool present = session != nullptr;
  if (!present) {
    Reason refused = Reason::ServerBusy;
    session = create(context, request, refused);
    if (session == nullptr) {
      // Another shard may have been faster with the same id; then its session is this client's.
      if (Shard* const home = elsewhere(context, request.client_id)) {
        return done({.reason = Reason::UseAnotherServer, .handle = {}, .client_id = {}, .move_to = home});
      }
      log_refused(request, refused);
      refuse(context, request, done, refused);
      return;
    }
  }
  if (!present && expiry > 0 && core_.storage != nullptr) session->make_durable();
  session->attach(sink, request, expiry, superuser);
  if (session->awaits_queue()) core_.restorer->hurry(*session);
  if (!present) core_.hooks.session_created.run(session->info());
  core_.hooks.client_connected.run(session->info(), Reason::Success);
  const SessionRef ref = session->ref();
  done({.reason = Reason::Success,
        .handle = ClientHandle(*session),
        .session_present = present,
        .client_id = std::string(session->client_id()),
        .session_expiry_seconds = expiry});
  // The front end may have closed the handle already, and with it the session.
  if (ClientSession* const alive = core_.table.find(ref, context.shard.index())) alive->resume();
}

ClientSession* SessionManager::take_existing(SessionContext& context, const ConnectRequest& request) {
  const std::optional<SessionRef> ref = core_.registry.find(request.client_id);
  if (!ref) return nullptr;
  ClientSession* const session = core_.table.find(*ref, context.shard.index());
  if (session == nullptr) return nullptr;
  probe().taken_over.add();
  if (session->attached()) log_taken_over(*session, request);
  // A session without expiry ends with its connection, also when that is taken over [MQTT-3.1.2-4] [MQTT-3.1.4-3].
  // One under another mount point belongs to somebody else: neither its subscriptions nor its messages are this one's.
  const bool lives_on =
      !request.clean_start && session->expiry_seconds() > 0 && session->mountpoint() == mountpoint_of(request);
  session->evict(Reason::SessionTakenOver);
  if (lives_on) return session;
  session->end(Reason::SessionTakenOver);
  return nullptr;
}

ClientSession* SessionManager::create(SessionContext& context, const ConnectRequest& request, Reason& refused) {
  if (core_.sessions.load(std::memory_order_relaxed) >= context.settings.max_sessions) {
    probe().refused.add();
    static log::RateLimit limit(1);
    if (limit.admit() >= 0) {
      log::get("session").warn("client refused: {} sessions exist, the limit is mqtt.max_sessions",
                               context.settings.max_sessions);
    }
    refused = Reason::QuotaExceeded;
    return nullptr;
  }
  auto session = std::make_unique<ClientSession>(context, request.client_id);
  if (!session->open()) return nullptr;
  if (!core_.registry.insert(session->client_id(), session->ref())) {
    // Another shard was faster with the same id. If its session is over already, the client may try again.
    refused = Reason::ServerBusy;
    return nullptr;
  }
  return session.release();
}

std::unique_ptr<EnhancedAuthentication> SessionManager::enhanced_authentication(std::string_view method) {
  const auto found = enhanced_.find(method);
  return found == enhanced_.end() ? nullptr : found->second();
}

void SessionManager::add_enhanced_authentication(std::string method, EnhancedFactory factory) {
  enhanced_.insert_or_assign(std::move(method), std::move(factory));
}

std::unique_ptr<GatewayStore> SessionManager::gateway_store(std::string_view gateway) {
  return make_gateway_store(core_, std::string(gateway));
}

std::vector<std::byte> SessionManager::psk_key(std::string_view identity) const { return psk_.key(identity); }

bool SessionManager::kick(std::string_view client_id) {
  const std::optional<SessionRef> ref = core_.registry.find(client_id);
  if (!ref) return false;
  const std::uint32_t where = core_.table.shard_of(*ref);
  if (where == SessionTable::kNowhere) return false;
  SessionContext& home = *core_.contexts[where];
  home.shard.post([&home, target = *ref] {
    ClientSession* const session = home.core.table.find(target, home.shard.index());
    if (session == nullptr || !session->attached()) return;
    const bool ends = session->expiry_seconds() == 0;
    session->evict(Reason::AdministrativeAction);
    if (ends) session->end(Reason::AdministrativeAction);
  });
  return true;
}

void SessionManager::reconfigure(Shard& shard, const SessionSettings& settings) {
  SessionContext& context = context_of(shard);
  if (context.apply(settings)) check_queues(context, 1);
}

void SessionManager::evict_all(Shard& shard, Reason reason) {
  std::uint32_t slot = 1;
  do {
    slot = core_.table.visit(shard.index(), slot, 4096, [&](ClientSession& session) {
      const bool ends = session.expiry_seconds() == 0;
      session.evict(reason);
      if (ends) session.end(reason);
    });
  } while (slot != 0);
}

void SessionManager::destroy_all(Shard& shard) {
  context_of(shard).replays->clear();
  context_of(shard).searches->clear();
  std::uint32_t slot = 1;
  do {
    slot = core_.table.visit(shard.index(), slot, 4096, [&](ClientSession& session) {
      core_.registry.erase(session.client_id());
      delete &session;
    });
  } while (slot != 0);
}

}  // namespace sluice::session
