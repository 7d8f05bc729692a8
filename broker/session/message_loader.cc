// SPDX-License-Identifier: Apache-2.0
#include "broker/session/message_loader.h"

#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "broker/session/dispatcher.h"
#include "broker/session/session_reading.h"
#include "broker/session/session_restorer.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"

namespace sluice::session {
namespace {

using storage::KvStore;
using storage::Table;

void note_unreadable(storage::SessionId session, Place place, std::string_view why) {
  static log::RateLimit limit(10);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").error(
        "a queued message cannot be read: session={:x} place={} reason={} ({} like this not shown)", session, place,
        why, hushed);
  }
}

/// A message that several queues refer to.
storage::StoreStatus read_shared(const KvStore& store, storage::MessageId id, MessagePtr& message) {
  std::optional<std::string> value;
  storage::StoreStatus status = store.get(Table::Messages, storage::message_key(id), value);
  if (!status.ok() || !value) return status;
  const auto decoded = storage::decode_message(*value);
  if (!decoded) return {storage::StoreErrc::Corrupt, fmt::format("message {:x}: {}", id, decoded.error().message())};
  message = Message::create(storage::parts_of(*decoded));
  return status;
}

/// `message` stays empty if there is nothing to be read.
storage::StoreStatus read_message(const KvStore& store, const storage::QueueRecord& record, MessagePtr& message) {
  if (record.message) {
    message = Message::create(storage::parts_of(*record.message));
    return {};
  }
  return record.message_id == 0 ? storage::StoreStatus() : read_shared(store, record.message_id, message);
}

/// What waits under a place; `message` stays empty if nothing does.
storage::StoreStatus read_place(const KvStore& store, storage::SessionId session, Place place, MessagePtr& message) {
  std::optional<std::string> value;
  storage::StoreStatus status = store.get(Table::Queues, storage::queue_key(session, place), value);
  if (!status.ok() || !value) return status;
  const auto record = storage::decode_queue(*value);
  if (!record) return {storage::StoreErrc::Corrupt, fmt::format("its record: {}", record.error().message())};
  return read_message(store, *record, message);
}

/// What is asked for, until it is there.
struct Page {
  storage::SessionId session;
  std::vector<Place> places;
  std::function<void(std::vector<LoadedMessage>)> done;
};

/// Up to the first that cannot be read for now. `all_written`: what the store does not have is not on its way there.
std::vector<LoadedMessage> read_page(const KvStore& store, storage::StoreHealth& health, const Page& page,
                                     bool all_written) {
  std::vector<LoadedMessage> loaded;
  const storage::SessionId session = page.session;
  for (const Place place : page.places) {
    MessagePtr message;
    const storage::StoreStatus status = read_place(store, session, place, message);
    if (!status.ok()) note_unreadable(session, place, status.text());
    const bool damaged = status.code() == storage::StoreErrc::Corrupt;
    health.note_read(status);
    const bool for_good = status.ok() ? message || all_written : damaged;
    if (!for_good) break;
    loaded.push_back({place, std::move(message), damaged});
  }
  storage::probe().loads.add(loaded.size());
  return loaded;
}

void load_page(SessionContext& context, Page page);

/// Asks for a page again, after a while.
class Retry final : public Lodger, private WheelTimer {
 public:
  Retry(SessionContext& context, Page page) : context_(context), page_(std::move(page)) {
    context.shard.wheel().arm(*this, context.now() + std::chrono::seconds(1));
  }

 private:
  void on_timer(TimePoint) override {
    load_page(context_, std::move(page_));
    context_.shard.move_out(*this);
  }

  SessionContext& context_;
  Page page_;
};

void read_now(SessionContext& context, Page page, bool all_written) {
  auto job = [&context, page = std::move(page), all_written](const KvStore& store) mutable {
    // What is missing at the end will be asked for again, where its turn comes.
    if (std::vector<LoadedMessage> loaded = read_page(store, context.core.storage->health(), page, all_written);
        !loaded.empty()) {
      context.shard.post(
          [done = std::move(page.done), loaded = std::move(loaded)]() mutable { done(std::move(loaded)); });
    } else {
      context.shard.post([&context, page = std::move(page)]() mutable {
        context.shard.lodge(std::make_unique<Retry>(context, std::move(page)));
      });
    }
  };
  context.core.storage->reader().read(storage::StoreReader::Urgency::Client, std::move(job));
}

void load_page(SessionContext& context, Page page) {
  storage::ShardJournal& journal = context.records->journal();
  if (journal.held()) {
    read_now(context, std::move(page), false);
    return;
  }
  // Behind what this turn has put, too.
  journal.when_submitted([&context, page = std::move(page)]() mutable {
    context.core.storage->log().after_writes(
        [&context, page = std::move(page)](bool written) mutable { read_now(context, std::move(page), written); });
  });
}

/// One message of a group whose member has gone: with another member, and no longer where it was, at once.
void hand_on(SessionContext& context, const std::string& key, const std::string& group, MessagePtr message) {
  context.records->journal().changes().erase(Table::Queues, key);
  QueuedMessage queued;
  queued.group = context.core.router.find_group(context.shard.index(), group);
  queued.message = std::move(message);
  if (queued.group) redeliver_to_group(context, queued, {});
}

Leftover read_and_hand_on(SessionContext& context, const KvStore& store, std::string_view key,
                          const storage::QueueRecord& record) {
  MessagePtr message;
  const storage::StoreStatus status = read_message(store, record, message);
  context.core.storage->health().note_read(status);
  if (!status.ok()) return Leftover::Unread;
  if (!message) return Leftover::Useless;
  context.shard.post([&context, key = std::string(key), group = std::string(record.group),
                      message = std::move(message)]() mutable { hand_on(context, key, group, std::move(message)); });
  return Leftover::HandedOn;
}

/// Whether it goes to another member of its group, which is to be read in the order of places.
class HandedOn {
 public:
  explicit HandedOn(const UnreadQueue& queue) : queue_(queue) {}

  bool operator()(Place place, const storage::QueueRecord& record) {
    const bool maybe_sent = seen_++ < queue_.window && place < queue_.sent_before;
    return !record.group.empty() && !(maybe_sent && record.qos == Qos::ExactlyOnce);
  }

 private:
  const UnreadQueue& queue_;
  std::size_t seen_ = 0;
};

/// What cannot be read stays; the next start finds it without a session.
void erase_found(SessionContext& context, const KvStore& store, const UnreadQueue& queue) {
  storage::StoreHealth& health = context.core.storage->health();
  storage::WriteBatch batch;
  HandedOn handed_on(queue);
  const auto look_at = [&](std::string_view key, std::string_view value) {
    const auto place = storage::place_of(key);
    if (!place || *place >= queue.end) return true;
    const auto record = storage::decode_queue(value);
    if (!record) {
      SessionReading(store, health).note_unreadable("a queued message", queue.session, record.error());
      return true;
    }
    Leftover leftover = Leftover::Useless;
    if (handed_on(*place, *record)) leftover = read_and_hand_on(context, store, key, *record);
    if (leftover == Leftover::Useless) batch.erase(Table::Queues, key);
    return true;
  };
  health.note_read(store.scan(Table::Queues, storage::session_key(queue.session), {}, look_at));
  if (!batch.empty()) context.core.storage->log().submit(std::move(batch), nullptr, 0);
}

}  // namespace

void load_messages(SessionContext& context, storage::SessionId session, std::vector<Place> places,
                   std::function<void(std::vector<LoadedMessage>)> done) {
  load_page(context, {session, std::move(places), std::move(done)});
}

Leftover hand_on_orphan(SessionContext& context, const KvStore& store, std::string_view key,
                        const storage::QueueRecord& record) {
  // At QoS 2 it may have been sent [MQTT-4.8.2-5].
  if (record.group.empty() || record.qos != Qos::AtLeastOnce) return Leftover::Useless;
  return read_and_hand_on(context, store, key, record);
}

void erase_unread_queue(SessionContext& context, const UnreadQueue& queue) {
  context.core.storage->reader().read(storage::StoreReader::Urgency::Background,
                                      [&context, queue](const KvStore& store) {
                                        // Before that the other members of a group may not be back.
                                        if (context.core.restorer->sessions_are_there()) {
                                          erase_found(context, store, queue);
                                        } else {
                                          erase_unread_queue(context, queue);
                                        }
                                      });
}

}  // namespace sluice::session
