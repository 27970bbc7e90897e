// Threads only through here. Work is cut into tasks that depend on the graph alone, never on the thread count, and
// every task writes its own memory: the same bits on any number of threads.
#pragma once
#include <cstdlib>

#include "weft/abi.h"

namespace weft {
namespace WEFT_ISA {

template <class Task>
WEFT_INLINE void parallel_tasks(int64_t count, int64_t threads, const Task& task) {
  if (threads <= 1 || count <= 1) {
    for (int64_t t = 0; t < count; ++t) task(t);
    return;
  }
#pragma omp parallel for schedule(dynamic, 1) num_threads(static_cast<int>(threads))
  for (int64_t t = 0; t < count; ++t) task(t);
}

// Tasks of `grain` consecutive items: task(first, last).
template <class Task>
WEFT_INLINE void parallel_ranges(int64_t count, int64_t grain, int64_t threads, const Task& task) {
  parallel_tasks((count + grain - 1) / grain, threads, [&](int64_t t) {
    const int64_t last = (t + 1) * grain;
    task(t * grain, last < count ? last : count);
  });
}

// What went wrong in tasks: the smallest position with a wrong id, whatever the schedule, and whether memory ran out.
struct Faults {
  static constexpr int64_t kNone = INT64_MAX;
  int64_t position = kNone;
  bool starved = false;
  void note(int64_t at) {
    int64_t seen = __atomic_load_n(&position, __ATOMIC_RELAXED);
    while (at < seen && !__atomic_compare_exchange_n(&position, &seen, at, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  }
  void starve() { __atomic_store_n(&starved, true, __ATOMIC_RELAXED); }
  bool any() const { return position != kNone; }
};

// Memory that no exception can come from: test `data` (null only if count > 0 could not be had).
template <class T>
struct Buffer {
  T* data;
  explicit Buffer(int64_t count) : data(nullptr) {
    if (count > 0 && count < INT64_MAX / static_cast<int64_t>(sizeof(T)) - 64)
      data = static_cast<T*>(aligned_alloc(64, (count * sizeof(T) + 63) / 64 * 64));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() { free(data); }
  T& operator[](int64_t at) const { return data[at]; }
};

}  // namespace WEFT_ISA
}  // namespace weft
