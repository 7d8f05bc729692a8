// SPDX-License-Identifier: Apache-2.0
// What encoding and decoding take from the heap: nothing a message, and never more than the value justifies.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <gtest/gtest.h>

#include "tests/unit/storage_format/records.h"

namespace {

std::atomic<std::size_t> g_allocations{0};
std::atomic<std::size_t> g_largest{0};

}  // namespace

// Not inlined: g++ would see a block of `new` given to free().
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++g_allocations;
  g_largest = std::max(g_largest.load(), size);
  void* const block = std::malloc(size);
  if (block == nullptr) throw std::bad_alloc();
  return block;
}
[[gnu::noinline]] void operator delete(void* block) noexcept { std::free(block); }
[[gnu::noinline]] void operator delete(void* block, std::size_t /*size*/) noexcept { std::free(block); }

namespace sluice::storage::test {
namespace {

TEST(Allocation, EncodingAgainTakesNothing) {
  const std::string payload(1024, 'p');
  StoredMessage message = full_message();
  message.payload = as_bytes(payload);
  const QueueRecord large = queued(message);
  const QueueRecord small = queued(small_message());
  const QueueRecord reference = referring();
  std::string value;
  std::string key;
  encode(large, value);
  queue_key(1, 1, key);
  const std::size_t before = g_allocations;
  for (Place place = 0; place < 10; ++place) {
    encode(large, value);
    encode(small, value);
    encode(reference, value);
    queue_key(1, place, key);
  }
  EXPECT_EQ(g_allocations, before);
}

TEST(Allocation, DecodingAMessageTakesNothing) {
  const std::string value = encoded(queued(full_message()));
  const std::size_t before = g_allocations;
  EXPECT_TRUE(decode_queue(value).has_value());
  EXPECT_EQ(g_allocations, before);
}

TEST(Allocation, WhatAValueClaimsToHoldIsNotBelieved) {
  for (const Kind& kind : kinds()) {
    for (const std::string& sample : kind.samples) {
      const std::string body = sample.substr(0, sample.size() - kChecksumBytes);
      for (std::size_t at = 1; at < body.size(); ++at) {
        std::string claim = body;
        claim.replace(at, std::min<std::size_t>(4, body.size() - at), bytes("ffffff7f"));
        claim = sealed(claim);
        g_largest = 0;
        static_cast<void>(kind.again(claim));
        // A subscription id takes four bytes in memory and one on disk; an encoder has some room to spare.
        EXPECT_LE(g_largest, 2 * (4 * claim.size() + 64)) << kind.name << " " << at;
      }
    }
  }
}

}  // namespace
}  // namespace sluice::storage::test
