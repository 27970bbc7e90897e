// What the library says about itself: version, instruction sets of this machine, the text of the last error.
#include <omp.h>

#include <cstdarg>
#include <cstdio>

#include "weft/abi.h"

#if defined(__linux__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

namespace weft {

static thread_local char last_error[512];

int fail(int status, const char* format, ...) {
  va_list values;
  va_start(values, format);
  vsnprintf(last_error, sizeof last_error, format, values);
  va_end(values);
  return status;
}

void use_large_pages(void* data, int64_t bytes) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  constexpr uintptr_t kPage = 4096;
  if (bytes < int64_t{4} << 20) return;
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(data) + kPage - 1) / kPage * kPage;
  const uintptr_t end = (reinterpret_cast<uintptr_t>(data) + bytes) / kPage * kPage;
  madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
#else
  (void)data;
  (void)bytes;
#endif
}

// Asked when the library is loaded: asking takes longer than a small call.
#if defined(_SC_LEVEL3_CACHE_SIZE)
static const int64_t last_cache_bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
#else
static const int64_t last_cache_bytes = 0;
#endif

int64_t near_bytes() {
  const int64_t near = last_cache_bytes / 4;
  return 0 < near && near < kMostNear ? near : kMostNear;
}

}  // namespace weft

WEFT_EXPORT const char* weft_version() { return WEFT_VERSION; }

WEFT_EXPORT const char* weft_last_error() { return weft::last_error; }

// Lets regions that this thread opens, torch's among them, have so many threads; gives back how many they had.
WEFT_EXPORT int64_t weft_use_threads(int64_t count) {
  const int64_t before = omp_get_max_threads();
  omp_set_num_threads(static_cast<int>(count));
  return before;
}

// Lets malloc serve every size from its heap and return none of it to the system; 0 where malloc is not glibc's.
WEFT_EXPORT int weft_keep_freed_memory() {
#if defined(__GLIBC__)
  return mallopt(M_MMAP_MAX, 0) && mallopt(M_TRIM_THRESHOLD, -1);
#else
  return 0;
#endif
}

// The best instruction set of this machine that the library was built for.
WEFT_EXPORT int64_t weft_best_isa() {
#ifdef WEFT_HAVE_X86
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  return avx512 ? weft::kAvx512 : avx2 ? weft::kAvx2 : weft::kBaseline;
#else
  return weft::kBaseline;
#endif
}
