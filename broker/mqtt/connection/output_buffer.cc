// SPDX-License-Identifier: Apache-2.0
#include "broker/mqtt/connection/output_buffer.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::mqtt {
namespace {

iovec vector_of(const std::byte* data, std::size_t size) { return {const_cast<std::byte*>(data), size}; }

}  // namespace

std::span<std::byte> OutputBuffer::extend(std::size_t size) {
  const std::size_t before = bytes_.size();
  bytes_.resize(before + size);
  pending_ += size;
  return {bytes_.data() + before, size};
}

void OutputBuffer::append(const MessagePtr& message, std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  splices_.push_back({bytes_.size(), message, bytes});
  pending_ += bytes.size();
}

bool OutputBuffer::write_to(Transport& transport) {
  std::array<iovec, 64> vectors;
  while (pending_ > 0) {
    const std::size_t count = gather(vectors);
    std::size_t offered = 0;
    for (std::size_t i = 0; i < count; ++i) offered += vectors[i].iov_len;
    const std::size_t taken = transport.write({vectors.data(), count});
    consume(taken);
    if (taken < offered) {
      compact();
      return false;
    }
  }
  clear();
  return true;
}

std::size_t OutputBuffer::gather(std::span<iovec> vectors) const {
  std::size_t count = 0;
  std::size_t position = sent_;
  std::size_t skip = splice_sent_;
  for (std::size_t i = next_splice_; i < splices_.size() && count + 2 <= vectors.size(); ++i) {
    const Splice& splice = splices_[i];
    if (splice.position > position) {
      vectors[count++] = vector_of(bytes_.data() + position, splice.position - position);
      position = splice.position;
    }
    vectors[count++] = vector_of(splice.bytes.data() + skip, splice.bytes.size() - skip);
    skip = 0;
  }
  const bool all_splices = count + 2 <= vectors.size();
  if (all_splices && position < bytes_.size()) {
    vectors[count++] = vector_of(bytes_.data() + position, bytes_.size() - position);
  }
  return count;
}

void OutputBuffer::consume(std::size_t count) {
  pending_ -= count;
  while (count > 0) {
    const std::size_t bytes_end = next_splice_ < splices_.size() ? splices_[next_splice_].position : bytes_.size();
    const std::size_t from_bytes = std::min(count, bytes_end - sent_);
    sent_ += from_bytes;
    count -= from_bytes;
    if (next_splice_ == splices_.size()) return;
    if (sent_ < bytes_end) return;
    Splice& splice = splices_[next_splice_];
    const std::size_t from_splice = std::min(count, splice.bytes.size() - splice_sent_);
    splice_sent_ += from_splice;
    count -= from_splice;
    if (splice_sent_ < splice.bytes.size()) return;
    splice.message.reset();
    ++next_splice_;
    splice_sent_ = 0;
  }
}

void OutputBuffer::compact() {
  if (sent_ < kCompactFrom || sent_ < bytes_.size() / 2) return;
  bytes_.erase(bytes_.begin(), bytes_.begin() + static_cast<std::ptrdiff_t>(sent_));
  splices_.erase(splices_.begin(), splices_.begin() + static_cast<std::ptrdiff_t>(next_splice_));
  for (Splice& splice : splices_) splice.position -= sent_;
  sent_ = 0;
  next_splice_ = 0;
}

void OutputBuffer::clear() {
  bytes_.clear();
  splices_.clear();
  sent_ = next_splice_ = splice_sent_ = pending_ = 0;
}

std::unique_ptr<OutputBuffer> OutputPool::take() {
  if (free_.empty()) return std::make_unique<OutputBuffer>();
  std::unique_ptr<OutputBuffer> buffer = std::move(free_.back());
  free_.pop_back();
  return buffer;
}

void OutputPool::give_back(std::unique_ptr<OutputBuffer> buffer) {
  if (free_.size() >= kKept || buffer->capacity() > kLargestKept) return;
  buffer->clear();
  free_.push_back(std::move(buffer));
}

}  // namespace sluice::mqtt
