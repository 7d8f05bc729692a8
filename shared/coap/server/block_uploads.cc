// SPDX-License-Identifier: Apache-2.0
#include "shared/coap/server/block_uploads.h"

#include <algorithm>
#include <utility>

#include "shared/coap/server/server_probe.h"

namespace sluice::coap {

BlockUploads::~BlockUploads() { server_probe().uploads.add(-static_cast<std::int64_t>(count())); }

BlockUploads::Verdict BlockUploads::take(const Piece& piece, TimePoint now) {
  const auto& [peer, source, key, block, size, if_none_match, payload] = piece;
  if (block.more && (payload.empty() || payload.size() % block.size() != 0)) return {.code = codes::kBadRequest};
  // Only under BERT a message carries more than one block [RFC 8323 6].
  if (payload.size() > block.size() && block.size_exponent != Block::kBert) return {.code = codes::kBadRequest};
  const auto found = by_key_.find({peer, key});
  if (std::max<std::size_t>(size, block.offset() + payload.size()) > limits_.max_body_size) {
    server_probe().too_large.add();
    if (found != by_key_.end()) drop(found->second);
    return {.code = codes::kRequestEntityTooLarge, .block = answer_block(block), .size_hint = true};
  }
  if (block.number == 0) {
    if (found != by_key_.end()) drop(found->second);
    return begin(piece, now);
  }
  if (found == by_key_.end()) {
    server_probe().incomplete.add();
    return {.code = codes::kRequestEntityIncomplete};
  }
  return go_on(*found->second, piece, now);
}

BlockUploads::Verdict BlockUploads::begin(const Piece& piece, TimePoint now) {
  const Block answer = answer_block(piece.block);
  const auto body = [&piece] { return Bytes(piece.payload.begin(), piece.payload.end()); };
  if (!piece.block.more) {
    return {.code = codes::kChanged, .block = answer, .body = body(), .if_none_match = piece.if_none_match};
  }
  drop_oldest_of(piece.peer);
  if (!make_room(piece.payload.size() + kOverhead, piece.source, now)) {
    server_probe().no_room.add();
    return {.code = codes::kServiceUnavailable};
  }
  const Key key{piece.peer, piece.key};
  Uploads& uploads = of(piece.source);
  const auto upload = uploads.insert(uploads.end(), {key, body(), 0, now, piece.source, piece.if_none_match});
  by_key_.emplace(key, upload);
  of_peer_[key.peer.slot].push_back(upload);
  bytes_ += cost_of(*upload);
  server_probe().uploads.add(1);
  return {.code = codes::kContinue, .block = answer};
}

BlockUploads::Verdict BlockUploads::go_on(Upload& upload, const Piece& piece, TimePoint now) {
  const Block& block = piece.block;
  const std::size_t offset = block.offset();
  const bool repeated =
      block.more && offset == upload.last_offset && offset + piece.payload.size() == upload.body.size();
  if (!repeated && offset != upload.body.size()) {
    // A gap cannot be filled: the client begins again [RFC 7959 2.9.2].
    server_probe().incomplete.add();
    drop(by_key_.find(upload.key)->second);
    return {.code = codes::kRequestEntityIncomplete};
  }
  upload.touched = now;
  Uploads& now_in = of(piece.source);
  now_in.splice(now_in.end(), of(std::exchange(upload.source, piece.source)), by_key_.find(upload.key)->second);
  if (!repeated) {
    if (!append(upload, piece.payload, now)) {
      server_probe().no_room.add();
      return {.code = codes::kServiceUnavailable};
    }
    upload.last_offset = offset;
  }
  if (!block.more) return finish(upload, block);
  return {.code = codes::kContinue, .block = answer_block(block)};
}

/// False: there is no room, and nothing has changed.
bool BlockUploads::append(Upload& upload, std::span<const std::byte> payload, TimePoint now) {
  const std::size_t needed = upload.body.size() + payload.size();
  if (needed > upload.body.capacity()) {
    const std::size_t before = upload.body.capacity();
    const std::size_t wanted = std::min(std::max(needed, 2 * before), limits_.max_body_size);
    if (!make_room(wanted - before, upload.source, now)) return false;
    upload.body.reserve(wanted);
    bytes_ += upload.body.capacity() - before;
  }
  upload.body.insert(upload.body.end(), payload.begin(), payload.end());
  return true;
}

BlockUploads::Verdict BlockUploads::finish(Upload& upload, const Block& block) {
  bytes_ -= upload.body.capacity();
  Verdict verdict{.code = codes::kChanged,
                  .block = answer_block(block),
                  .body = std::exchange(upload.body, {}),
                  .if_none_match = upload.if_none_match};
  drop(by_key_.find(upload.key)->second);
  return verdict;
}

/// The block that was taken, in the size in which the server wants the next ones: the client goes on with the smaller
/// one [RFC 7959 2.3].
Block BlockUploads::answer_block(const Block& block) const {
  Block answer = block;
  if (block.size_exponent != Block::kBert) answer.size_exponent = std::min(block.size_exponent, limits_.size_exponent);
  return answer;
}

bool BlockUploads::make_room(std::size_t bytes, Source source, TimePoint now) {
  while (bytes_ + bytes > limits_.total_bytes) {
    if (drop_stalled(unproved_, now)) continue;
    if (source == Source::Unproved) return false;
    if (drop_stalled(proved_, now)) continue;
    if (unproved_.empty()) return false;
    give_up(unproved_.begin());
  }
  return true;
}

/// False: there is none.
bool BlockUploads::drop_stalled(Uploads& uploads, TimePoint now) {
  if (uploads.empty() || now - uploads.front().touched < kStalled) return false;
  give_up(uploads.begin());
  return true;
}

void BlockUploads::give_up(Uploads::iterator upload) {
  server_probe().given_up.add();
  drop(upload);
}

/// Makes a place for one more of the peer's.
void BlockUploads::drop_oldest_of(PeerId peer) {
  const auto found = of_peer_.find(peer.slot);
  if (found == of_peer_.end() || found->second.size() < limits_.per_peer) return;
  give_up(*std::ranges::min_element(found->second, {}, [](Uploads::iterator upload) { return upload->touched; }));
}

void BlockUploads::drop(Uploads::iterator upload) {
  bytes_ -= cost_of(*upload);
  const auto of_peer = of_peer_.find(upload->key.peer.slot);
  std::erase(of_peer->second, upload);
  if (of_peer->second.empty()) of_peer_.erase(of_peer);
  by_key_.erase(upload->key);
  of(upload->source).erase(upload);
  server_probe().uploads.add(-1);
}

void BlockUploads::forget(PeerId peer) {
  for (auto found = of_peer_.find(peer.slot); found != of_peer_.end(); found = of_peer_.find(peer.slot)) {
    drop(found->second.front());
  }
}

void BlockUploads::sweep(TimePoint now) {
  for (Uploads* const uploads : {&unproved_, &proved_}) {
    while (!uploads->empty() && now - uploads->front().touched >= limits_.timeout) give_up(uploads->begin());
  }
}

}  // namespace sluice::coap
