// Small memory that tasks have given back, kept by their thread for its next ones: an allocator locks, and many processes have one arena
// for all threads.
#include "weft/parallel.h"

#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // a sanitizer has to see each piece
// A thread_local with a destructor would do the same, but brings an unwinder along that asks for a newer glibc.
extern "C" int __cxa_thread_atexit_impl(void (*)(void*), void*, void*);
extern "C" void* __dso_handle;

namespace weft {
namespace {

struct Kept {
  void* pieces[kMostKept + 1][4];  // by the logarithm of their size
  bool lasts;                      // until the thread ends
};
thread_local Kept kept;

void free_kept(void*) {
  kept.lasts = false;
  for (auto& of_size : kept.pieces)
    for (void*& piece : of_size) {
      free(piece);
      piece = nullptr;
    }
}

}  // namespace

void* take_memory(int size) {
  if (!kept.lasts) kept.lasts = __cxa_thread_atexit_impl(free_kept, nullptr, &__dso_handle) == 0;
  for (void*& piece : kept.pieces[size])
    if (piece) {
      void* const taken = piece;
      piece = nullptr;
      return taken;
    }
  return aligned_alloc(64, size_t{1} << size);
}

void give_memory_back(void* memory, int size) {
  if (kept.lasts)
    for (void*& piece : kept.pieces[size])
      if (!piece) {
        piece = memory;
        return;
      }
  free(memory);
}

}  // namespace weft

#else

namespace weft {

void* take_memory(int size) { return aligned_alloc(64, size_t{1} << size); }
void give_memory_back(void* memory, int) { free(memory); }

}  // namespace weft
#endif
