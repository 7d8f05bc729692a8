// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/durable/durable_core.h"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <thread>
#include <utility>

namespace sluice::session {
namespace {

constexpr std::chrono::seconds kPatience{10};
/// How soon it is noticed that a server is lost.
constexpr std::chrono::milliseconds kLook{2};

template <class T>
T answer_of(std::future<T>& future, const std::atomic<bool>& lost) {
  const auto end = Clock::now() + kPatience;
  while (future.wait_for(kLook) != std::future_status::ready) {
    if (lost) throw ServerLost("no CONNACK any more");
    if (Clock::now() > end) throw std::runtime_error("no CONNACK");
  }
  return future.get();
}

}  // namespace

bool TestClient::connect(const std::string& id, const Options& options) {
  acknowledges_ = options.acknowledges;
  unreleased_ = options.unreleased;
  for (;;) {
    const auto promise = std::make_shared<std::promise<ConnectResult>>();
    auto answer = promise->get_future();
    on_shard(*shard_, [&] {
      ConnectRequest request;
      request.client_id = id;
      request.protocol = Protocol::Mqtt5;
      request.clean_start = options.clean_start;
      request.session_expiry_seconds = options.expiry;
      request.receive_maximum = options.receive_maximum;
      request.will = options.will;
      const auto listener = std::make_shared<ListenerTraits>();
      listener->mountpoint = options.mountpoint;
      request.listener = listener;
      request.peer.address = *SocketAddress::parse("127.0.0.1:58459");
      pending_ = sessions_.connect(std::move(request), *this, [this, promise](ConnectResult result) {
        handle_ = std::move(result.handle);
        promise->set_value(std::move(result));
      });
    });
    connects_ = true;
    const ConnectResult result = answer_of(answer, lost_);
    connects_ = false;
    on_shard(*shard_, [this] { pending_.reset(); });
    connect_reason_ = result.reason;
    if (result.move_to == nullptr) return result.session_present;
    shard_ = result.move_to;
  }
}

Reason TestClient::subscribe(std::string_view filter, Qos qos) {
  const SubscribeRequest request{.filter = filter, .options = {.qos = qos}};
  const FilterOutcomes outcomes = on_shard(*shard_, [&] { return handle_->subscribe(std::span(&request, 1), 0); });
  await_ticket(outcomes.ticket);
  return outcomes.reasons.front();
}

void TestClient::unsubscribe(std::string_view filter) {
  await_ticket(on_shard(*shard_, [&] { return handle_->unsubscribe(std::span(&filter, 1)).ticket; }));
}

Reason TestClient::publish(std::string_view topic, std::string_view payload, Qos qos, bool retain) {
  const Outcome outcome = on_shard(*shard_, [&] {
    return handle_->publish({.topic = topic,
                             .payload = std::as_bytes(std::span(payload)),
                             .properties = {},
                             .qos = qos,
                             .retain = retain,
                             .packet_id = next_id_++,
                             .expiry_seconds = {}});
  });
  await_ticket(outcome.ticket);
  return outcome.reason;
}

Reason TestClient::publish_async(std::string_view topic, std::string_view payload, Qos qos, bool retain) {
  return on_shard(*shard_, [&] {
    const Outcome outcome = handle_->publish({.topic = topic,
                                              .payload = std::as_bytes(std::span(payload)),
                                              .properties = {},
                                              .qos = qos,
                                              .retain = retain,
                                              .packet_id = next_id_++,
                                              .expiry_seconds = {}});
    if (is_error(outcome.reason)) return outcome.reason;
    const std::scoped_lock lock(mutex_);
    if (outcome.ticket == 0) {
      acknowledged_.emplace_back(payload);
    } else {
      waiting_.emplace_back(outcome.ticket, payload);
    }
    return outcome.reason;
  });
}

std::string TestClient::publish_and_read(std::string_view topic, std::string_view payload, Qos qos) {
  return on_shard(*shard_, [&] {
    const Reason reason = publish_async(topic, payload, qos, true);
    if (is_error(reason)) return std::string(reason_name(reason));
    const RetainedAnswer answer = handle_->read_retained(topic);
    if (answer.message == nullptr) return std::string(reason_name(answer.reason));
    const auto found = answer.message->payload();
    return std::string(reinterpret_cast<const char*>(found.data()), found.size());
  });
}

void TestClient::release(PacketId id) {
  await_ticket(on_shard(*shard_, [&] { return handle_->release(id).ticket; }));
}

void TestClient::put_note(std::string_view note) {
  await_ticket(on_shard(*shard_, [&] { return handle_->put_note(note); }));
}

std::string TestClient::note() {
  auto read = std::make_shared<std::promise<std::string>>();
  std::future<std::string> result = read->get_future();
  on_shard(*shard_, [&] {
    handle_->read_note([read](const GatewayStore::Value& value) {
      if (value.state == GatewayStore::Value::State::Unreadable) throw std::runtime_error("the note is unreadable");
      read->set_value(value.value);
    });
  });
  return result.get();
}

void TestClient::close(CloseKind kind) {
  on_shard(*shard_, [&] {
    pending_.reset();  // no answer comes any more
    if (handle_) handle_.close({.kind = kind, .reason = Reason::Success, .session_expiry_seconds = {}});
  });
}

void TestClient::acknowledge(PacketId id) {
  on_shard(*shard_, [&] { return handle_->acknowledge(Ack::PubAck, id, Reason::Success); });
}

void TestClient::await_ticket(CommitTicket ticket) {
  std::unique_lock lock(mutex_);
  if (!await(lock, [&] { return committed_ >= ticket; })) throw std::runtime_error("no acknowledgement");
}

bool TestClient::await(std::unique_lock<std::mutex>& lock, const std::function<bool()>& holds) {
  const auto end = Clock::now() + kPatience;
  while (!changed_.wait_for(lock, kLook, holds)) {
    if (lost_) throw ServerLost("it will not happen any more");
    if (Clock::now() > end) return false;
  }
  return true;
}

bool TestClient::await_received(const std::vector<std::string>& payloads) {
  std::unique_lock lock(mutex_);
  return await(lock, [&] {
    return std::ranges::all_of(payloads, [&](const std::string& payload) {
      return std::ranges::find(received_, payload, &Received::payload) != received_.end();
    });
  });
}

std::set<PacketId> TestClient::unreleased() {
  const std::scoped_lock lock(mutex_);
  return unreleased_;
}

std::vector<std::string> TestClient::payloads(std::size_t count) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, kPatience, [&] { return received_.size() >= count; });
  std::vector<std::string> all;
  for (const Received& one : received_) all.push_back(one.payload);
  return all;
}

std::vector<TestClient::Received> TestClient::received() {
  const std::scoped_lock lock(mutex_);
  return received_;
}

std::vector<std::string> TestClient::acknowledged() {
  const std::scoped_lock lock(mutex_);
  return acknowledged_;
}

DeliveryResult TestClient::deliver(const Delivery& delivery) {
  const auto payload = delivery.message->payload();
  {
    const std::scoped_lock lock(mutex_);
    // [MQTT-4.3.3-11]: with an id that is not released it is no new message.
    if (delivery.qos != Qos::ExactlyOnce || unreleased_.insert(delivery.packet_id).second) {
      received_.push_back({std::string(delivery.message->topic()),
                           std::string(reinterpret_cast<const char*>(payload.data()), payload.size()), delivery.qos,
                           delivery.packet_id, delivery.dup, static_cast<bool>(handle_)});
    }
  }
  changed_.notify_all();
  if (!acknowledges_ || delivery.qos == Qos::AtMostOnce) return DeliveryResult::Accepted;
  const Ack ack = delivery.qos == Qos::AtLeastOnce ? Ack::PubAck : Ack::PubRec;
  shard_->post([this, ack, id = delivery.packet_id] {
    if (handle_) handle_->acknowledge(ack, id, Reason::Success);
  });
  return DeliveryResult::Accepted;
}

void TestClient::deliver_release(PacketId id) {
  {
    const std::scoped_lock lock(mutex_);
    unreleased_.erase(id);
  }
  shard_->post([this, id] {
    if (handle_) handle_->acknowledge(Ack::PubComp, id, Reason::Success);
  });
}

void TestClient::on_committed(CommitTicket ticket) {
  {
    const std::scoped_lock lock(mutex_);
    committed_ = ticket;
    while (!waiting_.empty() && waiting_.front().first <= ticket) {
      acknowledged_.push_back(std::move(waiting_.front().second));
      waiting_.erase(waiting_.begin());
    }
  }
  changed_.notify_all();
}

void TestClient::on_session_ended(Reason) { handle_.forget(); }

DurableCore::DurableCore(std::unique_ptr<storage::KvStore> store, const storage::StorageSettings& settings,
                         Failure failure, const SessionSettings& sessions) {
  storage::StoreStatus status;
  storage_ = storage::Storage::take(std::move(store), settings, status);
  if (storage_ == nullptr) throw ServerLost(status.text());
  storage_->health().on_change([this, failure](storage::StoreTrouble trouble, bool begins, const std::string&) {
    if (begins && trouble == storage::StoreTrouble::Failing && failure == Failure::Ends) lose();
    {
      const std::scoped_lock lock(mutex_);
      if (begins) told_.insert(trouble);
    }
    health_changed_.notify_all();
  });
  retained_store_ = std::make_unique<retainer::DurableRetainedStore>(*storage_);
  retainer_ = std::make_unique<retainer::Retainer>(retainer::RetainerSettings{}, *retained_store_);
  core_.reset(new SessionCore{.router = router_,
                              .retainer = *retainer_,
                              .access = access_,
                              .hooks = hooks_,
                              .table = {},
                              .registry = {},
                              .contexts = {},
                              .storage = storage_.get()});
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    core_->contexts.push_back(std::make_unique<SessionContext>(*core_, shards_.at(i), sessions));
  }
  sessions_ = std::make_unique<SessionManager>(*core_, psk_);
  restorer_ = std::make_unique<SessionRestorer>(*core_, [this](const std::string&) { lose(); });
  core_->restorer = restorer_.get();
  restorer_->prepare();
  storage_->start();
  shards_.start();
  restorer_->start();
}

DurableCore::~DurableCore() {
  for (const auto& client : clients_) client->close();
  storage_->reader().stop();
  restorer_->stop();
  shards_.stop();
  storage_->stop();
  for (std::size_t i = 0; i < shards_.size(); ++i) sessions_->destroy_all(shards_.at(i));
}

TestClient& DurableCore::client(std::size_t shard) {
  return *clients_.emplace_back(std::make_unique<TestClient>(*sessions_, shards_.at(shard), lost_));
}

void DurableCore::await_restored() {
  const auto end = Clock::now() + kPatience;
  while (!restorer_->over()) {
    if (lost_) throw ServerLost("not restored");
    if (Clock::now() > end) throw std::runtime_error("not restored");
    std::this_thread::yield();
  }
}

bool DurableCore::was_told(storage::StoreTrouble trouble) {
  const std::scoped_lock lock(mutex_);
  return told_.contains(trouble);
}

void DurableCore::await_good() {
  std::unique_lock lock(mutex_);
  const auto good = [this] { return lost_ || storage_->health().good(); };
  if (!health_changed_.wait_for(lock, kPatience, good)) throw std::runtime_error("the store does not recover");
  if (lost_) throw ServerLost("the store fails");
}

std::size_t DurableCore::queued(const std::string& client_id) {
  const auto ref = core_->registry.find(client_id);
  if (!ref) throw std::runtime_error("no such session");
  Shard& home = shards_.at(core_->table.shard_of(*ref));
  return on_shard(home, [&] { return core_->table.find(*ref, home.index())->queued(); });
}

}  // namespace sluice::session
