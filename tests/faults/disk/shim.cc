// SPDX-License-Identifier: Apache-2.0
// A disk that fails when a test asks for it: loaded before the server's libraries (LD_PRELOAD), it stands between the
// server and the files below one folder. DISK_FAULT_FOLDER names the folder, DISK_FAULT_CONTROL a file of four 32-bit
// words that the test writes at any time: see Control.
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <climits>

namespace {

struct Control {
  std::atomic<std::uint32_t> write_error;  ///< errno of whatever changes something; 0: none
  std::atomic<std::uint32_t> read_error;   ///< errno of reads; 0: none
  std::atomic<std::uint32_t> slow_ms;      ///< how long whatever changes something takes
  std::atomic<std::uint32_t> hits;         ///< calls that failed or were delayed
};

constexpr int kDescriptors = 65536;
std::atomic<bool> watched[kDescriptors];
Control* control = nullptr;
char folder[PATH_MAX];
std::size_t folder_length = 0;

__attribute__((constructor)) void begin() {
  const char* const file = std::getenv("DISK_FAULT_CONTROL");
  const char* const name = std::getenv("DISK_FAULT_FOLDER");
  if (file == nullptr || name == nullptr || std::strlen(name) >= sizeof(folder)) return;
  folder_length = std::strlen(name);
  std::memcpy(folder, name, folder_length);
  const auto opened = static_cast<int>(syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC, 0));
  if (opened < 0) return;
  void* const at = mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED, opened, 0);
  syscall(SYS_close, opened);
  if (at != MAP_FAILED) control = static_cast<Control*>(at);
}

bool below(const char* path) { return control != nullptr && std::strncmp(path, folder, folder_length) == 0; }
bool is_watched(int file) { return file >= 0 && file < kDescriptors && watched[file].load(); }

/// True: the call is to fail, and errno says how.
bool write_fails() {
  if (const std::uint32_t slow = control->slow_ms.load(); slow != 0) {
    ++control->hits;
    timespec left{static_cast<time_t>(slow / 1000), static_cast<long>(slow % 1000) * 1'000'000};
    while (nanosleep(&left, &left) != 0) {
    }
  }
  const std::uint32_t error = control->write_error.load();
  if (error == 0) return false;
  ++control->hits;
  errno = static_cast<int>(error);
  return true;
}

bool read_fails() {
  const std::uint32_t error = control->read_error.load();
  if (error == 0) return false;
  ++control->hits;
  errno = static_cast<int>(error);
  return true;
}

/// Opening a file for writing fails where a real one would: when it has to be made, or nothing may be written.
bool open_fails(const char* path, int flags) {
  if (!below(path) || (flags & O_DIRECTORY) != 0) return false;
  if ((flags & O_ACCMODE) == O_RDONLY) return read_fails();
  const bool changes = (flags & (O_CREAT | O_TRUNC)) != 0 || control->write_error.load() == EROFS;
  return changes && write_fails();
}

int watch(long file, const char* path) {
  if (file >= 0 && file < kDescriptors) watched[file] = below(path);
  return static_cast<int>(file);
}

}  // namespace

extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(more, mode_t) : 0;
  va_end(more);
  if (open_fails(path, flags)) return -1;
  return watch(syscall(SYS_openat, AT_FDCWD, path, flags, mode), path);
}

int close(int file) {
  if (file >= 0 && file < kDescriptors) watched[file] = false;
  return static_cast<int>(syscall(SYS_close, file));
}

ssize_t write(int file, const void* data, size_t size) {
  if (is_watched(file) && write_fails()) return -1;
  return syscall(SYS_write, file, data, size);
}

ssize_t pwrite(int file, const void* data, size_t size, off_t at) {
  if (is_watched(file) && write_fails()) return -1;
  return syscall(SYS_pwrite64, file, data, size, at);
}

ssize_t pread(int file, void* data, size_t size, off_t at) {
  if (is_watched(file) && read_fails()) return -1;
  return syscall(SYS_pread64, file, data, size, at);
}

int fsync(int file) {
  if (is_watched(file) && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_fsync, file));
}

int fdatasync(int file) {
  if (is_watched(file) && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_fdatasync, file));
}

int ftruncate(int file, off_t size) noexcept {
  if (is_watched(file) && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_ftruncate, file, size));
}

int fallocate(int file, int mode, off_t at, off_t size) {
  if (is_watched(file) && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_fallocate, file, mode, at, size));
}

int rename(const char* from, const char* to) noexcept {
  if (below(to) && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_rename, from, to));
}

int unlink(const char* path) noexcept {
  // A full disk lets files go.
  if (below(path) && control->write_error.load() != ENOSPC && write_fails()) return -1;
  return static_cast<int>(syscall(SYS_unlink, path));
}

// The 64-bit names of the same calls.
int open64(const char* path, int flags, ...) __attribute__((alias("open")));
ssize_t pwrite64(int, const void*, size_t, off64_t) __attribute__((alias("pwrite")));
ssize_t pread64(int, void*, size_t, off64_t) __attribute__((alias("pread")));
int ftruncate64(int, off64_t) noexcept __attribute__((alias("ftruncate")));
int fallocate64(int, int, off64_t, off64_t) __attribute__((alias("fallocate")));

}  // extern "C"
