// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>

namespace sluice::storage {

/// The number of the last batch that was written, in a mapped file beside the store: one memory write a batch, kept by
/// the operating system when the process dies, and given to the device whenever that likes. After a loss of power it
/// tells of batches that the store itself does not know of any more.
/// Thread: one; the file may be read before.
class WrittenMark {
 public:
  /// An empty path, or a file that cannot be had: nothing is kept.
  explicit WrittenMark(const std::filesystem::path& file);
  ~WrittenMark();
  WrittenMark(const WrittenMark&) = delete;
  WrittenMark& operator=(const WrittenMark&) = delete;

  /// The number in a file that nobody keeps at the moment, which stays as it is; 0: there is none.
  static std::uint64_t peek(const std::filesystem::path& file);

  [[nodiscard]] std::uint64_t read() const { return mark_ == nullptr ? 0 : *mark_; }
  void write(std::uint64_t number) {
    if (mark_ != nullptr) *mark_ = number;
  }

 private:
  volatile std::uint64_t* mark_ = nullptr;
};

}  // namespace sluice::storage
