// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/prefix_memtable.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <deque>
#include <functional>
#include <iterator>
#include <map>
#include <new>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/endian/conversion.hpp>

#include "shared/base/thread_annotations.h"

namespace sluice::storage {
namespace {

constexpr std::size_t kWord = 8;
/// A prefix with more entries keeps them sorted for the next reader.
constexpr std::size_t kKeepSorted = 256;
/// What a prefix takes beside its entries: a node of the hash table, one of the map, the bucket.
constexpr std::size_t kBucketBytes = 192;

/// Eight bytes of the key as a number that sorts as they do; a shorter key is filled with zeros, which sorts it before
/// or beside all that it is a prefix of.
std::uint64_t word_at(std::string_view key, std::size_t at) {
  unsigned char bytes[kWord] = {};
  if (key.size() > at) std::memcpy(bytes, key.data() + at, std::min(kWord, key.size() - at));
  return boost::endian::load_big_u64(bytes);
}

/// An entry of RocksDB: length (varint), user key, tag (sequence number and type, little endian), value.
/// The list's pointer stands in front of it, not aligned.
struct Entry {
  std::uint64_t word;  ///< of the user key behind its prefix
  std::uint64_t tag;
  std::string_view key;
  const char* at;

  Entry(std::string_view internal_key, const char* entry)
      : tag(0), key(internal_key.substr(0, internal_key.size() - kWord)), at(entry) {
    word = word_at(key, kWord);
    unsigned char bytes[kWord];
    std::memcpy(bytes, internal_key.data() + key.size(), kWord);
    tag = boost::endian::load_little_u64(bytes);
  }
  /// Newer entries of a key stand before older ones.
  friend bool operator<(const Entry& a, const Entry& b) {
    if (a.word != b.word) return a.word < b.word;
    if (const int order = a.key.compare(b.key); order != 0) return order < 0;
    return a.tag > b.tag;
  }
};
using Entries = std::vector<Entry>;

std::string_view internal_key(const char* entry) {
  std::uint32_t size = 0;
  for (std::uint32_t shift = 0;; shift += 7) {
    const auto byte = static_cast<std::uint8_t>(*entry++);
    size |= static_cast<std::uint32_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) break;
  }
  return {entry, size};
}

std::uint64_t prefix_of(std::string_view internal_key) {
  return word_at(internal_key.substr(0, internal_key.size() - kWord), 0);
}

const char* older(const char* entry) {
  const char* next;
  std::memcpy(&next, entry - sizeof(next), sizeof(next));
  return next;
}

/// The entries from `newest` to before `end`, sorted; about `count`.
/// A queue is filled and emptied in the order of its keys: newest first, it falls in two runs, which only need to be
/// merged. A key that fits neither run ends that.
Entries sort_entries(const char* newest, const char* end, std::size_t count) {
  Entries first;
  Entries second;
  first.reserve(count);
  bool runs = true;
  for (const char* at = newest; at != end; at = older(at)) {
    const Entry entry(internal_key(at), at);
    if (!runs || first.empty() || entry < first.back()) {
      first.push_back(entry);
      continue;
    }
    if (second.empty()) second.reserve(count / 2);
    runs = second.empty() || entry < second.back();
    second.push_back(entry);
  }
  if (!runs) {
    first.insert(first.end(), second.begin(), second.end());
    std::ranges::sort(first, std::less());
    return first;
  }
  Entries merged;
  merged.reserve(first.size() + second.size());
  std::merge(first.rbegin(), first.rend(), second.rbegin(), second.rend(), std::back_inserter(merged));
  return merged;
}

/// The entries of one prefix, newest first; and sorted, as far as a reader wanted them to be.
struct Bucket {
  std::atomic<const char*> newest{nullptr};
  std::atomic<std::size_t> count{0};
  Mutex mutex;
  std::shared_ptr<const Entries> sorted GUARDED_BY(mutex);
  const char* sorted_to GUARDED_BY(mutex) = nullptr;  // the newest entry in `sorted`

  std::shared_ptr<const Entries> sort();
};

std::shared_ptr<const Entries> Bucket::sort() {
  const MutexLock lock(mutex);
  const char* const from = newest.load(std::memory_order_acquire);
  if (sorted && from == sorted_to) return sorted;
  const std::size_t unsorted = count.load(std::memory_order_relaxed) - (sorted ? sorted->size() : 0);
  auto entries = std::make_shared<Entries>(sort_entries(from, sorted_to, unsorted));
  if (sorted) {
    auto merged = std::make_shared<Entries>();
    merged->reserve(entries->size() + sorted->size());
    std::ranges::merge(*entries, *sorted, std::back_inserter(*merged), std::less());
    entries = std::move(merged);
  }
  if (entries->size() > kKeepSorted) {
    sorted = entries;
    sorted_to = from;
  }
  return entries;
}

/// The iterator of the look-up that this thread is in.
thread_local rocksdb::MemTableRep::Iterator* lent = nullptr;

class PrefixMemTable final : public rocksdb::MemTableRep {
 public:
  explicit PrefixMemTable(rocksdb::Allocator* allocator) : MemTableRep(allocator) {}

  rocksdb::KeyHandle Allocate(std::size_t length, char** entry) override {
    char* place = nullptr;
    MemTableRep::Allocate(length + sizeof(const char*), &place);
    *entry = place + sizeof(const char*);
    return *entry;
  }
  void Insert(rocksdb::KeyHandle handle) override;
  bool Contains(const char* entry) const override;
  void Get(const rocksdb::LookupKey& key, void* arguments, bool (*visit)(void*, const char*)) override;
  std::size_t ApproximateMemoryUsage() override {
    return buckets_count_.load(std::memory_order_relaxed) * kBucketBytes;
  }
  Iterator* GetIterator(rocksdb::Arena* arena) override;
  Iterator* GetDynamicPrefixIterator(rocksdb::Arena* arena) override;

 private:
  using Order = std::map<std::uint64_t, Bucket>;
  class Place;
  class Walk;

  Bucket* add_bucket(std::uint64_t prefix, const char* entry);
  std::unordered_map<std::uint64_t, Bucket*> buckets_;  // the writer's
  std::pair<std::uint64_t, Bucket*> last_{};            // "
  std::atomic<std::size_t> buckets_count_{0};
  mutable Mutex mutex_;
  mutable Order order_ GUARDED_BY(mutex_);
  std::deque<std::unique_ptr<std::byte[]>> places_ GUARDED_BY(mutex_);  // of iterators
  std::vector<void*> free_places_ GUARDED_BY(mutex_);
};

/// Where an iterator lives. RocksDB wants some in an Arena, which is none of its public classes, and calls no more than
/// their destructors: so the memory is the buffer's, which uses it again.
/// A base of the iterator, and the first one: its destructor is the last to run.
class PrefixMemTable::Place {
 public:
  /// `memory` null: it lives on the stack.
  Place(PrefixMemTable& table, void* memory) : table_(table), memory_(memory) {}
  ~Place() {
    if (memory_ == nullptr) return;
    PrefixMemTable& table = table_;
    void* const memory = memory_;
    const MutexLock lock(table.mutex_);
    table.free_places_.push_back(memory);
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 protected:
  PrefixMemTable& table_;

 private:
  void* const memory_;
};

/// Goes through the buckets in order; stands in one of them.
class PrefixMemTable::Walk final : private Place, public MemTableRep::Iterator {
 public:
  explicit Walk(PrefixMemTable& table, void* memory = nullptr) : Place(table, memory) {}
  static void* operator new(std::size_t, void* memory) { return memory; }
  static void operator delete(void*) {}

  bool Valid() const override { return entries_ != nullptr; }
  const char* key() const override { return (*entries_)[at_].at; }
  void Next() override {
    if (++at_ == entries_->size()) enter(bucket_from(prefix_, Side::Behind));
  }
  void Prev() override {
    if (at_-- == 0) enter_at_end(bucket_from(prefix_, Side::Before));
  }
  void Seek(const rocksdb::Slice& internal_key, const char*) override {
    const Entry wanted({internal_key.data(), internal_key.size()}, nullptr);
    const std::uint64_t prefix = word_at(wanted.key, 0);
    enter(bucket_from(prefix, Side::From));
    if (!Valid() || prefix_ != prefix) return;
    at_ = static_cast<std::size_t>(std::lower_bound(entries_->begin(), entries_->end(), wanted) - entries_->begin());
    if (at_ == entries_->size()) enter(bucket_from(prefix, Side::Behind));
  }
  void SeekForPrev(const rocksdb::Slice& internal_key, const char* entry) override {
    const Entry wanted({internal_key.data(), internal_key.size()}, nullptr);
    Seek(internal_key, entry);
    if (!Valid()) {
      SeekToLast();
    } else if (prefix_ != word_at(wanted.key, 0) || wanted < (*entries_)[at_]) {
      Prev();
    }
  }
  void SeekToFirst() override { enter(bucket_from(0, Side::From)); }
  void SeekToLast() override { enter_at_end(bucket_from(0, Side::Last)); }

 private:
  enum class Side : std::uint8_t { From, Behind, Before, Last };
  using Found = std::pair<std::uint64_t, Bucket*>;

  Found bucket_from(std::uint64_t prefix, Side side) {
    const MutexLock lock(table_.mutex_);
    Order& order = table_.order_;
    auto found = side == Side::Last     ? order.end()
                 : side == Side::Behind ? order.upper_bound(prefix)
                                        : order.lower_bound(prefix);
    if (side == Side::Before || side == Side::Last) {
      if (found == order.begin()) return {};
      --found;
    }
    if (found == order.end()) return {};
    return {found->first, &found->second};
  }
  void enter(Found found) {
    at_ = 0;
    prefix_ = found.first;
    entries_ = found.second == nullptr ? nullptr : found.second->sort();
  }
  void enter_at_end(Found found) {
    enter(found);
    if (Valid()) at_ = entries_->size() - 1;
  }

  std::uint64_t prefix_ = 0;
  std::shared_ptr<const Entries> entries_;  // null: stands nowhere
  std::size_t at_ = 0;
};

void PrefixMemTable::Insert(rocksdb::KeyHandle handle) {
  char* const entry = static_cast<char*>(handle);
  const std::uint64_t prefix = prefix_of(internal_key(entry));
  if (last_.second == nullptr || last_.first != prefix) last_ = {prefix, buckets_[prefix]};
  Bucket* bucket = last_.second;
  const char* const next = bucket == nullptr ? nullptr : bucket->newest.load(std::memory_order_relaxed);
  std::memcpy(entry - sizeof(next), &next, sizeof(next));
  if (bucket == nullptr) bucket = add_bucket(prefix, entry);
  bucket->count.store(bucket->count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  bucket->newest.store(entry, std::memory_order_release);
}

/// Readers never find one without an entry.
Bucket* PrefixMemTable::add_bucket(std::uint64_t prefix, const char* entry) {
  const MutexLock lock(mutex_);
  Bucket* const bucket = &order_[prefix];
  bucket->newest.store(entry, std::memory_order_release);
  last_.second = buckets_[prefix] = bucket;
  buckets_count_.store(buckets_.size(), std::memory_order_relaxed);
  return bucket;
}

bool PrefixMemTable::Contains(const char* entry) const {
  const Entry wanted(internal_key(entry), entry);
  const MutexLock lock(mutex_);
  const auto bucket = order_.find(word_at(wanted.key, 0));
  if (bucket == order_.end()) return false;
  const auto entries = bucket->second.sort();
  return std::binary_search(entries->begin(), entries->end(), wanted);
}

/// LookupKey is none of RocksDB's public classes: the look-up of the base class can read it. That one asks for an
/// iterator and never deletes it.
void PrefixMemTable::Get(const rocksdb::LookupKey& key, void* arguments, bool (*visit)(void*, const char*)) {
  Walk walk(*this);
  lent = &walk;
  MemTableRep::Get(key, arguments, visit);
  lent = nullptr;
}

rocksdb::MemTableRep::Iterator* PrefixMemTable::GetDynamicPrefixIterator(rocksdb::Arena* arena) {
  return lent != nullptr ? lent : GetIterator(arena);
}

rocksdb::MemTableRep::Iterator* PrefixMemTable::GetIterator(rocksdb::Arena*) {
  void* place = nullptr;
  {
    const MutexLock lock(mutex_);
    if (free_places_.empty()) {
      places_.push_back(std::make_unique<std::byte[]>(sizeof(Walk)));
      free_places_.push_back(places_.back().get());
    }
    place = free_places_.back();
    free_places_.pop_back();
  }
  return new (place) Walk(*this, place);
}

class PrefixMemTableFactory final : public rocksdb::MemTableRepFactory {
 public:
  using MemTableRepFactory::CreateMemTableRep;
  rocksdb::MemTableRep* CreateMemTableRep(const rocksdb::MemTableRep::KeyComparator&, rocksdb::Allocator* allocator,
                                          const rocksdb::SliceTransform*, rocksdb::Logger*) override {
    return new PrefixMemTable(allocator);
  }
  const char* Name() const override { return "SluicePrefixMemTable"; }
};

}  // namespace

std::shared_ptr<rocksdb::MemTableRepFactory> make_prefix_memtable_factory() {
  return std::make_shared<PrefixMemTableFactory>();
}

}  // namespace sluice::storage
