// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/written_mark.h"

#include <fcntl.h>
#include <fstream>
#include <unistd.h>

namespace sluice::storage {

WrittenMark::WrittenMark(const std::filesystem::path& file) {
  if (!file.empty()) file_ = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
}

std::uint64_t WrittenMark::peek(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t number = 0;
  return in.read(reinterpret_cast<char*>(&number), sizeof number) ? number : 0;
}

WrittenMark::~WrittenMark() {
  if (file_ >= 0) ::close(file_);
}

std::uint64_t WrittenMark::read() const {
  std::uint64_t number = 0;
  return file_ >= 0 && ::pread(file_, &number, sizeof(number), 0) == sizeof(number) ? number : 0;
}

void WrittenMark::write(std::uint64_t number) {
  if (file_ >= 0 && ::pwrite(file_, &number, sizeof(number), 0) != sizeof(number)) return;
}

}  // namespace sluice::storage
