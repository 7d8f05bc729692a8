// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "broker/auth/load_error.h"
#include "shared/base/thread_annotations.h"

namespace sluice::auth {

/// Pre-shared keys for TLS and DTLS (`psk.file`): one `identity:hexkey` a line, `#` begins a comment line.
/// The identity may hold colons: the last one splits. Limits: identity 1…256 bytes, key 1…256 bytes.
/// Owner: the app. Thread safety: any thread.
class PskStore {
 public:
  using Key = std::vector<std::byte>;

  /// Replaces everything; after an error the old keys stay. The text of errors holds no key.
  [[nodiscard]] LoadResult<void> load_file(const std::filesystem::path& path);
  [[nodiscard]] LoadResult<void> load_text(std::string_view text);

  /// Empty for an unknown identity.
  [[nodiscard]] Key key(std::string_view identity) const;
  [[nodiscard]] std::size_t size() const;

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  using Keys = std::unordered_map<std::string, Key, Hash, std::equal_to<>>;

  mutable Mutex mutex_;
  Keys keys_ GUARDED_BY(mutex_);
};

}  // namespace sluice::auth
