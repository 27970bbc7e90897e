// Threads only through here. Work is cut into tasks that depend on the graph alone, never on the thread count, and
// every task writes its own memory: the same bits on any number of threads.
#pragma once
#include <cstdlib>
#include <utility>

#include "weft/abi.h"

namespace weft {

// Pieces of 2^size bytes that a thread keeps for its next tasks, up to this size; null if there is no memory. See native/kept_memory.cc.
constexpr int kMostKept = 17;
void* take_memory(int size) __attribute__((visibility("hidden")));
void give_memory_back(void* memory, int size) __attribute__((visibility("hidden")));

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
  explicit Buffer(int64_t count) : data(nullptr), size_(-1) {
    if (count <= 0 || count >= INT64_MAX / static_cast<int64_t>(sizeof(T)) - 64) return;
    const int64_t bytes = count * sizeof(T);
    const int size = 64 - __builtin_clzll(static_cast<uint64_t>(bytes - 1) | 63);
    if (size <= kMostKept) size_ = size;
    data = static_cast<T*>(size_ < 0 ? aligned_alloc(64, (bytes + 63) / 64 * 64) : take_memory(size_));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (data && size_ >= 0) give_memory_back(data, size_);
    else free(data);
  }
  T& operator[](int64_t at) const { return data[at]; }

  void swap(Buffer& other) {  // never `data` alone, which has to go back to where it came from
    std::swap(data, other.data);
    std::swap(size_, other.size_);
  }

 private:
  int size_;  // of kept memory, as a logarithm, or -1
};

}  // namespace WEFT_ISA
}  // namespace weft
