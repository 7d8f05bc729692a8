// SPDX-License-Identifier: Apache-2.0
#include "shared/net/udp/outgoing_datagrams.h"

namespace sluice {
namespace {

template <class T>
void empty_out(std::vector<T>& items) {
  items.clear();
  if (items.capacity() * sizeof(T) > OutgoingDatagrams::kKept) std::vector<T>().swap(items);
}

template <class T>
void cut_front(std::vector<T>& items, std::size_t count) {
  items.erase(items.begin(), items.begin() + static_cast<std::ptrdiff_t>(count));
}

}  // namespace

void OutgoingDatagrams::push(const DatagramPath& path, std::span<const std::byte> bytes) {
  entries_.push_back({.path = path, .length = static_cast<std::uint32_t>(bytes.size()), .offset = bytes_.size()});
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
}

std::size_t OutgoingDatagrams::size() const {
  if (empty()) return 0;
  return bytes_.size() - entries_[first_].offset + waiting().size_bytes();
}

void OutgoingDatagrams::settle() {
  if (empty()) {
    empty_out(bytes_);
    empty_out(entries_);
    first_ = 0;
  } else if (first_ > entries_.size() / 2) {  // less is moved than has left
    const std::size_t gone = entries_[first_].offset;
    cut_front(entries_, first_);
    cut_front(bytes_, gone);
    for (Entry& entry : entries_) entry.offset -= gone;
    first_ = 0;
  }
}

}  // namespace sluice
