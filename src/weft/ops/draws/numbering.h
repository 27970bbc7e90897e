// Nodes numbered in the order in which a sequence first names them. The sequence is cut into pieces and the nodes into parts: a part
// is looked up in a table of its own, which fits the caches, by one thread that meets its nodes in their order.
#pragma once
#include "drawing.h"

namespace weft {
namespace WEFT_ISA {

constexpr int kParts = 16;

// A piece of the sequence: the nodes that it names; the same and their places, one part behind the other; and which node of its part stands
// at each place, -1 - that where it is named first.
struct Piece {
  Grow<uint64_t> keys, divided;
  Grow<int32_t> places, which;
  int64_t part[kParts + 1] = {}, fresh[kParts] = {}, base = 0, first_number = 0;

  static uint64_t mixed(uint64_t key) {
    key *= 0x9E3779B97F4A7C15;
    return key ^ key >> 29;
  }

  static int part_of(uint64_t key) { return static_cast<int>(mixed(key) % kParts); }

  bool divide() {
    int64_t next[kParts] = {};
    const int64_t count = keys.count;
    if (!keys.ok || !divided.reserve(count) || !places.reserve(count) || !which.reserve(count)) return false;
    for (int64_t i = 0; i < count; ++i) ++next[part_of(keys[i])];
    for (int q = 0; q < kParts; ++q) {
      part[q + 1] = part[q] + next[q];
      next[q] = part[q];
    }
    const uint64_t* const from = keys.data;
    uint64_t* const to = divided.data;
    int32_t* const place = places.data;
    for (int64_t i = 0; i < count; ++i) {
      const int64_t at = next[part_of(from[i])]++;
      to[at] = from[i];
      place[at] = static_cast<int32_t>(i);
    }
    return true;
  }
};

// The nodes of one part, in the order in which they are met, with their numbers. A round makes all entries of the rounds before it
// old, so that nothing has to be cleared.
class Table {
 public:
  static constexpr int32_t kNone = INT32_MIN;  // without memory
  Grow<int32_t> number;

  Table() = default;
  Table(const Table&) = delete;
  Table& operator=(const Table&) = delete;
  ~Table() { free(entries_); }

  void begin() {
    number.count = 0;
    if (++round_ == 0) {  // it wrapped: entries of the first rounds would look new
      for (int64_t i = 0; i < room_; ++i) entries_[i].round = 0;
      round_ = 1;
    }
  }

  // Which node of the part a key is, -1 - that if it was not met before.
  int32_t find(uint64_t key) {
    if (2 * (number.count + 1) > room_ && !grow()) return kNone;
    int64_t slot = place(key);
    while (entries_[slot].round == round_) {
      if (entries_[slot].key == key) return entries_[slot].which;
      slot = (slot + 1) & (room_ - 1);
    }
    const auto which = static_cast<int32_t>(number.count);
    entries_[slot] = {key, round_, which};
    number.push(0);
    return number.ok ? -1 - which : kNone;
  }

  // Which node of the part a key is, -1 if it was not met.
  int32_t met(uint64_t key) const {
    if (!room_) return -1;
    for (int64_t slot = place(key); entries_[slot].round == round_; slot = (slot + 1) & (room_ - 1))
      if (entries_[slot].key == key) return entries_[slot].which;
    return -1;
  }

  void fetch(uint64_t key) const {
    if (room_) __builtin_prefetch(entries_ + place(key), 1, 3);
  }

 private:
  struct Entry {
    uint64_t key;
    uint32_t round;
    int32_t which;
  };
  Entry* entries_ = nullptr;
  int64_t room_ = 0;
  uint32_t round_ = 0;
  [[maybe_unused]] char apart_[128];  // threads that write to neighbouring tables share no cache line

  int64_t place(uint64_t key) const { return static_cast<int64_t>(Piece::mixed(key) >> 8 & static_cast<uint64_t>(room_ - 1)); }

  bool grow() {
    const int64_t before = room_;
    Entry *old = entries_, *made = static_cast<Entry*>(calloc(larger(256, 2 * before), sizeof(Entry)));
    if (!made) return false;
    entries_ = made, room_ = larger(256, 2 * before);
    for (int64_t i = 0; i < before; ++i) {
      if (old[i].round != round_) continue;
      int64_t slot = place(old[i].key);
      while (made[slot].round == round_) slot = (slot + 1) & (room_ - 1);
      made[slot] = old[i];
    }
    free(old);
    return true;
  }
};

// The nodes of one type that were named so far, in their order.
struct Nodes {
  Table tables[kParts];
  Grow<uint64_t> keys;

  void begin() {
    keys.count = 0;
    for (Table& table : tables) table.begin();
  }

  // The number of a node, -1 if it was not met.
  int32_t number(uint64_t key) const {
    const Table& table = tables[Piece::part_of(key)];
    const int32_t which = table.met(key);
    return which < 0 ? -1 : table.number[which];
  }

  // Looks up the nodes of part q that a piece names.
  bool look_up(int q, Piece& piece) {
    constexpr int64_t kAhead = 40;
    Table& table = tables[q];
    const int64_t end = piece.part[q + 1], before = table.number.count;
    const uint64_t* const keys = piece.divided.data;
    for (int64_t i = piece.part[q]; i < end; ++i) {
      if (i + kAhead < end) table.fetch(keys[i + kAhead]);
      const int32_t which = table.find(keys[i]);
      if (which == Table::kNone) return false;
      piece.which[piece.places[i]] = which;
    }
    piece.fresh[q] = table.number.count - before;
    return true;
  }

  // Lists and numbers the nodes that a piece names first, in its order. Whether a place names one first is anybody's guess, so nothing
  // branches on it.
  void list(const Piece& piece) {
    int64_t next = piece.first_number;
    uint64_t spare_key;
    int32_t spare_number;
    for (int64_t i = 0; i < piece.keys.count; ++i) {
      const uint64_t key = piece.keys[i];
      const int32_t which = piece.which[i];
      const bool is_first = which < 0;
      uint64_t* const to = is_first ? keys.data + next : &spare_key;
      int32_t* const number = is_first ? tables[Piece::part_of(key)].number.data + (-1 - which) : &spare_number;
      *to = key;
      *number = static_cast<int32_t>(next);
      next += is_first;
    }
  }

  void write(const Piece& piece, int32_t* numbers) const {
    for (int64_t i = 0; i < piece.keys.count; ++i) {
      const int32_t which = piece.which[i];
      numbers[piece.base + i] = tables[Piece::part_of(piece.keys[i])].number[which < 0 ? -1 - which : which];
    }
  }
};

}  // namespace WEFT_ISA
}  // namespace weft
