// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/block_downloads.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "shared/coap/server/server_probe.h"

namespace sluice::coap {

BlockDownloads::~BlockDownloads() { server_probe().downloads.add(-static_cast<std::int64_t>(kept_.size())); }

void BlockDownloads::keep(PeerId peer, std::uint64_t representation, const Response& response, TimePoint now) {
  done(peer, representation);
  const std::size_t cost = response.body.bytes.size() + kOverhead;
  if (cost > limits_.total_bytes) return;
  make_place(peer, cost);
  const Key key{peer, representation};
  const auto kept = kept_.insert(kept_.end(), {key, response, now});
  if (Body& body = kept->response.body; !body.owner) {
    auto copy = std::make_shared<Bytes>(body.bytes.begin(), body.bytes.end());
    body = {*copy, copy};
  }
  by_key_.emplace(key, kept);
  of_peer_[peer.slot].push_back(kept);
  bytes_ += cost;
  server_probe().downloads.add(1);
}

const Response* BlockDownloads::find(PeerId peer, std::uint64_t representation, TimePoint now) {
  const auto found = by_key_.find({peer, representation});
  if (found == by_key_.end()) return nullptr;
  found->second->touched = now;
  kept_.splice(kept_.end(), kept_, found->second);
  return &found->second->response;
}

void BlockDownloads::done(PeerId peer, std::uint64_t representation) {
  if (const auto found = by_key_.find({peer, representation}); found != by_key_.end()) drop(found->second);
}

void BlockDownloads::make_place(PeerId peer, std::size_t bytes) {
  if (const auto found = of_peer_.find(peer.slot);
      found != of_peer_.end() && found->second.size() >= limits_.per_peer) {
    drop(*std::ranges::min_element(found->second, {}, [](All::iterator kept) { return kept->touched; }));
  }
  while (!kept_.empty() && bytes_ + bytes > limits_.total_bytes) drop(kept_.begin());
}

void BlockDownloads::drop(All::iterator kept) {
  bytes_ -= kept->response.body.bytes.size() + kOverhead;
  const auto of_peer = of_peer_.find(kept->key.peer.slot);
  std::erase(of_peer->second, kept);
  if (of_peer->second.empty()) of_peer_.erase(of_peer);
  by_key_.erase(kept->key);
  kept_.erase(kept);
  server_probe().downloads.add(-1);
}

void BlockDownloads::forget(PeerId peer) {
  for (auto found = of_peer_.find(peer.slot); found != of_peer_.end(); found = of_peer_.find(peer.slot)) {
    drop(found->second.front());
  }
}

void BlockDownloads::sweep(TimePoint now) {
  while (!kept_.empty() && now - kept_.front().touched >= limits_.timeout) drop(kept_.begin());
}

}  // namespace sluice::coap
