// SPDX-License-Identifier: Apache-2.0
#include "gateways/websocket/ws_gateway.h"

#include <algorithm>
#include <utility>

#include "gateways/websocket/ws_context.h"
#include "gateways/websocket/ws_handshake.h"
#include "gateways/websocket/ws_probe.h"

namespace sluice::ws {

WsGateway::~WsGateway() = default;

std::string WsGateway::open(ListenerSettings listener, WsSettings settings,
                            std::shared_ptr<const ListenerTraits> traits) {
  probe();
  auto context = std::make_shared<Context>(std::move(settings), port_, std::move(traits), shards_.size());
  auto opened = Listener::open(shards_, std::move(listener), [context](Shard& shard, AcceptedSocket socket) {
    std::make_shared<Handshake>(context, AsioStream(shard, std::move(socket)))->run();
  });
  if (!opened) return opened.error();
  contexts_.push_back(std::move(context));
  listeners_.push_back(std::move(*opened));
  return {};
}

std::string WsGateway::reconfigure(ListenerSettings listener, WsSettings settings,
                                   std::shared_ptr<const ListenerTraits> traits) {
  for (std::size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i]->settings().name != listener.name) continue;
    std::string problem = listeners_[i]->reconfigure(std::move(listener));
    if (problem.empty()) contexts_[i]->reconfigure(std::move(settings), std::move(traits));
    return problem;
  }
  return {};
}

void WsGateway::start() {
  accepting_ = true;
  for (const auto& listener : listeners_) listener->start();
}

void WsGateway::stop_accepting() {
  if (!std::exchange(accepting_, false)) return;
  for (const auto& context : contexts_) context->set_stopping();
  for (const auto& listener : listeners_) listener->stop();
}

void WsGateway::tell_everybody(void (Member::*what)()) {
  shards_.run_on_all([this, what](Shard& shard) {
    for (const auto& context : contexts_) context->for_each(shard, what);
  });
}

void WsGateway::stop(std::chrono::milliseconds limit) {
  stop_accepting();
  tell_everybody(&Member::go_away);
  const auto deadline = Clock::now() + limit;
  const auto all_gone = [&] {
    return std::all_of(contexts_.begin(), contexts_.end(), [&](const auto& context) {
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
      return context->wait_until_empty(std::max(left, std::chrono::milliseconds(0)));
    });
  };
  if (!all_gone()) tell_everybody(&Member::abort);
}

}  // namespace sluice::ws
