// SPDX-License-Identifier: Apache-2.0
// The part of ClientSession that keeps it on disk.
#include <algorithm>
#include <utility>

#include "broker/router/topic_rules.h"
#include "broker/session/client_session.h"
#include "broker/session/gateway_store.h"
#include "broker/session/message_loader.h"
#include "broker/session/retained_replay.h"
#include "broker/session/session_probe.h"
#include "broker/session/subscribe_pipeline.h"

namespace sluice::session {
namespace {

TimePoint from_wall(UnixMillis when, UnixMillis wall_now, TimePoint now) {
  return now + std::chrono::milliseconds(when - wall_now);
}

}  // namespace

void ClientSession::make_durable() {
  durable_ = std::make_unique<DurableState>();
  durable_->id = context_.core.storage->new_session_id();
  context_.core.durable.fetch_add(1, std::memory_order_relaxed);
  context_.core.table.make_durable(ref_, durable_->id, kFirstPlace);
}

CommitTicket ClientSession::await(CommitTicket ticket) {
  if (ticket == 0 || ticket == awaited_) return ticket;
  awaited_ = ticket;
  context_.records->journal().when_committed(ticket, [&context = context_, ref = ref_, ticket] {
    ClientSession* const session = context.core.table.find(ref, context.shard.index());
    if (session == nullptr || session->sink_ == nullptr) return;
    session->sink_->on_committed(ticket);
    context.replays->resume(ref);  // behind the acknowledgement of their subscriptions
  });
  return ticket;
}

storage::SessionRecord ClientSession::record() const {
  const bool attached = sink_ != nullptr;
  return {.client_id = client_id_,
          .username = details_.username,
          .mountpoint = std::string(mountpoint()),
          .listener = details_.listener ? details_.listener->name : std::string(),
          .address = details_.address.to_string(),
          .created_at = created_at_,
          .detached_at = attached ? 0 : context_.wall_now(),
          .expiry_seconds = expiry_seconds_,
          .sent_below = std::max(durable_->sent_before, flow_ ? flow_->sent_below() : 0),
          .window = static_cast<std::uint16_t>(std::min<std::size_t>(receive_maximum_, context_.settings.max_inflight)),
          .keep_alive_seconds = details_.keep_alive_seconds,
          .protocol = details_.protocol,
          .clean_start = details_.clean_start,
          .superuser = details_.superuser};
}

void ClientSession::save() {
  if (!durable_) return;
  if (sink_ == nullptr) durable_->was_away = true;
  context_.records->put_session(durable_->id, record());
}

void ClientSession::announce() {
  if (!durable_) return;
  // The store has nothing yet of one that began while the journal is held, and is not to have the half of it.
  const bool unknown = context_.records->journal().held() && !durable_->is_restored();
  if (unknown || !durable_->was_away) {
    save();
    return;
  }
  ++durable_->announcing;
  if (flow_) flow_->await_announcement();
  context_.records->announce_session(durable_->id, record(), [&context = context_, ref = ref_] {
    ClientSession* const session = context.core.table.find(ref, context.shard.index());
    if (session != nullptr) session->on_announced();
  });
}

void ClientSession::on_announced() {
  if (--durable_->announcing > 0 || !flow_) return;
  flow_->announced(context_.now(), context_.wall_now());
  tell_room();
  if (!armed()) arm_timer();
}

void ClientSession::save_will(UnixMillis due_at) {
  if (!durable_) return;
  context_.records->put_will(durable_->id, will_->request, due_at);
  durable_->will_saved = true;
}

void ClientSession::forget_will() {
  if (durable_ && std::exchange(durable_->will_saved, false)) context_.records->erase_will(durable_->id);
}

CommitTicket ClientSession::put_note(std::string_view note) {
  if (!durable_) {
    note_ = note.empty() ? nullptr : std::make_unique<std::string>(note);
    return 0;
  }
  SessionRecords& records = *context_.records;
  if (note.empty()) {
    records.erase_note(durable_->id);
  } else {
    records.put_note(durable_->id, note);
  }
  durable_->has_note = !note.empty();
  return await(records.journal().pending());
}

void ClientSession::read_note(OnNote done) {
  using Value = GatewayStore::Value;
  if (!durable_ || !durable_->has_note) return done(note_ ? Value{Value::State::Found, *note_} : Value{});
  read_gateway_value(context_.core, storage::note_key(durable_->id),
                     [&context = context_, ref = ref_, sink = sink_, done = std::move(done)](const Value& value) {
                       const ClientSession* const session = context.core.table.find(ref, context.shard.index());
                       if (session != nullptr && session->sink_ == sink) done(value);
                     });
}

void ClientSession::forget_on_disk() {
  if (!durable_) return;
  SessionRecords& records = *context_.records;
  records.erase_session(durable_->id);
  if (durable_->has_note) records.erase_note(durable_->id);
  if (inbound_) inbound_->for_each([&](PacketId id) { records.erase_inbound(durable_->id, id); });
  if (flow_) {
    flow_->for_each([&](const QueuedMessage& queued) {
      if (queued.stored) records.erase_queued(durable_->id, queued);
    });
  }
  for (const auto& [place, queued] : durable_->early) {
    if (queued.stored) records.erase_queued(durable_->id, queued);
  }
  if (durable_->awaits_queue) {
    erase_unread_queue(context_, {.session = durable_->id,
                                  .end = durable_->first_own_place,
                                  .sent_before = durable_->sent_before,
                                  .window = durable_->sent_window});
  }
}

void ClientSession::store_here(QueuedMessage& queued) {
  queued.place = context_.core.table.take_place(ref_);
  context_.records->note_place(durable_->id, queued.place);
  if (!context_.records->storage().takes_messages()) return;
  queued.stored = true;
  context_.records->put_queued(
      durable_->id, queued, queued.group ? context_.core.router.group_text(context_.shard.index(), queued.group) : "");
}

void ClientSession::on_settled(const QueuedMessage& queued) {
  if (queued.stored) context_.records->erase_queued(durable_->id, queued);
}

void ClientSession::on_received(const QueuedMessage& queued) {
  if (queued.stored) context_.records->put_released(durable_->id, queued);
}

bool ClientSession::release_to_client(PacketId packet_id) {
  // A server that forgot the PUBREC would send the message again, and the client would take it for a new one.
  const CommitTicket ticket = durable_ ? context_.records->journal().pending() : 0;
  if (ticket == 0) {
    sink_->deliver_release(packet_id);
    return false;
  }
  context_.records->journal().when_committed(ticket, [&context = context_, ref = ref_, packet_id, sink = sink_] {
    ClientSession* const session = context.core.table.find(ref, context.shard.index());
    // Another connection's resume() releases again what is not complete.
    if (session == nullptr || session->sink_ != sink || !session->flow_->take_release(packet_id)) return;
    sink->deliver_release(packet_id);
  });
  return true;
}

void ClientSession::load(std::vector<Place> places) {
  load_messages(context_, durable_->id, std::move(places),
                [&context = context_, ref = ref_](std::vector<LoadedMessage> loaded) {
                  ClientSession* const session = context.core.table.find(ref, context.shard.index());
                  if (session != nullptr) session->finish_load(std::move(loaded));
                });
}

void ClientSession::finish_load(std::vector<LoadedMessage> loaded) {
  if (mountpoint_) {
    for (LoadedMessage& one : loaded) {
      if (one.message) one.message = unmounted(one.message);
    }
  }
  flow_->on_loaded(loaded, context_.now(), context_.wall_now());
  tell_room();
  if (!armed()) arm_timer();
}

void ClientSession::restore(RestoredSession restored) {
  const storage::SessionRecord& record = restored.record;
  const UnixMillis wall_now = context_.wall_now();
  durable_ = std::make_unique<DurableState>();
  durable_->id = restored.id;
  durable_->has_note = true;
  durable_->first_own_place = durable_->next_arrival = restored.next_place;
  // Connected when the server ended: any of them may have been sent, and even acknowledged a moment before.
  durable_->sent_before = record.detached_at == 0 ? restored.next_place : record.sent_below;
  durable_->sent_window = record.window;
  durable_->awaits_queue = durable_->was_away = true;
  context_.core.durable.fetch_add(1, std::memory_order_relaxed);
  context_.core.table.make_durable(ref_, durable_->id, restored.next_place);
  details_.username = record.username;
  details_.address = SocketAddress::parse(record.address).value_or(SocketAddress());
  details_.protocol = record.protocol;
  details_.keep_alive_seconds = record.keep_alive_seconds;
  details_.clean_start = record.clean_start;
  details_.superuser = record.superuser;
  created_at_ = record.created_at;
  expiry_seconds_ = record.expiry_seconds;
  if (!record.mountpoint.empty()) mountpoint_ = std::make_unique<std::string>(record.mountpoint);
  access_ = context_.core.access.compile({client_id_, details_.username, details_.address}, details_.superuser);
  // One that was connected when the server ended counts as disconnected from now on.
  detached_at_ = from_wall(record.detached_at == 0 ? wall_now : record.detached_at, wall_now, context_.now());
  for (OwnSubscription& own : restored.subscriptions) restore_subscription(*this, std::move(own));
  set_group_presence(false);
  if (!restored.received.empty()) {
    inbound_ = std::make_unique<InboundQos2>();
    for (const auto& [id, since] : restored.received) inbound_->restore(id, from_wall(since, wall_now, context_.now()));
  }
  if (restored.will) {
    will_ = std::make_unique<PendingWill>(PendingWill{.request = std::move(*restored.will)});
    durable_->will_saved = true;
    const std::uint32_t delay = std::min(will_->request.delay_seconds, expiry_seconds_);
    const UnixMillis due =
        restored.will_due_at == 0 ? wall_now + static_cast<UnixMillis>(delay) * 1000 : restored.will_due_at;
    will_->at = from_wall(due, wall_now, context_.now());
  }
  count_persistent(true);
  if (record.detached_at == 0) save();
  if (will_ && restored.will_due_at == 0) {
    save_will(wall_now + static_cast<UnixMillis>(std::min(will_->request.delay_seconds, expiry_seconds_)) * 1000);
  }
  arm_timer();
}

void ClientSession::restore_queue(RestoredQueue restored) {
  if (!durable_ || !std::exchange(durable_->awaits_queue, false)) return;
  if (!flow_ && restored.waiting.empty() && restored.released.empty()) return;
  for (QueuedMessage& queued : restored.waiting) {
    queued.resent = queued.place < durable_->sent_before;
    // Its priority is that of the topic as its client knows it.
    if (mountpoint_ && queued.message) queued.message = unmounted(queued.message);
  }
  flow().restore(std::move(restored.waiting), std::move(restored.released), durable_->sent_window);
  tell_room();
  if (sink_ != nullptr) resume();
}

}  // namespace sluice::session
