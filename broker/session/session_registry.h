// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include <boost/unordered/unordered_flat_map.hpp>

#include "broker/api/types.h"
#include "shared/base/text_hash.h"
#include "shared/base/thread_annotations.h"

namespace sluice::session {

/// Which session a client id belongs to.
/// Purpose: there is never more than one session for a client id in the process [MQTT-3.1.4-3]. Connecting and ending
/// ask here; messages never do.
/// Thread safety: any thread; 64 independent locks.
class SessionRegistry {
 public:
  [[nodiscard]] std::optional<SessionRef> find(std::string_view client_id) const {
    const Part& part = part_of(client_id);
    MutexLock lock(part.mutex);
    const auto found = part.sessions.find(client_id);
    if (found == part.sessions.end()) return std::nullopt;
    return found->second;
  }
  /// False if the id has a session already. `client_id` must live until erase().
  bool insert(std::string_view client_id, SessionRef session) {
    Part& part = part_of(client_id);
    MutexLock lock(part.mutex);
    return part.sessions.emplace(client_id, session).second;
  }
  void erase(std::string_view client_id) {
    Part& part = part_of(client_id);
    MutexLock lock(part.mutex);
    part.sessions.erase(client_id);
  }

 private:
  static constexpr std::size_t kParts = 64;
  struct Part {
    mutable Mutex mutex;
    boost::unordered_flat_map<std::string_view, SessionRef, SharedTextHash> sessions GUARDED_BY(mutex);
  };

  // By the upper bits: the table inside a part uses the others.
  static std::size_t index_of(std::string_view id) { return SharedTextHash()(id) / (SIZE_MAX / kParts + 1); }
  [[nodiscard]] Part& part_of(std::string_view id) { return parts_[index_of(id)]; }
  [[nodiscard]] const Part& part_of(std::string_view id) const { return parts_[index_of(id)]; }

  std::array<Part, kParts> parts_;
};

}  // namespace sluice::session
