// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>

#include "shared/base/timing_wheel.h"
#include "shared/net/datagram.h"
#include "shared/net/dtls/dtls_engine.h"
#include "shared/net/dtls/dtls_records.h"

namespace sluice {

/// What a port knows of one association. An idle one is this, its keys included, and nothing else.
/// Owner: its port. Thread: the shard.
class DtlsAssociation final : public WheelTimer {
 public:
  enum class Stage : std::uint8_t {
    Handshaking,  ///< its deadline is the handshake's
    Settling,     ///< finished; OpenSSL stays, to repeat the last flight if it was lost [RFC 6347 4.2.4]
    Open,         ///< it lives until nothing has been heard for long enough
    Ended,        ///< out of the table; destroyed at the end of the turn
  };

  class Owner {
   public:
    virtual void on_association_timer(DtlsAssociation& association) = 0;

   protected:
    ~Owner() = default;
  };

  DtlsAssociation(Owner& its_owner, const DatagramPath& way, std::unique_ptr<DtlsEngine> its_engine)
      : owner(its_owner), path(way), engine(std::move(its_engine)) {}

  Owner& owner;
  DatagramPath path;                            ///< the way the last good record came
  std::unique_ptr<DtlsEngine> engine;           ///< null once `records` took over
  std::optional<DtlsRecords> records;           ///< ours, instead of OpenSSL's
  std::shared_ptr<const TlsIdentity> identity;  ///< null: it proved nothing, or not yet
  TimePoint heard{};                            ///< when the last good record came
  Stage stage = Stage::Handshaking;

 private:
  void on_timer(TimePoint) override { owner.on_association_timer(*this); }
};

}  // namespace sluice
