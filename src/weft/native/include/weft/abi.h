// The C ABI: one exported function an operator, one packed struct of 8-byte fields an argument list.
// Every kernel file is compiled once per instruction set into its own namespace (WEFT_ISA); the baseline build of the file
// also defines the exported function, which forwards to the build that the caller asks for.
#pragma once
#include <cstdint>

#ifndef WEFT_ISA
#define WEFT_ISA baseline
#define WEFT_IS_BASELINE 1
#endif

#define WEFT_PASTE_(a, b, c) a##_##b##_##c
#define WEFT_PASTE(a, b, c) WEFT_PASTE_(a, b, c)
#define WEFT_EXPORT extern "C" __attribute__((visibility("default")))
#define WEFT_INLINE static inline __attribute__((always_inline))
#define WEFT_INLINE_MEMBER inline __attribute__((always_inline))
#define WEFT_OUTLINE __attribute__((noinline))  // steps of many edges, which g++ would copy to every caller

namespace weft {

enum Status : int { kOk = 0, kBadId = -1, kBadPointer = -2, kNoMemory = -3, kBadDtype = -4 };
enum Dtype : int64_t { kF32 = 0, kF64 = 1, kBF16 = 2, kF16 = 3, kI32 = 4, kI64 = 5 };
enum Isa : int64_t { kBaseline = 0, kAvx2 = 1, kAvx512 = 2 };

// The first fields of every argument struct.
struct Call {
  int64_t isa, threads, dtype, ids;
};

// Formats the text that weft_last_error() returns on this thread; defined once, in native/library.cc.
int fail(int status, const char* format, ...) __attribute__((format(printf, 2, 3), visibility("hidden")));

// Asks for large pages under an output that is about to be written for the first time: taking a fresh page from the system
// costs more than filling it. A hint; nothing depends on it.
void use_large_pages(void* data, int64_t bytes) __attribute__((visibility("hidden")));

// How large a table may be to stay in the last cache level, a quarter of it, since other cores and programs share it, and at most this.
constexpr int64_t kMostNear = int64_t{32} << 20;
int64_t near_bytes() __attribute__((visibility("hidden")));

}  // namespace weft

#ifdef WEFT_HAVE_X86
#define WEFT_FORWARD(name)                                                   \
  extern "C" int weft_##name##_avx2(const void*);                            \
  extern "C" int weft_##name##_avx512(const void*);                          \
  WEFT_EXPORT int weft_##name(const void* arguments) {                       \
    const int64_t isa = static_cast<const weft::Call*>(arguments)->isa;      \
    if (isa == weft::kAvx512) return weft_##name##_avx512(arguments);        \
    if (isa == weft::kAvx2) return weft_##name##_avx2(arguments);            \
    return weft_##name##_baseline(arguments);                                \
  }
#else
#define WEFT_FORWARD(name) \
  WEFT_EXPORT int weft_##name(const void* arguments) { return weft_##name##_baseline(arguments); }
#endif

// WEFT_KERNEL(spmm, "x out ...") { body over `arguments` } defines this build's kernel; the layout string names the fields
// in order and is compared with what Python packs when the kernel is first used.
#define WEFT_KERNEL(name, layout) WEFT_KERNEL_(name, layout)
#ifdef WEFT_IS_BASELINE
#define WEFT_KERNEL_(name, layout)                                              \
  extern "C" int weft_##name##_baseline(const void*);                           \
  WEFT_EXPORT const char weft_##name##_layout[] = "isa threads dtype ids " layout; \
  WEFT_FORWARD(name)                                                            \
  extern "C" int weft_##name##_baseline(const void* arguments)
#else
#define WEFT_KERNEL_(name, layout) \
  extern "C" int WEFT_PASTE(weft, name, WEFT_ISA)(const void*); \
  extern "C" int WEFT_PASTE(weft, name, WEFT_ISA)(const void* arguments)
#endif
