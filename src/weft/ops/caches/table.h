// A table from ids to small numbers that forgets ids again: open addressing, in which a removal closes the gap that it leaves.
#pragma once
#include <cstring>

#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

class IdTable {
 public:
  static constexpr int32_t kNone = -1;

  IdTable() = default;
  IdTable(const IdTable&) = delete;
  IdTable& operator=(const IdTable&) = delete;
  ~IdTable() { free(entries_); }

  // Room for so many ids; what is in the table stays.
  bool reserve(int64_t ids) {
    int64_t room = 16;
    while (room < 2 * ids) room *= 2;
    if (room <= room_) return true;
    auto* made = static_cast<Entry*>(malloc(room * sizeof(Entry)));
    if (!made) return false;
    Entry* old = entries_;
    const int64_t before = room_;
    entries_ = made, room_ = room;
    empty();
    for (int64_t i = 0; i < before; ++i)
      if (old[i].number != kNone) put(old[i]);
    free(old);
    return true;
  }

  void clear() {
    if (count_) empty();
    count_ = 0;
  }

  void fetch(int64_t id) const {
    if (room_) __builtin_prefetch(entries_ + place(id), 1, 3);
  }

  int32_t find(int64_t id) const {
    if (!room_) return kNone;
    for (int64_t at = place(id); entries_[at].number != kNone; at = after(at))
      if (entries_[at].id == id) return entries_[at].number;
    return kNone;
  }

  // Of an id that is not there; false without memory.
  bool insert(int64_t id, int32_t number) {
    if (!reserve(count_ + 1)) return false;
    put({id, number});
    ++count_;
    return true;
  }

  void erase(int64_t id) {
    if (!room_) return;
    int64_t at = place(id);
    while (entries_[at].number != kNone && entries_[at].id != id) at = after(at);
    if (entries_[at].number == kNone) return;
    --count_;
    // What stands behind moves up, unless it would come before the place where its search begins.
    for (int64_t gap = at, next = after(at);; next = after(next)) {
      if (entries_[next].number == kNone) {
        entries_[gap].number = kNone;
        return;
      }
      const int64_t from_home = (next - place(entries_[next].id)) & (room_ - 1), from_gap = (next - gap) & (room_ - 1);
      if (from_home >= from_gap) {
        entries_[gap] = entries_[next];
        gap = next;
      }
    }
  }

 private:
  struct Entry {
    int64_t id;
    int32_t number;
  };
  Entry* entries_ = nullptr;
  int64_t room_ = 0, count_ = 0;

  int64_t after(int64_t at) const { return (at + 1) & (room_ - 1); }

  int64_t place(int64_t id) const {
    const uint64_t mixed = static_cast<uint64_t>(id) * 0x9E3779B97F4A7C15;
    return static_cast<int64_t>((mixed ^ mixed >> 29) & static_cast<uint64_t>(room_ - 1));
  }

  void empty() {
    for (int64_t i = 0; i < room_; ++i) entries_[i] = {0, kNone};
  }

  void put(const Entry& entry) {
    int64_t at = place(entry.id);
    while (entries_[at].number != kNone) at = after(at);
    entries_[at] = entry;
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
