// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/written_mark.h"

#include <fcntl.h>
#include <fstream>
#include <sys/mman.h>
#include <unistd.h>

namespace sluice::storage {

WrittenMark::WrittenMark(const std::filesystem::path& file) {
  if (file.empty()) return;
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor < 0) return;
  if (::ftruncate(descriptor, sizeof(std::uint64_t)) == 0) {
    void* const at = ::mmap(nullptr, sizeof(std::uint64_t), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (at != MAP_FAILED) mark_ = static_cast<volatile std::uint64_t*>(at);
  }
  ::close(descriptor);
}

std::uint64_t WrittenMark::peek(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::uint64_t number = 0;
  return in.read(reinterpret_cast<char*>(&number), sizeof number) ? number : 0;
}

WrittenMark::~WrittenMark() {
  if (mark_ != nullptr) ::munmap(const_cast<std::uint64_t*>(mark_), sizeof(std::uint64_t));
}

}  // namespace sluice::storage
