// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/management/live_core.h"

#include <algorithm>
#include <span>
#include <utility>

namespace sluice::management {
namespace {

constexpr std::chrono::seconds kPatience{10};

}  // namespace

Reason FakeClient::connect(ConnectRequest request) {
  const auto promise = std::make_shared<std::promise<Reason>>();
  auto answer = promise->get_future();
  on_shard(shard_, [&] {
    pending_ = sessions_.connect(std::move(request), *this, [this, promise](ConnectResult result) {
      handle_ = std::move(result.handle);
      promise->set_value(result.reason);
    });
  });
  return answer.get();
}

void FakeClient::subscribe(std::string_view filter, Qos qos) {
  const SubscribeRequest request{.filter = filter, .options = {.qos = qos}};
  on_shard(shard_, [&] { return handle_->subscribe(std::span(&request, 1), 0); });
}

void FakeClient::publish(std::string_view topic, std::string_view payload, bool retain) {
  on_shard(shard_, [&] {
    return handle_->publish({.topic = topic,
                             .payload = std::as_bytes(std::span(payload)),
                             .properties = {},
                             .retain = retain,
                             .expiry_seconds = {}});
  });
}

void FakeClient::close(CloseKind kind, Reason reason) {
  on_shard(shard_, [&] {
    if (handle_) handle_.close({.kind = kind, .reason = reason, .session_expiry_seconds = {}});
  });
}

std::optional<FakeClient::Received> FakeClient::await(std::string_view topic) {
  std::unique_lock lock(mutex_);
  auto found = received_.end();
  changed_.wait_for(lock, kPatience, [&] {
    found = std::find_if(received_.begin(), received_.end(), [&](const Received& one) { return one.topic == topic; });
    return found != received_.end();
  });
  if (found == received_.end()) return std::nullopt;
  return *found;
}

std::optional<Reason> FakeClient::await_end() {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return ended_.has_value(); });
  return ended_;
}

DeliveryResult FakeClient::deliver(const Delivery& delivery) {
  const auto payload = delivery.message->payload();
  const std::scoped_lock lock(mutex_);
  received_.push_back({std::string(delivery.message->topic()),
                       std::string(reinterpret_cast<const char*>(payload.data()), payload.size()), delivery.qos,
                       delivery.retain});
  changed_.notify_all();
  return DeliveryResult::Accepted;
}

void FakeClient::on_session_ended(Reason reason) {
  handle_.forget();
  const std::scoped_lock lock(mutex_);
  ended_ = reason;
  changed_.notify_all();
}

LiveCore::LiveCore(session::Overflow overflow, const session::SessionSettings& settings)
    : core_{.router = router_,
            .retainer = retainer_,
            .access = access_,
            .hooks = hooks_,
            .table = {},
            .registry = {},
            .contexts = {},
            .overflow = overflow},
      sessions_(core_, psk_) {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    core_.contexts.push_back(std::make_unique<session::SessionContext>(core_, shards_.at(i), settings));
  }
  shards_.start();
}

LiveCore::~LiveCore() {
  stop();
  for (std::size_t i = 0; i < shards_.size(); ++i) sessions_.destroy_all(shards_.at(i));
}

void LiveCore::stop() {
  if (std::exchange(stopped_, true)) return;
  for (const auto& client : clients_) client->close();
  shards_.stop();
}

ManagementDeps LiveCore::deps() {
  return {.shards = shards_,
          .sessions = sessions_,
          .node = "node@test",
          .version = "9.8.7",
          .listeners = [this] { return listeners; },
          .reload_acl = [this] { return acl_problem; }};
}

ConnectRequest LiveCore::request(std::string id) {
  ConnectRequest request;
  request.client_id = std::move(id);
  request.protocol = Protocol::Mqtt311;
  request.keep_alive_seconds = 60;
  request.peer.address = *SocketAddress::parse("127.0.0.1:58459");
  return request;
}

FakeClient& LiveCore::make_client(std::size_t shard) {
  return *clients_.emplace_back(std::make_unique<FakeClient>(sessions_, shards_.at(shard)));
}

FakeClient& LiveCore::join(std::string id, std::size_t shard, std::optional<std::uint32_t> expiry) {
  ConnectRequest wanted = request(std::move(id));
  wanted.session_expiry_seconds = expiry;
  wanted.clean_start = !expiry;
  FakeClient& client = make_client(shard);
  static_cast<void>(client.connect(std::move(wanted)));
  return client;
}

}  // namespace sluice::management
