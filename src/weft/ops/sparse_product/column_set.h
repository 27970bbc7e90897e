// Which columns a row has: bits with two levels of summaries above them, so that columns come out sorted and counted
// without a sort, and each bit knows its rank. 16 bytes serve 64 columns: the set of a million columns stays in the
// second cache level, where a dense accumulator or a table of keys would not, and sums lie side by side at their ranks.
#pragma once
#include <cstring>
#include <new>

#include "weft/rows.h"

namespace weft {
namespace WEFT_ISA {

class ColumnSet {
 public:
  explicit ColumnSet(int64_t columns)
      : uppers_(columns / 262144 + (columns % 262144 != 0)), words_(uppers_ << 12), lower_(uppers_ << 6), upper_(uppers_) {
    if (uppers_ == 0 || !ready()) return;
    memset(words_.data, 0, (uppers_ << 12) * sizeof(Word));
    memset(lower_.data, 0, (uppers_ << 6) * sizeof(uint64_t));
    memset(upper_.data, 0, uppers_ * sizeof(uint64_t));
  }

  bool ready() const { return uppers_ == 0 || (words_.data && lower_.data && upper_.data); }

  WEFT_INLINE_MEMBER void add(uint64_t column) {
    uint64_t& bits = words_[column >> 6].bits;
    if (!bits) {
      uint64_t& lower = lower_[column >> 12];
      if (!lower) upper_[column >> 18] |= uint64_t{1} << (column >> 12 & 63);
      lower |= uint64_t{1} << (column >> 6 & 63);
    }
    bits |= uint64_t{1} << (column & 63);
  }

  // The column's bit and all below it, at the upper end of a word: negative if the set has the column.
  WEFT_INLINE_MEMBER int64_t upto(uint64_t column) const { return static_cast<int64_t>(words_[column >> 6].bits << (~column & 63)); }

  WEFT_INLINE_MEMBER bool has(uint64_t column) const { return upto(column) < 0; }

  // How many smaller columns the set has; for columns that it has, between rank() or list() and the next change.
  WEFT_INLINE_MEMBER uint64_t slot(uint64_t column) const {
    return words_[column >> 6].before + __builtin_popcountll(static_cast<uint64_t>(upto(column))) - 1;
  }

  // Numbers the columns in ascending order; returns how many there are.
  int64_t rank() {
    int64_t count = 0;
    for_words([&](uint64_t, Word& word) {
      word.before = count;
      count += __builtin_popcountll(word.bits);
    });
    return count;
  }

  // The same, and writes them, none beyond `room`.
  template <class I>
  WEFT_INLINE_MEMBER int64_t list(I* columns, int64_t room) {
    int64_t count = 0;
    for_words([&](uint64_t at, Word& word) {
      word.before = count;
      for (uint64_t bits = word.bits; bits; bits &= bits - 1, ++count)
        if (count < room) columns[count] = static_cast<I>(at << 6 | __builtin_ctzll(bits));
    });
    return count;
  }

  // Empties the set; returns how many columns it had.
  int64_t clear() {
    int64_t count = 0;
    for_words([&](uint64_t, Word& word) {
      count += __builtin_popcountll(word.bits);
      word.bits = 0;
    });
    for (int64_t u = 0; u < uppers_; ++u) {
      for (uint64_t bits = upper_[u]; bits; bits &= bits - 1) lower_[u << 6 | __builtin_ctzll(bits)] = 0;
      upper_[u] = 0;
    }
    return count;
  }

 private:
  struct Word {
    uint64_t bits;
    int64_t before;
  };

  template <class Visit>
  WEFT_INLINE_MEMBER void for_words(const Visit& visit) {
    for (int64_t u = 0; u < uppers_; ++u)
      for (uint64_t upper = upper_[u]; upper; upper &= upper - 1) {
        const uint64_t l = u << 6 | __builtin_ctzll(upper);
        for (uint64_t lower = lower_[l]; lower; lower &= lower - 1) {
          const uint64_t w = l << 6 | __builtin_ctzll(lower);
          visit(w, words_[w]);
        }
      }
  }

  int64_t uppers_;
  Buffer<Word> words_;
  Buffer<uint64_t> lower_, upper_;
};

// What a task works with: a set, and sums for the longest row. As many as threads, lent to one task after another; what
// a task computes does not depend on the one it gets.
template <class A>
class Desks {
 public:
  struct Desk {
    ColumnSet set;
    Buffer<A> sums;
    bool taken = false;
    Desk(int64_t columns, int64_t longest) : set(columns), sums(longest) {}
  };

  Desks(int64_t count, int64_t columns, int64_t longest) : ready_(true), made_(0), desks_(count) {
    ready_ = desks_.data != nullptr;
    while (ready_ && made_ < count) {
      const Desk* desk = new (static_cast<void*>(desks_.data + made_++)) Desk(columns, longest);
      ready_ = desk->set.ready() && (longest == 0 || desk->sums.data);
    }
  }
  ~Desks() {
    for (int64_t i = 0; i < made_; ++i) desks_[i].~Desk();
  }
  bool ready() const { return ready_; }

  Desk& take() {
    for (;;)
      for (int64_t i = 0; i < made_; ++i)
        if (!__atomic_test_and_set(&desks_[i].taken, __ATOMIC_ACQUIRE)) return desks_[i];
  }
  void give_back(Desk& desk) { __atomic_clear(&desk.taken, __ATOMIC_RELEASE); }

 private:
  bool ready_;
  int64_t made_;
  Buffer<Desk> desks_;
};

}  // namespace WEFT_ISA
}  // namespace weft
