// SPDX-License-Identifier: Apache-2.0
#include "broker/transport/mqtt_listeners.h"

#include <utility>

#include "shared/base/thread_annotations.h"
#include "shared/net/socket_transport.h"

namespace sluice::transport {

/// What the next client of a listener gets: set by the control thread, read by every shard.
class MqttListeners::CurrentTraits {
 public:
  explicit CurrentTraits(std::shared_ptr<const ListenerTraits> traits) : traits_(std::move(traits)) {}
  [[nodiscard]] std::shared_ptr<const ListenerTraits> get() {
    const MutexLock lock(mutex_);
    return traits_;
  }
  void set(std::shared_ptr<const ListenerTraits> traits) {
    const MutexLock lock(mutex_);
    traits_ = std::move(traits);
  }

 private:
  Mutex mutex_;
  std::shared_ptr<const ListenerTraits> traits_ GUARDED_BY(mutex_);
};

MqttListeners::MqttListeners(ShardGroup& shards, Acceptor acceptor) : shards_(shards), acceptor_(std::move(acceptor)) {}

MqttListeners::~MqttListeners() = default;

std::string MqttListeners::open(MqttListenerSettings settings) {
  const auto traits = std::make_shared<CurrentTraits>(std::move(settings.traits));
  auto listener =
      Listener::open(shards_, std::move(settings.listener), [this, traits](Shard& shard, AcceptedSocket socket) {
        acceptor_(make_socket_transport(shard, std::move(socket)), traits->get());
      });
  if (!listener) return listener.error();
  traits_.push_back(traits);
  listeners_.push_back(std::move(*listener));
  return {};
}

void MqttListeners::start() {
  for (const auto& listener : listeners_) listener->start();
}

std::string MqttListeners::reconfigure(MqttListenerSettings settings) {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i]->settings().name != settings.listener.name) continue;
    std::string problem = listeners_[i]->reconfigure(std::move(settings.listener));
    if (problem.empty()) traits_[i]->set(std::move(settings.traits));
    return problem;
  }
  return {};
}

void MqttListeners::stop() {
  for (const auto& listener : listeners_) listener->stop();
}

}  // namespace sluice::transport
