// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/api/gateway_store.h"
#include "shared/base/thread_annotations.h"

namespace sluice::coap {

/// Topics of /ps that exist without a value: created and not published to, or with a value that has expired. What has a
/// value is in the retained store and nowhere else. Kept as durably as the core keeps what belongs to gateways.
/// Thread safety: any shard.
class CreatedTopics {
 public:
  /// `store` outlives it; null: nothing is kept.
  CreatedTopics(std::size_t most, GatewayStore* store) : most_(most), store_(store) {}

  /// Reads what an earlier server kept. On a shard, once.
  void load();

  struct Created {
    std::uint16_t content_format = 0;
  };
  [[nodiscard]] std::optional<Created> find(std::string_view topic) const;
  /// Makes it, or changes its format. False: there are too many.
  bool put(std::string_view topic, std::uint16_t content_format);
  void remove(std::string_view topic);
  /// The topic and what is below it, `most` of them at most.
  [[nodiscard]] std::vector<std::string> tree(std::string_view topic, std::size_t most) const;
  struct Listed {
    std::string topic;
    std::uint16_t content_format = 0;
  };
  /// `most` at most, those below `scope`.
  [[nodiscard]] std::vector<Listed> list(std::string_view scope, std::size_t most) const;

 private:
  const std::size_t most_;
  GatewayStore* const store_;
  mutable Mutex mutex_;
  std::map<std::string, Created, std::less<>> topics_ GUARDED_BY(mutex_);
};

}  // namespace sluice::coap
