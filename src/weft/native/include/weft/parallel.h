// Threads only through here. Work is cut into tasks that depend on the graph alone, never on the thread count, and
// every task writes its own memory: the same bits on any number of threads.
#pragma once
#include <cstdlib>
#include <utility>

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

// Small memory that tasks have given back, kept by their thread for its next ones: an allocator locks, and many processes have one arena
// for all threads.
class KeptMemory {
 public:
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  static constexpr int64_t kMost = 0;  // bytes of a piece; a sanitizer has to see each
#else
  static constexpr int64_t kMost = 1 << 17;
#endif

  static int size_class(int64_t bytes) { return 64 - __builtin_clzll(static_cast<uint64_t>(bytes - 1) | 63); }

  void* take(int size) {
    for (void*& piece : pieces_[size])
      if (piece) {
        void* const taken = piece;
        piece = nullptr;
        return taken;
      }
    return aligned_alloc(64, size_t{1} << size);
  }

  void give_back(void* taken, int size) {
    for (void*& piece : pieces_[size])
      if (!piece) {
        piece = taken;
        return;
      }
    free(taken);
  }

  ~KeptMemory() {
    for (auto& of_size : pieces_)
      for (void* piece : of_size) free(piece);
  }

 private:
  void* pieces_[18][4] = {};  // by the logarithm of their size
};

inline KeptMemory& kept_memory() {
  static thread_local KeptMemory memory;
  return memory;
}

// Memory that no exception can come from: test `data` (null only if count > 0 could not be had).
template <class T>
struct Buffer {
  T* data;
  explicit Buffer(int64_t count) : data(nullptr), size_(-1) {
    if (count <= 0 || count >= INT64_MAX / static_cast<int64_t>(sizeof(T)) - 64) return;
    const int64_t bytes = count * sizeof(T);
    if (bytes <= KeptMemory::kMost) size_ = KeptMemory::size_class(bytes);
    data = static_cast<T*>(size_ < 0 ? aligned_alloc(64, (bytes + 63) / 64 * 64) : kept_memory().take(size_));
  }
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer() {
    if (data && size_ >= 0) kept_memory().give_back(data, size_);
    else free(data);
  }
  T& operator[](int64_t at) const { return data[at]; }

  void swap(Buffer& other) {  // never `data` alone, which has to go back to where it came from
    std::swap(data, other.data);
    std::swap(size_, other.size_);
  }

 private:
  int size_;  // class of kept memory, or -1
};

}  // namespace WEFT_ISA
}  // namespace weft
