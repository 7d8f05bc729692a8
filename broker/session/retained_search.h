// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "broker/api/retained.h"
#include "broker/session/session_context.h"

namespace sluice::session {

class ClientSession;

/// What a topic retains, for a client that asks: name → authorisation → mount point → retainer.
RetainedAnswer read_retained(ClientSession& session, std::string_view topic);
/// What topics that match retain: filter → authorisation → limit → mount point → RetainedSearches.
RetainedSearch search_retained(ClientSession& session, std::string_view filter, std::size_t limit, OnRetained done);

/// All searches of a shard for retained messages: kPerTurn of work in each turn, however many topics there are. Clients
/// take turns; the searches of one come one after the other.
/// Owner: its shard's context. Thread: the shard.
class RetainedSearches final {
 public:
  static constexpr std::size_t kMostPerClient = 64;  ///< under way at once

  explicit RetainedSearches(SessionContext& context);
  ~RetainedSearches();

  /// Null: the client has kMostPerClient. `filter` is mounted. Requires: a client is attached to the session.
  std::unique_ptr<PendingSearch> add(SessionRef session, std::string filter, std::size_t limit, OnRetained done);
  /// The session's client has gone: nothing is found for it any more.
  void drop(SessionRef session);
  void clear();

 private:
  class Search;
  class Handle;
  struct Client {
    SessionRef session;
    std::deque<std::shared_ptr<Search>> searches;  ///< none while the session has no client
  };

  void schedule();
  void serve_clients();
  /// One step for one client. False: nothing is left to do for it.
  bool serve(Client& client);

  static constexpr auto kPerTurn = std::chrono::milliseconds(1);

  SessionContext& context_;
  std::unordered_map<SessionKey, Client> clients_;  ///< each has its key in turns_
  std::deque<SessionKey> turns_;
  bool posted_ = false;
};

}  // namespace sluice::session
