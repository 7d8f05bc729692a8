// SPDX-License-Identifier: Apache-2.0
#include "broker/session/retained_search.h"

#include <utility>
#include <vector>

#include "broker/router/topic_rules.h"
#include "broker/session/client_session.h"
#include "broker/session/session_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

/// What was published may be parked behind sessions that are still to come: a read would miss it.
bool in_place(const SessionContext& context) { return !context.core.retainer.loading() && !context.parked.active(); }

Reason check(ClientSession& session, std::string_view text, bool valid, Reason invalid) {
  if (!valid) return invalid;
  if (!session.allowed(auth::Action::Subscribe, text)) {
    auth::log_acl_denied(session.client_id(), auth::Action::Subscribe, text);
    return Reason::NotAuthorized;
  }
  return in_place(session.context()) ? Reason::Success : Reason::ServerBusy;
}

std::string mounted(const ClientSession& session, std::string_view text) {
  return std::string(session.mountpoint()).append(text);
}

MessagePtr as_seen_by(const ClientSession& session, const MessagePtr& message) {
  return message == nullptr || session.mountpoint().empty() ? message : session.unmounted(message);
}

/// The filter matches more than what is the client's: `m/#` also `m`, and one below a mount point that was made of a
/// client id with wildcards.
bool may_read(ClientSession& session, std::string_view topic) {
  const std::string_view mountpoint = session.mountpoint();
  if (topic.size() <= mountpoint.size() || !topic.starts_with(mountpoint)) return false;
  return session.allowed(auth::Action::Subscribe, topic.substr(mountpoint.size()));
}

void note_refused(const ClientSession& session) {
  probe().searches_refused.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "search for retained messages refused: client_id={} searches={}; it does not wait for their answers ({} like "
        "this not shown)",
        log::loggable(session.client_id()), RetainedSearches::kMostPerClient, hushed);
  }
}

}  // namespace

/// One search. Shared by the queue and the handle that cancels it.
class RetainedSearches::Search {
 public:
  Search(std::string filter, std::size_t limit, OnRetained done)
      : filter_(std::move(filter)), limit_(limit), done_(std::move(done)) {}

  /// Looks at some topics. True: the list is complete.
  bool go_on(SessionContext& context, ClientSession& session) {
    std::vector<MessagePtr> found;
    context.core.retainer.lookup(filter_, context.wall_now(), cursor_, kPerStep, found);
    for (const MessagePtr& message : found) {
      if (!may_read(session, message->topic())) continue;
      list_.more = list_.messages.size() == limit_;
      if (list_.more) return true;
      list_.messages.push_back(as_seen_by(session, message));
    }
    return cursor_.done;
  }
  /// May destroy whatever its owner likes, the handle too.
  void answer() {
    const OnRetained done = std::exchange(done_, nullptr);
    done(std::move(list_));
  }
  void cancel() {
    const OnRetained gone = std::exchange(done_, nullptr);
    list_ = {};
  }
  [[nodiscard]] bool wanted() const { return done_ != nullptr; }

 private:
  static constexpr std::size_t kPerStep = 16;  ///< under a mount point each is copied

  const std::string filter_;
  const std::size_t limit_;
  OnRetained done_;  ///< empty once it is answered or cancelled
  retainer::LookupCursor cursor_;
  RetainedList list_;
};

class RetainedSearches::Handle final : public PendingSearch {
 public:
  explicit Handle(std::shared_ptr<Search> search) : search_(std::move(search)) {}
  ~Handle() override { search_->cancel(); }

 private:
  const std::shared_ptr<Search> search_;
};

RetainedSearches::RetainedSearches(SessionContext& context) : context_(context) {}
RetainedSearches::~RetainedSearches() = default;

std::unique_ptr<PendingSearch> RetainedSearches::add(SessionRef session, std::string filter, std::size_t limit,
                                                     OnRetained done) {
  const auto [at, is_new] = clients_.try_emplace(key_of(session), Client{session, {}});
  Client& client = at->second;
  std::erase_if(client.searches, [](const auto& search) { return !search->wanted(); });
  if (client.searches.size() >= kMostPerClient) return nullptr;
  auto search = std::make_shared<Search>(std::move(filter), limit, std::move(done));
  client.searches.push_back(search);
  if (is_new) turns_.push_back(at->first);
  schedule();
  return std::make_unique<Handle>(std::move(search));
}

void RetainedSearches::drop(SessionRef session) {
  if (clients_.empty()) return;
  const auto client = clients_.find(key_of(session));
  if (client == clients_.end()) return;
  const auto gone = std::exchange(client->second.searches, {});
  for (const auto& search : gone) search->cancel();
}

void RetainedSearches::clear() {
  turns_.clear();
  const auto gone = std::exchange(clients_, {});
  for (const auto& [key, client] : gone) {
    for (const auto& search : client.searches) search->cancel();
  }
}

void RetainedSearches::schedule() {
  if (std::exchange(posted_, true)) return;
  context_.shard.post([this] {
    posted_ = false;
    serve_clients();
  });
}

void RetainedSearches::serve_clients() {
  const TimePoint end = Clock::now() + kPerTurn;
  while (!turns_.empty()) {
    const SessionKey key = turns_.front();
    turns_.pop_front();
    if (serve(clients_.at(key))) {
      turns_.push_back(key);
    } else {
      clients_.erase(key);
    }
    if (Clock::now() >= end) break;
  }
  if (!turns_.empty()) schedule();
}

bool RetainedSearches::serve(Client& client) {
  if (client.searches.empty()) return false;
  const std::shared_ptr<Search> first = client.searches.front();
  ClientSession& session = *context_.core.table.find(client.session, context_.shard.index());
  const bool over = !first->wanted() || first->go_on(context_, session);
  if (over) client.searches.pop_front();
  if (over && first->wanted()) first->answer();
  return !client.searches.empty();
}

RetainedAnswer read_retained(ClientSession& session, std::string_view topic) {
  SessionContext& context = session.context();
  const bool valid = !router::check_topic_name(topic, context.settings.max_topic_levels);
  const Reason reason = check(session, topic, valid, Reason::TopicNameInvalid);
  if (reason != Reason::Success) return {.reason = reason, .message = nullptr};
  const MessagePtr message = context.core.retainer.get(mounted(session, topic), context.wall_now());
  return {.reason = reason, .message = as_seen_by(session, message)};
}

RetainedSearch search_retained(ClientSession& session, std::string_view filter, std::size_t limit, OnRetained done) {
  SessionContext& context = session.context();
  const bool valid = !router::check_topic_filter(filter, context.settings.max_topic_levels);
  const Reason reason = check(session, filter, valid, Reason::TopicFilterInvalid);
  if (reason != Reason::Success) return {.reason = reason, .pending = nullptr};
  auto pending = context.searches->add(session.ref(), mounted(session, filter), limit, std::move(done));
  if (pending == nullptr) {
    note_refused(session);
    return {.reason = Reason::QuotaExceeded, .pending = nullptr};
  }
  return {.reason = reason, .pending = std::move(pending)};
}

}  // namespace sluice::session
