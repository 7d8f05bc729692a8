// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace sluice::storage {

/// What is kept apart on disk. The keys and values of each are in FORMAT.md.
enum class Table : std::uint8_t {
  Meta,           ///< format version, start counter, number of the last batch
  Sessions,       ///< session id → who it belongs to, when it ends
  Subscriptions,  ///< session id, filter → options
  Queues,         ///< session id, place → a message that waits, or a reference to one
  Messages,       ///< message id → a message that waits in several queues
  InboundQos2,    ///< session id, packet id → received and not released
  Retained,       ///< topic → message
  Wills,          ///< session id → will and when it is due
  Gateways,       ///< gateway, key → the gateway's own
  Users,          ///< user → password hash
};
inline constexpr std::size_t kTables = 10;

/// Changes that belong together, in order: one block of bytes, so that a shard fills it without an allocation a change.
/// Owner: whoever fills it, then the commit log. Thread safety: none.
class WriteBatch {
 public:
  enum class Op : std::uint8_t { Put, Erase, EraseOnce };
  struct Change {
    Op op;
    Table table;
    std::string_view key;
    std::string_view value;  ///< empty unless Put
  };

  void put(Table table, std::string_view key, std::string_view value) { add(Op::Put, table, key, value); }
  void erase(Table table, std::string_view key) { add(Op::Erase, table, key, {}); }
  /// Cheaper than erase(). Requires: the key was put exactly once since it was last absent.
  void erase_once(Table table, std::string_view key) { add(Op::EraseOnce, table, key, {}); }

  [[nodiscard]] bool empty() const { return count_ == 0; }
  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t bytes() const { return bytes_.size(); }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  void clear() {
    bytes_.clear();
    count_ = 0;
  }

  /// Visits every change in order: f(const Change&).
  template <class F>
  void for_each(F&& f) const {
    const char* at = bytes_.data();
    const char* const end = at + bytes_.size();
    while (at != end) {
      Header header;
      std::memcpy(&header, at, sizeof(header));
      at += sizeof(header);
      const std::string_view key(at, header.key_size);
      const std::string_view value(at + header.key_size, header.value_size);
      f(Change{header.op, header.table, key, value});
      at += key.size() + value.size();
    }
  }

 private:
  struct Header {
    std::uint32_t key_size;
    std::uint32_t value_size;
    Op op;
    Table table;
    std::uint16_t unused;
  };

  void add(Op op, Table table, std::string_view key, std::string_view value) {
    const Header header{static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size()), op, table, 0};
    bytes_.append(reinterpret_cast<const char*>(&header), sizeof(header));
    bytes_.append(key).append(value);
    ++count_;
  }

  std::string bytes_;
  std::size_t count_ = 0;
};

}  // namespace sluice::storage
