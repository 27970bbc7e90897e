// Memory that grows, and is used again: plain data in `Grow`, objects that stay where they are in `Pool`.
#pragma once
#include <new>

#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

// An array that grows and keeps its memory; `ok` turns false, and stays so, if there is none.
template <class T>
struct Grow {
  T* data = nullptr;
  int64_t count = 0, room = 0;
  bool ok = true;
  Grow() = default;
  Grow(const Grow&) = delete;
  Grow& operator=(const Grow&) = delete;
  ~Grow() { free(data); }

  bool reserve(int64_t wanted) {
    if (wanted <= room) return ok;
    const int64_t size = larger(wanted, larger(64, room + room / 2));
    T* made = size < INT64_MAX / static_cast<int64_t>(sizeof(T)) ? static_cast<T*>(realloc(static_cast<void*>(data), size * sizeof(T))) : nullptr;
    if (!made) return ok = false;
    data = made, room = size;
    return ok;
  }
  void push(const T& value) {
    if (count == room && !reserve(count + 1)) return;
    data[count++] = value;
  }
  T& operator[](int64_t at) const { return data[at]; }
};

// An array of things that are no plain data, which stay where they are and are used again.
template <class T>
struct Pool {
  T** data = nullptr;
  int64_t count = 0, room = 0;
  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (int64_t i = 0; i < room; ++i) {
      if (data[i]) data[i]->~T();
      free(data[i]);
    }
    free(data);
  }
  bool resize(int64_t wanted) {
    if (wanted > room) {
      T** made = static_cast<T**>(realloc(data, wanted * sizeof(T*)));
      if (!made) return false;
      data = made;
      for (; room < wanted; ++room) {
        void* place = malloc(sizeof(T));
        data[room] = place ? new (place) T() : nullptr;
        if (!place) return false;
      }
    }
    count = wanted;
    return true;
  }
  T& operator[](int64_t at) const { return *data[at]; }
};

}  // namespace WEFT_ISA
}  // namespace weft
