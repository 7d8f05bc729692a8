// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <unordered_map>
#include <vector>

#include "shared/base/clock.h"
#include "shared/coap/codec/code.h"
#include "shared/coap/codec/option.h"
#include "shared/coap/message/peer_id.h"
#include "shared/coap/server/block_uploads.h"
#include "shared/coap/server/request.h"

namespace sluice::coap {

/// Representations of which a peer has got the first block and may fetch the rest [RFC 7959 2.4]: a later notification
/// or publish does not mix two of them. Bounded as uploads are; who is forgotten gets the resource as it is then, and
/// sees by the ETag that it is another one.
/// Owner: the server. Thread: the shard.
class BlockDownloads {
 public:
  explicit BlockDownloads(const BlockLimits& limits) : limits_(limits) {}
  ~BlockDownloads();
  BlockDownloads(const BlockDownloads&) = delete;
  BlockDownloads& operator=(const BlockDownloads&) = delete;

  /// Keeps it, in the place of an earlier one of the same kind. A body without an owner is copied.
  void keep(PeerId peer, std::uint64_t representation, const Response& response, TimePoint now);
  /// nullptr: not kept, or no more.
  [[nodiscard]] const Response* find(PeerId peer, std::uint64_t representation, TimePoint now);
  /// The peer has got the last block.
  void done(PeerId peer, std::uint64_t representation);
  void forget(PeerId peer);
  void sweep(TimePoint now);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t count() const { return kept_.size(); }

 private:
  struct Key {
    PeerId peer;
    std::uint64_t representation = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>((key.representation ^ key.peer.slot) * 0x9E37'79B9'7F4A'7C15);
    }
  };
  struct Kept {
    Key key;
    Response response;
    TimePoint touched{};
  };
  using All = std::list<Kept>;
  /// What a representation costs beside its bytes.
  static constexpr std::size_t kOverhead = 512;

  void make_place(PeerId peer, std::size_t bytes);
  void drop(All::iterator kept);

  const BlockLimits limits_;
  All kept_;  ///< the one that was asked for last is last
  std::unordered_map<Key, All::iterator, KeyHash> by_key_;
  std::unordered_map<std::uint32_t, std::vector<All::iterator>> of_peer_;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::coap
