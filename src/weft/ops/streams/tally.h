// How often each label occurs around a node: a counter for every label there is, and the labels met, so that clearing costs what counting did.
#pragma once
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {

template <class I>
class Tally {
 public:
  explicit Tally(int64_t labels) : count_(labels), met_(labels) {
    if (!starved(labels))
      for (int64_t l = 0; l < labels; ++l) count_[l] = 0;
  }

  bool starved(int64_t labels) const { return labels && (!count_.data || !met_.data); }

  void add(I label) {
    if (count_[label]++ == 0) met_[num_met_++] = label;
  }

  // Calls on(label, count) for each label that was met, and forgets them.
  template <class On>
  void take(const On& on) {
    for (int64_t i = 0; i < num_met_; ++i) {
      const I label = met_[i];
      on(label, count_[label]);
      count_[label] = 0;
    }
    num_met_ = 0;
  }

 private:
  Buffer<int32_t> count_;
  Buffer<I> met_;
  int64_t num_met_ = 0;
};

}  // namespace WEFT_ISA
}  // namespace weft
