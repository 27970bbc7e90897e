// Memory traffic: the row of a source once an edge (E x F, prefetched), its half of the score twice (E x H, from a table of N x H
// that the caches hold), results once (N x F). Nothing of size E is written.
#include "attention_walk.h"

namespace weft {
namespace WEFT_ISA {
namespace {

struct Arguments : Call {
  const int64_t* indptr;
  const void *source, *edge, *z, *left, *right;
  void *out, *lse;
  int64_t num_targets, num_sources, num_edges, heads, width, slope;
};

// The logarithm of the sum of exp(score) of each row and head.
template <class A, class I>
class LogSumExp {
 public:
  LogSumExp(const Rows<I>& rows, int64_t heads, const A* left, const A* right, A slope, A* lse)
      : rows_(rows), heads_(heads), left_(left), right_(right), slope_(slope), lse_(lse), plan_(rows) {}

  int run(int64_t threads) {
    if (plan_.status != kOk) return plan_.status;
    Buffer<A> tops(plan_.pieces * heads_), sums(plan_.pieces * heads_);
    if (plan_.pieces && (!tops.data || !sums.data))
      return fail(kNoMemory, "no memory for %lld partial rows", static_cast<long long>(plan_.pieces));
    if ((rows_.edges + rows_.count) * heads_ < kSerialWork) threads = 1;
    for_rows(rows_, plan_, threads,
             [&](int64_t piece, int64_t lo, int64_t hi) {
               int64_t from, to;
               measure(plan_.row[plan_.piece(piece, &from, &to)], lo, hi, tops.data + piece * heads_, sums.data + piece * heads_);
             },
             [&](int64_t begin, int64_t end) {
               for (int64_t row = begin; row < end; ++row) measure(row, rows_.indptr[row], rows_.indptr[row + 1], nullptr, nullptr);
             });
    if (fault_.any()) return rows_.explain(fault_.position);
    for (int64_t hub = 0; hub < plan_.hubs; ++hub)
      for (int64_t h = 0; h < heads_; ++h) {
        A top = -__builtin_inf(), sum = 0;
        for (int64_t p = plan_.first[hub]; p < plan_.first[hub + 1]; ++p) top = tops[p * heads_ + h] > top ? tops[p * heads_ + h] : top;
        for (int64_t p = plan_.first[hub]; p < plan_.first[hub + 1]; ++p)
          sum += sums[p * heads_ + h] * vexp<A, 1>(tops[p * heads_ + h] - origin<1>(top));
        lse_[plan_.row[hub] * heads_ + h] = top + log(sum);
      }
    return kOk;
  }

 private:
  const Rows<I>& rows_;
  const int64_t heads_;
  const A *left_, *right_, slope_;
  A* lse_;
  const Plan plan_;
  FirstFault fault_;

  // Scores that are all -inf have nothing to be measured from; exp of each is 0.
  template <int N>
  static WEFT_INLINE_MEMBER Vec<A, N> origin(Vec<A, N> top) {
    return top == splat<A, N>(-__builtin_inf()) ? Vec<A, N>{} : top;
  }

  static float log(float v) { return __builtin_logf(v); }
  static double log(double v) { return __builtin_log(v); }

  // Of positions lo .. hi: highest scores and sums to `tops` and `sums`, or their logarithm to the row where these are null.
  void measure(int64_t row, int64_t lo, int64_t hi, A* tops, A* sums) {
    for (int64_t p = lo; p < hi; ++p)
      if (__builtin_expect(!rows_.source_fits(p), 0)) return fault_.note(p);
    with_lanes<A>(heads_, [&](auto n) {
      constexpr int N = decltype(n)::count;
      for (int64_t k = 0;; k = smaller(k + N, heads_ - N)) {
        const Vec<A, N> right = load<N>(right_ + row * heads_ + k);
        const auto score = [&](int64_t p) {
          const uint64_t id = rows_.source_fits(p) ? rows_.source_at(p) : 0;
          return Score<A, N>(load<N>(left_ + id * heads_ + k), right, slope_).value;
        };
        Vec<A, N> top = splat<A, N>(-__builtin_inf()), sum = {};
        for (int64_t p = lo; p < hi; ++p) {
          if (const int64_t next = p + kNearScores; next < rows_.edges && rows_.source_fits(next))
            fetch_near(left_ + rows_.source_at(next) * heads_ + k, N * sizeof(A));
          const Vec<A, N> s = score(p);
          top = s > top ? s : top;
        }
        const Vec<A, N> from = origin<N>(top);
        for (int64_t p = lo; p < hi; ++p) sum += vexp<A, N>(score(p) - from);
        if (tops) {
          store<N, A>(tops + k, top);
          store<N, A>(sums + k, sum);
        } else {
          A each[2][N];
          store<N, A>(each[0], top);
          store<N, A>(each[1], sum);
          for (int l = 0; l < N; ++l) lse_[row * heads_ + k + l] = lo == hi ? A(0) : each[0][l] + log(each[1][l]);
        }
        if (k + N >= heads_) return;
      }
    });
  }
};

template <class T>
struct Forward {
  using A = Acc<T>;
  static constexpr int kSums = 1, kTables = 1, kOwn = 2;
  const A *left, *right, *lse;
  int64_t heads, features;
  A slope;
  T* out;

  const A* gathered(int, int64_t id) const { return left + id * heads; }
  const A* own(int t, int64_t row) const { return (t == 0 ? right : lse) + row * heads; }

  template <int N>
  WEFT_INLINE_MEMBER void weigh(const Vec<A, N> (&read)[3], Vec<A, N> (&weights)[2]) const {
    weights[0] = vexp<A, N>(Score<A, N>(read[0], read[1], slope).value - read[2]);
    weights[1] = Vec<A, N>{};
  }

  void finish(int64_t row, const A* sums, const A*) const {
    for (int64_t k = 0; k < features; ++k) out[row * features + k] = narrow<T>(sums[k]);
  }
};

template <class T, class I>
int attend(const Arguments& a) {
  using A = Acc<T>;
  const Rows<I> rows{a.indptr, static_cast<const I*>(a.source), nullptr, a.num_targets, a.num_sources, a.num_edges};
  const int64_t features = a.heads * a.width;
  const A slope = static_cast<A>(bit_cast<double>(a.slope));
  const Widened<T> left(a.left, a.num_sources * a.heads), right(a.right, a.num_targets * a.heads);
  if (!left.has_memory(a.num_sources) || !right.has_memory(a.num_targets)) return fail(kNoMemory, "no memory for the scores of nodes");
  use_large_pages(a.out, a.num_targets * features * sizeof(T));
  A* lse = static_cast<A*>(a.lse);
  Buffer<A> unwanted(lse ? 0 : a.num_targets * a.heads);
  if (!lse) lse = unwanted.data;
  if (!lse) return fail(kNoMemory, "no memory for the sums of %lld rows", static_cast<long long>(a.num_targets));
  const int status = LogSumExp<A, I>(rows, a.heads, left.data, right.data, slope, lse).run(a.threads);
  if (status != kOk) return status;
  const Forward<T> pass{left.data, right.data, lse, a.heads, features, slope, static_cast<T*>(a.out)};
  return AttentionWalk<T, I, Forward<T>>(rows, a.heads, a.width, static_cast<const T*>(a.z), pass).run(a.threads);
}

}  // namespace
}  // namespace WEFT_ISA
}  // namespace weft

WEFT_KERNEL(gat_attention, "indptr source edge z left right out lse num_targets num_sources num_edges heads width slope") {
  using namespace weft;
  const auto& a = *static_cast<const WEFT_ISA::Arguments*>(arguments);
  if (a.num_targets * a.heads == 0) return kOk;
  return WEFT_ISA::with_types(a, [&](auto value, auto id) { return WEFT_ISA::attend<decltype(value), decltype(id)>(a); });
}
