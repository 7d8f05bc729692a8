// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>

#include "bench/sluice_bench/coap/exchanges.h"
#include "bench/sluice_bench/coap/message.h"
#include "bench/sluice_bench/coap/peer_socket.h"
#include "bench/sluice_bench/harness.h"

namespace sluice::bench::coap {

/// What a load sends, and what it makes of the answers.
class RequestSource {
 public:
  virtual ~RequestSource() = default;
  /// Whose request is next; nullopt: none at present (`wake()` says when to ask again).
  virtual std::optional<Peer> next(Nanos now) = 0;
  [[nodiscard]] virtual Nanos wake() const { return kNever; }
  /// Writes the request of `exchange.peer` into `exchange.bytes`.
  virtual void write(Exchanges::Exchange& exchange) = 0;
  virtual void answered(const Exchanges::Exchange& exchange, const Message& answer, Nanos now) = 0;
  /// A message that answers no request. true: it is expected; a confirmable one is acknowledged then, and reset else.
  virtual bool received(Peer, const Message&, Nanos) { return false; }
};

/// The requests of many peers over one socket, a bounded number at a time.
/// Thread: the one that calls it; it waits in here.
class RequestLoop {
 public:
  RequestLoop(PeerSocket& socket, MessageIds& ids, std::size_t window)
      : socket_(socket), exchanges_(socket, ids, window) {}

  /// Starts what the source has and takes what comes, until `done`. false: `until` was reached before, or the program
  /// was interrupted.
  bool run(RequestSource& source, Nanos until, const std::function<bool()>& done);
  /// The same without starting anything.
  bool wait(RequestSource& source, Nanos until, const std::function<bool()>& done);
  /// Waits for the answers to what was started.
  bool drain(RequestSource& source, Nanos until);

  [[nodiscard]] const Exchanges& exchanges() const { return exchanges_; }
  /// A peer had no message id left for what it was to send.
  [[nodiscard]] bool out_of_ids() const { return out_of_ids_; }
  /// Messages that nobody waited for or that could not be read.
  [[nodiscard]] std::uint64_t unexpected() const { return unexpected_; }

 private:
  void start_all(RequestSource& source);
  void take_all(RequestSource& source, Nanos deadline);
  void take(RequestSource& source, const Datagram& datagram, Nanos now);

  PeerSocket& socket_;
  Exchanges exchanges_;
  Bytes reply_;
  std::uint64_t unexpected_ = 0;
  bool out_of_ids_ = false;
};

}  // namespace sluice::bench::coap
