// A walk in depth along rows, without recursion: what comes next of each node, and the node that it was entered from.
#pragma once
#include "../coo_to_csc/counting.h"

namespace weft {
namespace WEFT_ISA {

template <class I>
class Walk {
 public:
  // Row i lists where the edges of node i lead.
  explicit Walk(const Rows<I>& rows) : rows_(rows), next_(rows.count), above_(rows.count) {}

  int begin() const {
    int status = Plan(rows_).status;
    if (status == kOk) status = check_width<I>(rows_.count, "nodes");
    if (status == kOk && rows_.count && (!next_.data || !above_.data))
      status = fail(kNoMemory, "no memory for %lld nodes", static_cast<long long>(rows_.count));
    return status;
  }

  // Visits all that can be reached from `root`, which is new: enter(v, from) at the first visit, after which is_new(v) has to be false, from = -1
  // at the root; again(v, to) where an edge leads to a node that is not new; leave(v, from) behind all edges of v.
  template <class IsNew, class Enter, class Again, class Leave>
  int from(int64_t root, const IsNew& is_new, const Enter& enter, const Again& again, const Leave& leave) const {
    go(root, -1, enter);
    for (int64_t v = root; v >= 0;) {
      const int64_t end = rows_.indptr[v + 1];
      int64_t p = next_[v], found = -1;
      for (; p < end && found < 0; ++p) {
        const uint64_t to = rows_.source_at(p);
        if (__builtin_expect(to >= static_cast<uint64_t>(rows_.count), 0)) return refuse_id("target", rows_.source, p, rows_.count, "nodes");
        if (is_new(static_cast<int64_t>(to))) found = static_cast<int64_t>(to);
        else again(v, static_cast<int64_t>(to));
      }
      if (found >= 0) {
        next_[v] = p;
        go(found, v, enter);
        v = found;
      } else {
        const int64_t above = static_cast<int64_t>(above_[v]);
        leave(v, above);
        v = above;
      }
    }
    return kOk;
  }

 private:
  template <class Enter>
  void go(int64_t v, int64_t above, const Enter& enter) const {
    next_[v] = rows_.indptr[v], above_[v] = static_cast<I>(above);
    enter(v, above);
  }

  const Rows<I> rows_;
  Buffer<int64_t> next_;
  Buffer<I> above_;
};

}  // namespace WEFT_ISA
}  // namespace weft
