// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "shared/base/clock.h"
#include "shared/coap/codec/block.h"
#include "shared/coap/codec/pdu.h"
#include "shared/coap/message/peer_id.h"

namespace sluice::coap {

struct BlockLimits {
  std::size_t max_body_size = 1024 * 1024;  ///< of one body
  std::size_t per_peer = 2;                 ///< bodies of one peer at the same time
  std::size_t total_bytes = 64 * 1024 * 1024;
  Duration timeout = std::chrono::seconds(247);  ///< of a body that gets no more blocks: EXCHANGE_LIFETIME
  std::uint8_t size_exponent = 6;                ///< of the blocks that the server asks for and sends
};

/// Bodies of requests that come in blocks [RFC 7959 2.5], as they are put together. Memory grows with what has come,
/// never with what is announced. Over the limit of a peer its oldest body goes, over the total those go that nobody
/// has added to for a while, and for a peer whose address is proved those of peers whose address may be forged.
/// Owner: the server. Thread: the shard.
class BlockUploads {
 public:
  explicit BlockUploads(const BlockLimits& limits) : limits_(limits) {}
  ~BlockUploads();
  BlockUploads(const BlockUploads&) = delete;
  BlockUploads& operator=(const BlockUploads&) = delete;

  struct Verdict {
    /// 2.31: the block is there, go on; 2.04 (kChanged): `body` is whole; an error: what to answer.
    Code code;
    Block block{};  ///< to be answered with; meaningless with an error but 4.13
    Bytes body{};
    bool size_hint = false;      ///< with 4.13: say how much would do (Size1)
    bool if_none_match = false;  ///< with a whole body: its first block had the option [RFC 7959 2.10]
  };
  /// From whom a block comes: whether its address may be forged.
  enum class Source : bool { Unproved, Proved };
  struct Piece {
    PeerId peer;
    Source source = Source::Unproved;
    std::uint64_t key = 0;  ///< of the body, see upload_key()
    Block block{};
    std::uint32_t size = 0;  ///< the Size1 option, 0 without one
    bool if_none_match = false;
    std::span<const std::byte> payload;
  };
  Verdict take(const Piece& piece, TimePoint now);
  void forget(PeerId peer);
  /// Forgets what has timed out.
  void sweep(TimePoint now);

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t count() const { return by_key_.size(); }

 private:
  struct Key {
    PeerId peer;
    std::uint64_t body = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const {
      return static_cast<std::size_t>((key.body ^ key.peer.slot) * 0x9E37'79B9'7F4A'7C15);
    }
  };
  struct Upload {
    Key key;
    Bytes body;
    std::size_t last_offset = 0;  ///< where the block that came last begins
    TimePoint touched{};
    Source source = Source::Unproved;
    bool if_none_match = false;
  };
  using Uploads = std::list<Upload>;
  static std::size_t cost_of(const Upload& upload) { return upload.body.capacity() + kOverhead; }

  /// A body that was not added to for so long makes room for others when there is none.
  static constexpr auto kStalled = std::chrono::seconds(10);
  /// What a body costs beside its bytes.
  static constexpr std::size_t kOverhead = 256;

  Uploads& of(Source source) { return source == Source::Proved ? proved_ : unproved_; }
  Verdict begin(const Piece& piece, TimePoint now);
  Verdict go_on(Upload& upload, const Piece& piece, TimePoint now);
  Verdict finish(Upload& upload, const Block& block);
  [[nodiscard]] Block answer_block(const Block& block) const;
  bool make_room(std::size_t bytes, Source source, TimePoint now);
  bool drop_stalled(Uploads& uploads, TimePoint now);
  void give_up(Uploads::iterator upload);
  bool append(Upload& upload, std::span<const std::byte> payload, TimePoint now);
  void drop_oldest_of(PeerId peer);
  void drop(Uploads::iterator upload);

  const BlockLimits limits_;
  Uploads proved_;    ///< the one that was added to last is last
  Uploads unproved_;  ///< likewise
  std::unordered_map<Key, Uploads::iterator, KeyHash> by_key_;
  std::unordered_map<std::uint32_t, std::vector<Uploads::iterator>> of_peer_;  ///< by the peer's slot; few each
  std::size_t bytes_ = 0;
};

}  // namespace sluice::coap
