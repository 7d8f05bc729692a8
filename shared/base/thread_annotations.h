// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <mutex>

// Lock contracts that clang checks at compile time (-Wthread-safety); other compilers ignore them.
#if defined(__clang__)
#define SLUICE_ANNOTATION(x) __attribute__((x))
#else
#define SLUICE_ANNOTATION(x)
#endif
#define CAPABILITY(x) SLUICE_ANNOTATION(capability(x))
#define SCOPED_CAPABILITY SLUICE_ANNOTATION(scoped_lockable)
#define GUARDED_BY(x) SLUICE_ANNOTATION(guarded_by(x))
#define REQUIRES(...) SLUICE_ANNOTATION(requires_capability(__VA_ARGS__))
#define ACQUIRE(...) SLUICE_ANNOTATION(acquire_capability(__VA_ARGS__))
#define RELEASE(...) SLUICE_ANNOTATION(release_capability(__VA_ARGS__))
#define NO_THREAD_SAFETY_ANALYSIS SLUICE_ANNOTATION(no_thread_safety_analysis)

namespace sluice {

/// A mutex that the annotations know (clang cannot see into libstdc++'s std::mutex).
class CAPABILITY("mutex") Mutex {
 public:
  void lock() ACQUIRE() { mutex_.lock(); }
  void unlock() RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace sluice
