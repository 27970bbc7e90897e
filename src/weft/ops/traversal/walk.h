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
    for (int64_t v = 0; status == kOk && v < rows_.count; ++v) next_[v] = -1;
    return status;
  }

  bool entered(int64_t v) const { return next_[v] >= 0; }

  // Visits all that can be reached from `root`: enter(v, from) at the first visit, from = -1 at the root; again(v, to) where an edge leads to a
  // node entered before; leave(v, from) behind all its edges.
  template <class Enter, class Again, class Leave>
  int from(int64_t root, const Enter& enter, const Again& again, const Leave& leave) const {
    if (entered(root)) return kOk;
    const auto go = [&](int64_t v, int64_t above) {
      next_[v] = rows_.indptr[v], above_[v] = static_cast<I>(above);
      enter(v, above);
    };
    go(root, -1);
    for (int64_t v = root; v >= 0;) {
      if (next_[v] == rows_.indptr[v + 1]) {
        const int64_t above = static_cast<int64_t>(above_[v]);
        leave(v, above);
        v = above;
        continue;
      }
      const int64_t p = next_[v]++;
      const uint64_t to = rows_.source_at(p);
      if (__builtin_expect(to >= static_cast<uint64_t>(rows_.count), 0))
        return refuse_id("target", rows_.source, p, rows_.count, "nodes");
      if (entered(static_cast<int64_t>(to))) {
        again(v, static_cast<int64_t>(to));
      } else {
        go(static_cast<int64_t>(to), v);
        v = static_cast<int64_t>(to);
      }
    }
    return kOk;
  }

 private:
  const Rows<I> rows_;
  Buffer<int64_t> next_;
  Buffer<I> above_;
};

}  // namespace WEFT_ISA
}  // namespace weft
