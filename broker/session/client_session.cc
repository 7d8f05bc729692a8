// SPDX-License-Identifier: Apache-2.0
#include "broker/session/client_session.h"

#include <algorithm>
#include <utility>

#include "broker/session/dispatcher.h"
#include "broker/session/mountpoint.h"
#include "broker/session/publish_pipeline.h"
#include "broker/session/retained_replay.h"
#include "broker/session/retained_search.h"
#include "broker/session/session_probe.h"
#include "broker/session/subscribe_pipeline.h"
#include "broker/storage/storage_probe.h"
#include "shared/log/log.h"
#include "shared/log/loggable.h"

namespace sluice::session {
namespace {

void note_qos2_refused(std::string_view client_id, std::size_t awaiting) {
  probe().qos2_dropped.add();
  static log::RateLimit limit(1);
  if (const std::int64_t hushed = limit.admit(); hushed >= 0) {
    log::get("session").warn(
        "message refused: client_id={} awaiting_rel={}; it sends no PUBREL; mqtt.session.max_awaiting_rel, or where "
        "that is 0 mqtt.session.awaiting_rel_limit, bounds what may wait for one ({} like this not shown)",
        log::loggable(client_id), awaiting, hushed);
  }
}

/// A will that was refused is tried again, until its session ends.
constexpr auto kWillRetry = std::chrono::seconds(5);

bool resends_by_time(Protocol protocol) { return protocol == Protocol::Mqtt31 || protocol == Protocol::Mqtt311; }

}  // namespace

void ClientSession::count_persistent(bool persistent) {
  if (counted_persistent_ == persistent) return;
  counted_persistent_ = persistent;
  probe().persistent.add(persistent ? 1 : -1);
}

ClientSession::ClientSession(SessionContext& context, std::string client_id)
    : context_(context), client_id_(std::move(client_id)), created_at_(unix_millis()) {}

ClientSession::~ClientSession() {
  if (!ref_) return;
  count_persistent(false);
  if (durable_) context_.core.durable.fetch_sub(1, std::memory_order_relaxed);
  probe().sessions.add(-1);
  context_.core.sessions.fetch_sub(1, std::memory_order_relaxed);
  context_.core.table.release(ref_);
}

bool ClientSession::open() {
  ref_ = context_.core.table.acquire(*this, context_.shard.index());
  if (!ref_) return false;
  context_.core.sessions.fetch_add(1, std::memory_order_relaxed);
  probe().sessions.add(1);
  return true;
}

hooks::ClientInfo ClientSession::info() const {
  return {.client_id = client_id_,
          .username = details_.username ? std::string_view(*details_.username) : std::string_view(),
          .address = details_.address,
          .protocol = details_.protocol,
          .clean_start = details_.clean_start,
          .keep_alive_seconds = details_.keep_alive_seconds,
          .connected_at = details_.connected_at,
          .listener = details_.listener ? std::string_view(details_.listener->name) : std::string_view()};
}

void ClientSession::attach(DeliverySink& sink, const ConnectRequest& request, std::uint32_t expiry_seconds,
                           bool superuser) {
  cancel();
  // One that waits for its delay is not published any more [MQTT-3.1.3-9]; one that was due is.
  if (will_ && will_->refused && !publish_will()) give_up_will(*this, will_->request);
  sink_ = &sink;
  slow_ = false;
  details_ = {request.username,           request.peer.address, request.listener,    context_.wall_now(),
              request.keep_alive_seconds, request.protocol,     request.clean_start, superuser};
  expiry_seconds_ = expiry_seconds;
  receive_maximum_ = request.receive_maximum;
  count_persistent(expiry_seconds > 0);
  std::string mountpoint = mountpoint_of(request);
  mountpoint_ = mountpoint.empty() ? nullptr : std::make_unique<std::string>(std::move(mountpoint));
  access_ = context_.core.access.compile({client_id_, details_.username, details_.address}, superuser);
  will_ = request.will ? std::make_unique<PendingWill>(PendingWill{.request = *request.will}) : nullptr;
  if (flow_) flow_->attach(sink, std::min<std::size_t>(receive_maximum_, context_.settings.max_inflight));
  set_group_presence(true);
  probe().clients.add(1);
  announce();
  if (will_) {
    save_will(0);
  } else {
    forget_will();
  }
}

void ClientSession::resume() {
  if (sink_ == nullptr) return;
  context_.replays->resume(ref_);
  if (!flow_) return;
  flow_->resume(context_.now(), context_.wall_now());
  tell_room();
  arm_timer();
}

void ClientSession::detach() {
  sink_ = nullptr;
  detached_at_ = context_.now();
  context_.searches->drop(ref_);
  if (flow_) flow_->detach();
  set_group_presence(false);
  probe().clients.add(-1);
}

void ClientSession::set_group_presence(bool attached) {
  if (expiry_seconds_ == 0) return;  // it never was, or will not be, a member without a client
  for (const auto& own : subscriptions_) {
    if (own->filter.front() == '$') set_shared_attached(*this, own->filter, attached);
  }
}

void ClientSession::close(const CloseRequest& request) {
  if (sink_ == nullptr) return;
  if (request.session_expiry_seconds) {
    expiry_seconds_ = *request.session_expiry_seconds;
    count_persistent(expiry_seconds_ > 0);
  }
  detach();
  context_.core.hooks.client_disconnected.run(info(), request.reason);
  take_will(request);
  if (expiry_seconds_ == 0) {
    end(request.reason);
    return;
  }
  save();
  arm_timer();
}

void ClientSession::take_will(const CloseRequest& request) {
  if (request.kind == CloseKind::Normal) {
    will_ = nullptr;
    forget_will();
  }
  if (!will_) return;
  const std::uint32_t delay = std::min(will_->request.delay_seconds, expiry_seconds_);
  if (delay == 0) {
    publish_will();
  } else {
    will_->at = context_.now() + std::chrono::seconds(delay);
    save_will(context_.wall_now() + static_cast<UnixMillis>(delay) * 1000);
  }
}

void ClientSession::evict(Reason reason) {
  DeliverySink* const sink = sink_;
  if (sink == nullptr) return;
  detach();
  context_.core.hooks.client_disconnected.run(info(), reason);
  take_will({.kind = CloseKind::Abnormal, .reason = reason, .session_expiry_seconds = {}});
  save();
  arm_timer();
  sink->on_session_ended(reason);
}

void ClientSession::end(Reason reason) {
  if (will_ && !publish_will()) give_up_will(*this, will_->request);
  context_.core.registry.erase(client_id_);
  forget_on_disk();
  unsubscribe_all(*this);
  context_.replays->resume(ref_);  // to let go of it, a little in each turn
  redistribute_shared();
  context_.core.hooks.session_terminated.run(client_id_, reason);
  delete this;
}

bool ClientSession::publish_will() {
  std::unique_ptr<PendingWill> will = std::move(will_);
  if (session::publish_will(*this, will->request)) {
    forget_will();
    return true;
  }
  will->at = context_.now() + kWillRetry;
  will->refused = true;
  will_ = std::move(will);
  return false;
}

void ClientSession::redistribute_shared() {
  if (durable_) {
    for (const auto& [place, queued] : durable_->early) {
      if (queued.group) redeliver_to_group(context_, queued, ref_);
    }
  }
  if (!flow_) return;
  flow_->end_alarms();
  flow_->for_each_shared([this](QueuedMessage& queued) {
    if (queued.message) {
      redeliver_to_group(context_, queued, ref_);
    } else {
      on_dropped(queued, DropReason::Unreadable);  // of an earlier server, whose store does not have it any more
    }
  });
}

void ClientSession::arm_timer() {
  TimePoint deadline = TimePoint::max();
  if (sink_ == nullptr) {
    if (expiry_seconds_ != kNeverExpires) deadline = detached_at_ + std::chrono::seconds(expiry_seconds_);
    if (will_) deadline = std::min(deadline, will_->at);
  } else if (flow_ && flow_->awaiting() && context_.settings.retry_interval > Duration::zero() &&
             resends_by_time(details_.protocol)) {
    if (armed()) return;
    deadline = context_.now() + context_.settings.retry_interval;
  }
  if (deadline != TimePoint::max()) context_.shard.wheel().arm(*this, deadline);
}

void ClientSession::on_timer(TimePoint now) {
  if (sink_ != nullptr) {
    const Duration interval = context_.settings.retry_interval;
    if (flow_ && interval > Duration::zero()) flow_->retry(now - interval, now);
    arm_timer();
    return;
  }
  if (will_ && will_->at <= now) publish_will();
  if (expiry_seconds_ != kNeverExpires && detached_at_ + std::chrono::seconds(expiry_seconds_) <= now) {
    probe().expired.add();
    end(Reason::Success);
    return;
  }
  arm_timer();
}

bool ClientSession::allowed(auth::Action action, std::string_view topic) {
  if (access_.outdated(context_.core.access.generation())) {
    access_ = context_.core.access.compile({client_id_, details_.username, details_.address}, details_.superuser);
  }
  return access_.allowed(action, topic, context_.now());
}

PublishResult ClientSession::publish(const PublishRequest& request) {
  probe().received.add();
  probe().received_by_qos[static_cast<std::size_t>(request.qos)].add();
  if (request.qos == Qos::ExactlyOnce) return publish_qos2(request);
  return session::publish(*this, request);
}

Reason ClientSession::may_publish(std::string_view topic) { return session::may_publish(*this, topic); }

PublishResult ClientSession::publish_qos2(const PublishRequest& request) {
  if (durable_ && !awaits_release(request.packet_id) && !context_.core.storage->takes_changes()) {
    storage::probe().refused.add();
    return Reason::QuotaExceeded;
  }
  if (!inbound_) inbound_ = std::make_unique<InboundQos2>();
  const auto forget = [this](PacketId id) {
    if (durable_) context_.records->erase_inbound(durable_->id, id);
  };
  switch (inbound_->receive(request.packet_id, context_.settings.max_awaiting_rel, context_.settings.await_rel_timeout,
                            context_.now(), forget)) {
    case InboundQos2::Outcome::Duplicate:
      // [MQTT-4.3.3-10]. The first one may still be on its way to the disk.
      return {Reason::Success, context_.records ? await(context_.records->journal().pending()) : 0};
    case InboundQos2::Outcome::Full:
      note_qos2_refused(client_id_, inbound_->size());
      return Reason::QuotaExceeded;
    case InboundQos2::Outcome::New:
      break;
  }
  PublishResult result = session::publish(*this, request);
  if (is_error(result.reason)) {
    inbound_->forget(request.packet_id);
  } else if (durable_) {
    context_.records->put_inbound(durable_->id, request.packet_id, context_.wall_now());
    result.ticket = await(context_.records->journal().ticket());
  }
  return result;
}

bool ClientSession::awaits_release(PacketId packet_id) const { return inbound_ && inbound_->contains(packet_id); }

Outcome ClientSession::release(PacketId packet_id) {
  if (!inbound_ || !inbound_->release(packet_id)) {
    // It may have been released a moment ago, and that is still on its way to the disk.
    return {Reason::PacketIdentifierNotFound, context_.records ? await(context_.records->journal().pending()) : 0};
  }
  if (!durable_) return Reason::Success;
  context_.records->erase_inbound(durable_->id, packet_id);
  return {Reason::Success, await(context_.records->journal().ticket())};
}

Reason ClientSession::acknowledge(Ack ack, PacketId packet_id, Reason reason) {
  if (!flow_) return Reason::PacketIdentifierNotFound;
  const Reason answer = flow_->acknowledge(ack, packet_id, reason, context_.now(), context_.wall_now());
  tell_room();
  return answer;
}

FilterOutcomes ClientSession::subscribe(std::span<const SubscribeRequest> requests, std::uint32_t subscription_id) {
  FilterOutcomes outcomes{session::subscribe(*this, requests, subscription_id)};
  // What was refused need not be waited for: it may have been because the disk is slow.
  const bool all_refused = std::ranges::all_of(outcomes.reasons, is_error);
  if (durable_ && !all_refused) outcomes.ticket = await(context_.records->journal().pending());
  return outcomes;
}

FilterOutcomes ClientSession::unsubscribe(std::span<const std::string_view> filters) {
  FilterOutcomes outcomes{session::unsubscribe(*this, filters)};
  if (durable_) outcomes.ticket = await(context_.records->journal().pending());
  return outcomes;
}

RetainedAnswer ClientSession::read_retained(std::string_view topic) { return session::read_retained(*this, topic); }

RetainedSearch ClientSession::read_retained(std::string_view filter, std::size_t limit, OnRetained done) {
  return search_retained(*this, filter, limit, std::move(done));
}

void ClientSession::writable() {
  slow_ = false;
  if (!flow_) return;
  flow_->writable(context_.now(), context_.wall_now());
  tell_room();
}

}  // namespace sluice::session
