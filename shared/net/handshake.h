// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>

#include "shared/base/shard.h"
#include "shared/net/accepted_socket.h"
#include "shared/net/proxy_protocol.h"

namespace sluice {

/// What stands between accept() and the protocol on some listeners: the PROXY header, then the TLS handshake.
/// Each has its own time limit from the listener's settings.
/// Owner: the shard's part of the listener. Thread: its shard's.
class Handshake final : private Pollable, private WheelTimer {
 public:
  /// Told exactly once, in a later turn than begin(); the handshake may be destroyed in the call.
  class Owner {
   public:
    /// `socket.fd` is empty when the handshake failed; that has been counted and logged.
    virtual void handshake_over(Handshake& handshake, AcceptedSocket socket) = 0;

   protected:
    ~Owner() = default;
  };

  Handshake(Shard& shard, Owner& owner, AcceptedSocket socket);
  ~Handshake();

  static bool needed(const ListenerSettings& settings) { return settings.proxy_protocol || settings.tls.has_value(); }

  /// False: the kernel takes no more watches; the handshake has failed and the owner is not told.
  [[nodiscard]] bool begin();

 private:
  void on_ready(std::uint32_t events) override;
  void on_timer(TimePoint now) override;
  bool read_proxy_header();
  void adopt_proxy_header();
  bool begin_tls();
  void step_tls();
  void succeed();
  void fail();
  void fail_proxy(const char* reason);
  void fail_tls(const std::string& reason, bool late);
  [[nodiscard]] const ListenerSettings& settings() const { return socket_.slot->settings; }

  Shard& shard_;
  Owner& owner_;
  AcceptedSocket socket_;
  std::unique_ptr<ProxyParser> proxy_;  ///< null: no header is awaited
  std::uint32_t events_ = 0;            ///< what the poller watches; 0: not in it
};

}  // namespace sluice
