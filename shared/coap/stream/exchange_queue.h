// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "shared/coap/codec/pdu.h"

namespace sluice::coap {

/// What came from a peer and is not answered yet, in the order in which it came: requests, and the signals that wait
/// for the requests before them [RFC 8323 5.4.1, 5.5]. Requests are answered in any order, found by token; a peer that
/// uses one token for several at once gets them counted, not told apart.
/// Pure. Owner and thread: the connection's. Few entries.
class ExchangeQueue {
 public:
  enum class Kind : std::uint8_t {
    Request,
    QuietRequest,  ///< one that may end without an answer [RFC 7967]
    Ping,          ///< to be answered when everything before it is
    Release,       ///< likewise
  };
  struct Entry {
    Kind kind = Kind::Request;
    Token token;
  };

  void add(Kind kind, const Token& token) { entries_.push_back({kind, token}); }
  /// A request was answered.
  void answered(const Token& token) {
    const auto found =
        std::ranges::find_if(entries_, [&](const Entry& entry) { return is_request(entry) && entry.token == token; });
    if (found != entries_.end()) entries_.erase(found);
  }
  /// A request ended without an answer: the last one if it is `the_last`, otherwise the first that may.
  void ended_quietly(bool the_last) {
    if (the_last && !entries_.empty() && entries_.back().kind == Kind::QuietRequest) return entries_.pop_back();
    const auto found = std::ranges::find(entries_, Kind::QuietRequest, &Entry::kind);
    if (found != entries_.end()) entries_.erase(found);
  }
  /// Takes the signal whose turn has come; nullopt: a request is before everything else, or nothing is there.
  std::optional<Entry> next_signal() {
    if (entries_.empty() || is_request(entries_.front())) return std::nullopt;
    const Entry entry = entries_.front();
    entries_.erase(entries_.begin());
    return entry;
  }

  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  void clear() { entries_.clear(); }

 private:
  static bool is_request(const Entry& entry) { return entry.kind <= Kind::QuietRequest; }

  std::vector<Entry> entries_;
};

}  // namespace sluice::coap
