// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "broker/api/message.h"
#include "broker/management/stats.h"
#include "shared/base/clock.h"

namespace sluice::management {

/// The messages of `$SYS/#` that come by the clock (manual 8.21.1, 8.21.3, 8.21.4).
/// As in EMQ 2.x, `$SYS/brokers`, `…/version` and `…/sysdescr` are retained; `…/uptime`, `…/datetime`, `…/stats/…` and
/// `…/metrics/…` are not: their subscribers get the next ones.
/// Thread: the management thread.
class SysTopics {
 public:
  /// Takes messages to where they are published.
  using Publish = std::function<void(std::vector<MessagePtr>)>;
  struct Identity {
    std::string node;
    std::string version;
  };

  SysTopics(Identity identity, Publish publish) : identity_(std::move(identity)), publish_(std::move(publish)) {}

  /// Who this is. Retained.
  void publish_identity(UnixMillis now) const;
  void publish_clock(std::chrono::seconds uptime, UnixMillis now) const;
  void publish_figures(const Figures& stats, const Figures& metrics, UnixMillis now) const;

  /// The names of all topics that are published for these figures: what `topics list` calls static.
  [[nodiscard]] std::vector<std::string> topics(const Figures& stats, const Figures& metrics) const;

  static constexpr std::string_view kDescription = "Sluice MQTT Broker";

 private:
  [[nodiscard]] MessagePtr message(const std::string& topic, std::string_view payload, bool retain,
                                   UnixMillis now) const;

  const Identity identity_;
  const Publish publish_;
};

/// When what is due: the clock every second, everything else at once and then every interval.
/// Thread: one. Pure.
class SysSchedule {
 public:
  /// True if the figures are due. `interval` 0: never.
  bool figures_due(TimePoint now, std::chrono::seconds interval) {
    if (interval <= std::chrono::seconds::zero() || (begun_ && now + kSlack < last_ + interval)) return false;
    begun_ = true;
    last_ = now;
    return true;
  }

 private:
  /// Half of the second after which it is asked again: one that comes a little early is no reason to wait for the next.
  static constexpr auto kSlack = std::chrono::milliseconds(500);

  TimePoint last_{};
  bool begun_ = false;
};

}  // namespace sluice::management
